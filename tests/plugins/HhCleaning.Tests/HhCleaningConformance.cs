using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.HhCleaning.Tests;

[TestFixture(false, 0)]
[TestFixture(true, 2)]
public sealed class HhCleaningAugmenterConformance(bool baseline, int judges) : AugmenterConformance
{
    // A judge that prefers length: with a baseline that guesses, some pairs are kept, some swapped and some dropped.
    protected override ITextGenerator Generator => ScriptedGenerators.Of(prompt => Answer(prompt, "A").Length > Answer(prompt, "B").Length ? "[[A]]" : "[[B]]");

    protected override IAugmenter Create() => new HhCleaningAugmenter(new() { BaselineVotes = baseline, Judges = judges });

    private static string Answer(string prompt, string name) => prompt.Split($"[Answer {name}]")[1].Split("[End")[0];
}

public sealed class HhCleaningEvaluatorConformance : EvaluatorConformance
{
    protected override double? ConstantScorerGets => 0;

    protected override IEvaluator Create() => new HhCleaningEvaluator(new());

    protected override IScorer Perfect(IReadOnlyList<PreferenceExample> pairs) => KnowsNothing(ScriptedScorers.Perfect(pairs));

    protected override IScorer Reversed(IReadOnlyList<PreferenceExample> pairs) => KnowsNothing(ScriptedScorers.Reversed(pairs));

    // The empty answer that it is asked about, too, is worth nothing.
    private static FakeScorer KnowsNothing(IScorer scorer) => new(r => r.Response.LastContent == "" ? 0 : scorer.Score([r])[0]);
}
