using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Decoding;

/// <summary>A file of answers that a script's decoding left, to be looked at.</summary>
/// <param name="Parts">What decided the answers, by name.</param>
/// <param name="Answers">The answers, in the order in which they came.</param>
public sealed record KeptAnswers(IReadOnlyDictionary<string, string> Parts, IReadOnlyList<Answer> Answers)
{
    private sealed record Header(string Key, Dictionary<string, string> Parts);

    private sealed record Line(string Id, Answer Value);

    /// <summary>Reads a file as far as it can be read; of one that is none of these, nothing.</summary>
    /// <param name="path">The file.</param>
    public static KeptAnswers Read(string path)
    {
        var (parts, answers) = (new Dictionary<string, string>(), new List<Answer>());
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            if (reader.ReadLine() is { } header) parts = JsonSerializer.Deserialize<Header>(header, StoreJson.Options)!.Parts;
            while (reader.ReadLine() is { } line) answers.Add(JsonSerializer.Deserialize<Line>(line, StoreJson.Options)!.Value);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return new(parts, answers);
        }
        return new(parts, answers);
    }
}
