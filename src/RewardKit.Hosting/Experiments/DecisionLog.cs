using System.Text.Json;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Hosting.Experiments;

/// <summary>What became of an example that an augmenter judged, as the run's folder has it.</summary>
/// <param name="Id">The id of the example as it came in.</param>
/// <param name="Source">The dataset or file that it comes from.</param>
/// <param name="Record">Its place there, from 1.</param>
/// <param name="Action">What was done: <c>keep</c>, <c>swap</c>, <c>drop</c>.</param>
/// <param name="Category">Why.</param>
/// <param name="Votes">What was said of it.</param>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Chosen">The chosen response as it goes on; of a dropped example, as it came in.</param>
/// <param name="Rejected">The rejected response, likewise.</param>
public sealed record Decision(
    string Id, string Source, long Record, string Action, string Category, IReadOnlyList<string> Votes,
    Conversation Prompt, Conversation Chosen, Conversation Rejected);

/// <summary>Keeps what augmenters decide in a run's folder, a line an example; there is no file where nothing was.</summary>
/// <param name="folder">The run's folder; null: nothing is kept.</param>
public sealed class DecisionLog(string? folder) : IDisposable
{
    private const string Name = "decisions.jsonl";
    private FileStream? _file;

    /// <summary>Adds a decision.</summary>
    /// <exception cref="RewardKitException">The file cannot be written.</exception>
    internal void Add(ExampleDecision decision)
    {
        if (folder is null) return;
        var (original, pair) = (decision.Original, decision.Result ?? decision.Original);
        var line = JsonSerializer.SerializeToUtf8Bytes(
            new Decision(
                original.Id, original.Provenance.Source, original.Provenance.Record, decision.Action, decision.Category, [.. decision.Votes],
                pair.Prompt, pair.Chosen, pair.Rejected),
            StoreJson.Options);
        try
        {
            _file ??= File.Create(Path.Combine(folder, Name));
            _file.Write(line);
            _file.Write("\n"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of(Name, folder, e);
        }
    }

    /// <summary>The file in a run's folder, if there is one.</summary>
    internal static IEnumerable<string> FilesIn(string run) => Directory.GetFiles(run, Name);

    /// <summary>The decisions in a run's folder, in the order in which they were made; none where there is no such file.</summary>
    /// <param name="run">The folder.</param>
    public static IEnumerable<Decision> Read(string run) => Directory.Exists(run)
        ? FilesIn(run).SelectMany(File.ReadLines).Select(line => JsonSerializer.Deserialize<Decision>(line, StoreJson.Options)!)
        : [];

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
