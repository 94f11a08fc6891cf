using NUnit.Framework;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance;

/// <summary>The rules for an <see cref="IEvaluator"/> as tests.</summary>
/// <example>
/// <code>
/// public sealed class AccuracyConformance : EvaluatorConformance
/// {
///     protected override IEvaluator Create() => new AccuracyEvaluator(new());
/// }
/// </code>
/// </example>
public abstract class EvaluatorConformance : PluginConformance
{
    /// <summary>The rules, each a test.</summary>
    public static IEnumerable<TestCaseData> Rules => Cases(PluginKind.Evaluator);

    /// <summary>Held-out pairs: at least a hundred, better two thousand. An evaluator with data of its own gives those, all of them.</summary>
    protected virtual IReadOnlyList<PreferenceExample> Pairs => SyntheticPairs.Draw(2000, seed: 1);

    /// <summary>What a share is where all rewards are equal; null: 0, ½ or 1, whichever it is.</summary>
    protected virtual double? ConstantScorerGets => null;

    /// <summary>
    /// What stands in for the text generator: the same request, the same answer. Override it with answers in the form that
    /// the evaluator reads: <c>ScriptedGenerators.Of(prompt => …)</c>.
    /// </summary>
    protected virtual ITextGenerator Generator => ScriptedGenerators.Words();

    /// <summary>What stands in for the texts of the model under evaluation, likewise.</summary>
    protected virtual ITextGenerator Writer => ScriptedGenerators.Words();

    /// <summary>
    /// Writes right answers alone, for an evaluator that judges what a model writes; null leaves the rule that such a model
    /// gets everything untested.
    /// </summary>
    protected virtual ITextGenerator? PerfectWriter => null;

    /// <summary>Writes wrong answers alone; null leaves the rule that such a model gets nothing untested.</summary>
    protected virtual ITextGenerator? WrongWriter => null;

    /// <summary>Tests a rule.</summary>
    /// <param name="rule">The rule.</param>
    [TestCaseSource(nameof(Rules))]
    public void Keeps(Rule rule) => Check(rule);

    /// <summary>Makes the evaluator with the options to test. Called often.</summary>
    protected abstract IEvaluator Create();

    /// <summary>Makes a scorer that is always right; override it where the evaluator shows scorers other texts than the pairs'.</summary>
    /// <param name="pairs">The pairs that are evaluated.</param>
    protected virtual IScorer Perfect(IReadOnlyList<PreferenceExample> pairs) => ScriptedScorers.Perfect(pairs);

    /// <summary>Makes a scorer that is always wrong.</summary>
    /// <param name="pairs">The pairs that are evaluated.</param>
    protected virtual IScorer Reversed(IReadOnlyList<PreferenceExample> pairs) => ScriptedScorers.Reversed(pairs);

    private protected override Subject Subject() => new EvaluatorSubject(Create)
    {
        Pairs = Pairs,
        Perfect = Perfect,
        Reversed = Reversed,
        ConstantScorerGets = ConstantScorerGets,
        Generator = Generator,
        Writer = Writer,
        PerfectWriter = PerfectWriter,
        WrongWriter = WrongWriter,
    };
}
