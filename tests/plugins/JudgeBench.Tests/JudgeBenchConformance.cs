using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.JudgeBench.Tests;

public sealed class JudgeBenchConformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 240;
    private static readonly string[] Sources = ["mmlu-pro-law", "livebench-reasoning", "livebench-math", "livecodebench"];
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public JudgeBenchConformance() => File.WriteAllLines(_file, Enumerable.Range(0, Rows).Select(i => JsonSerializer.Serialize(new
    {
        pair_id = $"pair {i}",
        source = Sources[i % Sources.Length],
        question = $"question {i}",
        response_model = i % 8 < 4 ? "one" : "other",
        response_A = i % 2 == 0 ? $"right {i}" : $"wrong {i}",
        response_B = i % 2 == 0 ? $"wrong {i}" : $"right {i}",
        label = i % 2 == 0 ? "A>B" : "B>A",
    })));

    protected override double? ConstantScorerGets => 0;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["data"] = _file };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
        [.. Enumerable.Range(0, Rows).Select(i => new PreferenceExample($"{i}", Conversation.User($"question {i}"), Conversation.Assistant($"right {i}"), Conversation.Assistant($"wrong {i}"), new("data", i)))];

    protected override IEvaluator Create() => new JudgeBenchEvaluator(new() { Data = _file });

    public void Dispose() => File.Delete(_file);
}
