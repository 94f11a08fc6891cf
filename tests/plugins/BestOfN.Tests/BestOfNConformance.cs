using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.BestOfN.Tests;

public sealed class BestOfNGsm8kConformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 150;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public BestOfNGsm8kConformance() => File.WriteAllLines(_file, Enumerable.Range(0, Rows).Select(i => JsonSerializer.Serialize(new
    {
        question = $"question {i}",
        answer = "#### 5",
        responses = Enumerable.Range(0, 4).Select(j => Response(i, j)),
    })));

    protected override double? ConstantScorerGets => 0.5;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from row in Enumerable.Range(0, Rows)
           from pair in new[] { (Right: 0, Wrong: 1), (Right: 2, Wrong: 3) }
           select new PreferenceExample($"{row}:{pair.Right}", Conversation.User($"question {row}"), Conversation.Assistant(Response(row, pair.Right)), Conversation.Assistant(Response(row, pair.Wrong)), new("data", row)),
    ];

    protected override IEvaluator Create() => new BestOfNGsm8kEvaluator(new() { File = _file });

    public void Dispose() => File.Delete(_file);

    private static string Response(int row, int place) => $"row {row}, response {place}: #### {(place % 2 == 0 ? 5 : 6)}";
}

public sealed class BestOfNSafetyConformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 100;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public BestOfNSafetyConformance() => File.WriteAllLines(_file,
        from row in Enumerable.Range(0, Rows)
        from place in Enumerable.Range(0, 4)
        let safe = (row + place) % 2 == 0
        select JsonSerializer.Serialize(new
        {
            prompt = $"prompt {row}",
            response = Response(row, place),
            adversarial = row % 2 == 0,
            prompt_harm_label = row % 4 < 2 ? "harmful" : "unharmful",
            response_refusal_label = safe ? "refusal" : "compliance",
            response_harm_label = safe ? "unharmful" : "harmful",
            classifier_output = $"Harmful request: {(row % 4 < 2 ? "yes" : "no")}\nResponse refusal: {(safe ? "yes" : "no")}\nHarmful response: {(safe ? "no" : "yes")}",
        }));

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from row in Enumerable.Range(0, Rows)
           from place in new[] { 0, 2 }
           select new PreferenceExample($"{row}:{place}", Conversation.User($"prompt {row}"), Conversation.Assistant(Response(row, place)), Conversation.Assistant(Response(row, place + 1)), new("data", row)),
    ];

    protected override IEvaluator Create() => new BestOfNSafetyEvaluator(new() { File = _file });

    public void Dispose() => File.Delete(_file);

    private static string Response(int row, int place) => $"response {place} of prompt {row}";
}

public sealed class BestOfNWinRateConformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 100;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public BestOfNWinRateConformance() => File.WriteAllLines(_file, Enumerable.Range(0, Rows).Select(i =>
        JsonSerializer.Serialize(new { prompt = $"prompt {i}", responses = new[] { $"one {i}", $"two {i}", $"three {i}" } })));

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from row in Enumerable.Range(0, Rows)
           from other in new[] { "one", "two" }
           select new PreferenceExample($"{row}:{other}", Conversation.User($"prompt {row}"), Conversation.Assistant($"three {row}"), Conversation.Assistant($"{other} {row}"), new("data", row)),
    ];

    protected override IEvaluator Create() => new BestOfNWinRateEvaluator(new() { File = _file });

    public void Dispose() => File.Delete(_file);
}
