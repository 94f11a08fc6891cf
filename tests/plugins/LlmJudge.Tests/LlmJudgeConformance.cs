using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.LlmJudge.Tests;

[TestFixture(Mode.Pointwise, Orders.Agree, 0.0)]
[TestFixture(Mode.Pairwise, Orders.Agree, 1.0)]
[TestFixture(Mode.Pairwise, Orders.Average, 1.0)]
[TestFixture(Mode.Pairwise, Orders.One, 0.0)]
public sealed class LlmJudgeConformance(Mode mode, Orders orders, double temperature) : ComposerConformance
{
    // A judge that is asked for a decision makes one.
    protected override ITextGenerator Generator { get; } = ScriptedGenerators.Of(request =>
    {
        var said = ScriptedGenerators.Verdicts().GenerateAsync([request]).GetAwaiter().GetResult()[0];
        return said with { Text = request.Prompt.LastContent.Contains("There is no tie") ? said.Text.Replace("[[C]]", "[[B]]") : said.Text };
    });

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object>
    {
        ["mode"] = mode.ToString().ToLowerInvariant(),
        ["orders"] = orders.ToString().ToLowerInvariant(),
        ["temperature"] = temperature,
        ["samples"] = 3,
    };

    protected override IScorerComposer Create() => new LlmJudgeComposer(new() { Mode = mode, Orders = orders, Temperature = temperature, Samples = 3 });
}

[TestFixture(ScorerTies.Half)]
[TestFixture(ScorerTies.Wrong)]
[TestFixture(ScorerTies.LeaveOut)]
public sealed class JudgeAgreementConformance(ScorerTies ties) : EvaluatorConformance, IDisposable
{
    private const int Rows = 400;
    private readonly string _folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;

    protected override double? ConstantScorerGets => ties == ScorerTies.Half ? 0.5 : 0;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object>
    {
        ["data"] = Data,
        ["ties"] = ties switch { ScorerTies.LeaveOut => "leave-out", var other => other.ToString().ToLowerInvariant() },
    };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. Enumerable.Range(0, Rows).Select(i => new PreferenceExample(
            $"{i}", Conversation.User($"question {i}"), Conversation.Assistant(i % 3 == 2 ? $"bad {i}" : $"good {i}"), Conversation.Assistant(i % 3 == 2 ? $"good {i}" : $"bad {i}"), new("pandalm", i + 1))
        {
            Relation = i % 3 == 0 ? Relation.Tie : Relation.Preferred,
        }),
    ];

    protected override IEvaluator Create() => new JudgeAgreementEvaluator(new() { Data = Data, Ties = ties });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Data
    {
        get
        {
            var file = Path.Combine(_folder, "testset.json");
            if (!File.Exists(file))
                File.WriteAllText(file, JsonSerializer.Serialize(Enumerable.Range(0, Rows).Select(i => new
                {
                    idx = i,
                    cmp_key = "one_other",
                    instruction = $"question {i}",
                    input = "",
                    response1 = $"good {i}",
                    response2 = $"bad {i}",
                    annotator1 = i % 3,
                    annotator2 = i % 3,
                    annotator3 = i % 7 == 0 ? 1 : i % 3,
                })));
            return file;
        }
    }
}
