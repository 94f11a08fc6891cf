using System.Text.RegularExpressions;
using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Crome.Tests;

/// <summary>
/// A language model that does what the plugin's prompts ask, on answers that are lists of levels, as "accuracy=3 tone=plain":
/// it moves a level, compares two lists, says the same in another tone.
/// </summary>
internal sealed partial class FakeOracle : ITextGenerator
{
    private static readonly string[] Names = ["accuracy", "completeness", "clarity", "format", "conciseness"];
    private static readonly string[] Weights = ["0.30", "0.25", "0.20", "0.15", "0.10"];

    /// <summary>Changes an answer: the stage, what was asked, the good answer.</summary>
    public Func<string, TextRequest, TextReply, TextReply> Twist { get; init; } = (_, _, reply) => reply;

    /// <summary>Every request by its stage.</summary>
    public List<(string Stage, TextRequest Request)> Asked { get; } = [];

    /// <summary>The stage of each call, and how much it asked at a time.</summary>
    public List<(string Stage, int Count)> Calls { get; } = [];

    public string Name => "fake";

    /// <summary>One that keeps no record of what it was asked, and that several threads may ask.</summary>
    public static ITextGenerator Forgetful() => ScriptedGenerators.Of(prompt => Answer(prompt).Text);

    public static PreferenceExample Pair(int number) => Pairs.Preference(number) with
    {
        Chosen = Conversation.Assistant($"good {number}: accuracy=3 completeness=3 clarity=3 format=3 conciseness=3 tone=plain"),
        Rejected = Conversation.Assistant($"bad {number}: accuracy=1 completeness=1 clarity=1 format=1 conciseness=1 tone=salty"),
    };

    public static PreferenceExample[] PairsTo(int count) => [.. Enumerable.Range(1, count).Select(Pair)];

    /// <summary>The levels of an answer, "tone" among them.</summary>
    public static Dictionary<string, string> Levels(string answer) =>
        Level().Matches(answer).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    public static TextReply Reply(string text) => new(text, FinishReason.StopToken);

    public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        TextReply[] replies = [.. requests.Select(request =>
        {
            var (stage, text) = Answer(request.Prompt.LastContent);
            Asked.Add((stage, request));
            return Twist(stage, request, Reply(text));
        })];
        if (requests.Count > 0) Calls.Add((Asked[^1].Stage, requests.Count));
        return Task.FromResult<IReadOnlyList<TextReply>>(replies);
    }

    private static (string Stage, string Text) Answer(string prompt)
    {
        string Tagged(string tag) => prompt.Split($"<{tag}>\n")[1].Split($"\n</{tag}>")[0];
        if (prompt.Contains("<attributes>")) return ("review", $"{{\"Attributes\": {Tagged("attributes")}}}");
        if (prompt.Contains("\"Attributes\"")) return ("attributes", Attributes(int.Parse(Count().Match(prompt).Groups[1].Value)));
        if (prompt.Contains("<accepted>"))
        {
            var attribute = prompt.Split("whose only key is the attribute:\n{\"")[1].Split('"')[0];
            var elements = Enumerable.Range(1, int.Parse(Count().Match(prompt).Groups[1].Value))
                .Select(i => $"{{\"element\": \"part {i} of {attribute}\", \"impact\": \"raises it\"}}");
            return ("elements", $"{{\"{attribute}\": [{string.Join(", ", elements)}]}}");
        }
        if (prompt.Contains("Rewritten answer:"))
        {
            var worse = prompt.StartsWith("Make an answer worse");
            var attribute = OneRespect().Match(prompt).Groups[1].Value;
            return ("rewrites", $"Rewrite notes: moved {attribute}\nRewritten answer: {Move(Tagged("answer"), attribute, worse ? "0" : "5")}");
        }
        if (prompt.Contains("Verdict:"))
        {
            var (direction, attribute) = (Becomes().Match(prompt).Groups[1].Value, Becomes().Match(prompt).Groups[2].Value);
            var (before, after) = (Levels(Tagged("original")), Levels(Tagged("rewrite")));
            var moved = before.Where(level => after.GetValueOrDefault(level.Key) != level.Value).ToArray();
            var right = moved is [var only] && only.Key == attribute
                && int.Parse(after[attribute]) > int.Parse(before[attribute]) == (direction == "better");
            return ("verdicts", $"I compared the two.\n\nVerdict: {(right ? "Pass" : "Fail")}");
        }
        if (prompt.Contains("\"differences\""))
        {
            var (one, two) = (Levels(Tagged("response_1")), Levels(Tagged("response_2")));
            var list = one.Where(level => level.Key != "tone" && two.GetValueOrDefault(level.Key) != level.Value).Select(level =>
                $"{{\"attribute\": \"{level.Key}\", \"difference\": \"it differs\", \"analysis\": {{\"Response_1\": \"{level.Value}\", \"Response_2\": \"{two[level.Key]}\"}}}}");
            return ("differences", $"{{\"differences\": [{string.Join(", ", list)}]}}");
        }
        if (prompt.Contains("Final Response"))
        {
            var aligned = ToBecome().Matches(Tagged("differences")).Aggregate(
                Tagged("answer"), (text, match) => Move(text, match.Groups[1].Value, match.Groups[2].Value));
            return ("rewrites", $"{{\"Final Response\": \"{aligned}\"}}");
        }
        return ("rewrites", "Paraphrase: " + Move(Tagged("answer"), "tone", "other"));
    }

    private static string Attributes(int count)
    {
        var list = Enumerable.Range(0, count).Select(i => count == 5
            ? $"\"{Names[i]}\": {Weights[i]}" : $"\"{(i < 5 ? Names[i] : $"aspect{i}")}\": {FormattableString.Invariant($"{1.0 / count}")}");
        return $"{{\"Attributes\": {{{string.Join(", ", list)}}}}}";
    }

    private static string Move(string answer, string attribute, string level) =>
        answer.Contains(attribute + "=") ? Regex.Replace(answer, $@"\b{attribute}=\w+", $"{attribute}={level}") : $"{answer} {attribute}={level}";

    [GeneratedRegex(@"(\w+)=(\w+)")]
    private static partial Regex Level();

    [GeneratedRegex(@"xactly (\d+) ")]
    private static partial Regex Count();

    [GeneratedRegex(@"in exactly one respect: (.*)\.")]
    private static partial Regex OneRespect();

    [GeneratedRegex(@"becomes (\w+): (.*)\. Check")]
    private static partial Regex Becomes();

    [GeneratedRegex(@"- (.*)\. Now: \w+ To become: (\w+)")]
    private static partial Regex ToBecome();
}
