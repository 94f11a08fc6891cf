using RewardKit.Conformance;

namespace RewardKit.Plugins.RewardBench.Tests;

public sealed class RewardBenchConformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 460;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public RewardBenchConformance()
    {
        string[] subsets = [.. RewardBenchSections.All.SelectMany(s => s.Weights.Keys).Order(StringComparer.Ordinal)];
        File.WriteAllLines(_file, Enumerable.Range(0, Rows).Select(i => RewardBenchTests.Record($"{i}", subsets[i % subsets.Length], right: true)));
    }

    protected override double? ConstantScorerGets => 0;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
        [.. Enumerable.Range(0, Rows).Select(i => new PreferenceExample($"{i}", Conversation.User($"question {i}"), Conversation.Assistant($"good {i}"), Conversation.Assistant($"bad {i}"), new("data", i)))];

    protected override IEvaluator Create() => new RewardBenchEvaluator(new() { File = _file });

    public void Dispose() => File.Delete(_file);
}
