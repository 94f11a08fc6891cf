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
