using RewardKit.Conformance;

namespace RewardKit.Plugins.RmBench.Tests;

[TestFixture(SafetyMean.Pooled)]
[TestFixture(SafetyMean.OfParts)]
public sealed class RmBenchConformance : EvaluatorConformance, IDisposable
{
    private static readonly string[] Parts = ["chat", "code", "math", "safety-refuse", "safety-response"];
    private static readonly string[] Styles = ["short", "long", "**long**"];
    private const int Items = 200;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.json");
    private readonly SafetyMean _safety;

    public RmBenchConformance(SafetyMean safety)
    {
        _safety = safety;
        File.WriteAllText(_file, $"[{string.Join(",", Enumerable.Range(0, Items).Select(i => RmBenchEvaluatorTests.Record(i, $"question {i}", Parts[i % Parts.Length])))}]");
    }

    protected override double? ConstantScorerGets => 0;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["data"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from item in Enumerable.Range(0, Items)
           from style in Styles
           select new PreferenceExample($"{item}:{style}", Conversation.User($"question {item}"),
               Conversation.Assistant($"right {item} {style}"), Conversation.Assistant($"wrong {item} {style}"), new("data", item)),
    ];

    protected override IEvaluator Create() => new RmBenchEvaluator(new() { Data = _file, Safety = _safety });

    public void Dispose() => File.Delete(_file);
}
