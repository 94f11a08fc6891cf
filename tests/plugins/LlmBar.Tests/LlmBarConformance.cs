using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.LlmBar.Tests;

public sealed class LlmBarConformance : EvaluatorConformance, IDisposable
{
    private const int Rows = 60;
    private static readonly string[] Subsets = ["Natural", "Neighbor", "GPTInst", "GPTOut", "Manual", "Mine"];
    private readonly string _folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;

    public LlmBarConformance()
    {
        foreach (var subset in Subsets)
        {
            Directory.CreateDirectory(Path.Combine(_folder, subset));
            File.WriteAllText(Path.Combine(_folder, subset, "dataset.json"), JsonSerializer.Serialize(Enumerable.Range(0, Rows).Select(i => new
            {
                input = $"{subset} {i}",
                output_1 = i % 2 == 0 ? $"good {i}" : $"bad {i}",
                output_2 = i % 2 == 0 ? $"bad {i}" : $"good {i}",
                label = i % 2 == 0 ? 1 : 2,
            })));
        }
    }

    protected override double? ConstantScorerGets => 0.5;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["data"] = _folder };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from subset in Subsets
           from i in Enumerable.Range(0, Rows)
           select new PreferenceExample($"{subset}:{i}", Conversation.User($"{subset} {i}"), Conversation.Assistant($"good {i}"), Conversation.Assistant($"bad {i}"), new(subset, i)),
    ];

    protected override IEvaluator Create() => new LlmBarEvaluator(new() { Data = _folder });

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
