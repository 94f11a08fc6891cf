using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Training.Data;

/// <summary>
/// Makes pairs of records with a question and several solutions, each in an object with <c>solution</c> and <c>is_correct</c>, as GSM8K's
/// example_model_solutions has them (Cobbe et al. 2021, arXiv:2110.14168): right ones with wrong ones. A line is a step.
/// </summary>
internal sealed partial class GradedSolutions(PairColumns columns, PairReading reading, string source)
{
    private const string Solution = "solution", IsCorrect = "is_correct", Reference = "ground_truth";

    /// <summary>How many solutions there were.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a record has such solutions.</summary>
    public static bool Are(DataRecord record) => Objects(record).Any();

    /// <summary>The record's pairs; why there are none.</summary>
    /// <exception cref="RewardKitException">The record is malformed.</exception>
    public (IReadOnlyList<PreferenceExample> Pairs, string? Reason) Read(DataRecord record)
    {
        var prompt = MessageLists.Prompt(record, columns.Prompt!);
        if (prompt.Length == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return ([], "no prompt");
        var reference = reading.Steps == StepSource.Reference ? record.Text(Reference) : "";
        var responses = new List<GradedResponse>();
        foreach (var (place, solution) in Objects(record).Index())
        {
            var text = record.Text(solution.Value.GetProperty(Solution), $"\"{solution.Name}\".{Solution}");
            if (solution.Value.GetProperty(IsCorrect).ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                throw record.Malformed($"\"{solution.Name}\".{IsCorrect} must be true or false, but is {JsonLines.Kind(solution.Value.GetProperty(IsCorrect))}");
            if (string.IsNullOrWhiteSpace(text)) continue;
            var right = solution.Value.GetProperty(IsCorrect).GetBoolean();
            responses.Add(new(record.Number, $"{record.Number}.{place + 1}", [new("assistant", text)], right ? 1 : 0) { Steps = Label(text, right, $"{prompt[^1].Content}\n{reference}") });
        }
        Count += responses.Count;
        PreferenceExample[] pairs = [.. ResponsePairs.Of(source, prompt, responses, reading.Pairing, margins: false)];
        return (pairs, pairs.Length == 0 ? "all solutions right, or all wrong" : null);
    }

    private static IEnumerable<JsonProperty> Objects(DataRecord record) => record.Element.EnumerateObject().Where(field =>
        field.Value.ValueKind == JsonValueKind.Object && field.Value.TryGetProperty(Solution, out _) && field.Value.TryGetProperty(IsCorrect, out _));

    private StepLabels Label(string text, bool right, string known)
    {
        var lines = text.Split(reading.StepSeparator);
        if (right || reading.Steps == StepSource.Outcome)
            return StepLabels.OfPieces(lines.Select(line => (line, (double?)(right ? 1 : 0))), reading.StepSeparator).Labels;
        // A wrong solution is right as long as it comes to numbers that the question or the reference has; its last line is not.
        var numbers = Numbers().Matches(known).Select(match => Number(match.Value)).ToHashSet();
        var last = Array.FindLastIndex(lines, line => !string.IsNullOrWhiteSpace(line));
        var firstWrong = Array.FindIndex(lines, line => Result(line) is { } result && !numbers.Contains(result));
        if (firstWrong < 0 || firstWrong > last) firstWrong = last;
        return StepLabels.OfPieces(lines.Select((line, i) => (line, (double?)(i < firstWrong ? 1 : 0))), reading.StepSeparator).Labels;
    }

    // What a line comes to: behind the = of its last calculator mark, else its last number.
    private static decimal? Result(string line)
    {
        var marked = Marks().Matches(line);
        return marked.Count > 0 ? Number(marked[^1].Groups[1].Value) : Numbers().Matches(line) is [.., var last] ? Number(last.Value) : null;
    }

    private static decimal? Number(string text) =>
        decimal.TryParse(text.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? decimal.Round(number, 4) : null;

    [GeneratedRegex(@"<<[^<>]*=\s*(-?[\d.,]+)\s*>>")]
    private static partial Regex Marks();

    [GeneratedRegex(@"(?:(?<![\w)])-)?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")]
    private static partial Regex Numbers();
}
