using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.RewardBench.Tests;

public sealed class RewardBench2Conformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 200;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public RewardBench2Conformance() => File.WriteAllLines(_file, Enumerable.Range(0, Rows).Select(i => JsonSerializer.Serialize(new
    {
        id = i,
        subset = i % 2 == 0 ? "Math" : "Focus",
        prompt = $"question {i}",
        chosen = new[] { $"right {i}" },
        rejected = Enumerable.Range(0, 3).Select(j => $"wrong {i} {j}"),
    })));

    protected override double? ConstantScorerGets => 0.25;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from row in Enumerable.Range(0, Rows)
           from wrong in Enumerable.Range(0, 3)
           select new PreferenceExample($"{row}:{wrong}", Conversation.User($"question {row}"), Conversation.Assistant($"right {row}"), Conversation.Assistant($"wrong {row} {wrong}"), new("data", row)),
    ];

    protected override IEvaluator Create() => new RewardBench2Evaluator(new() { File = _file });

    public void Dispose() => File.Delete(_file);
}
