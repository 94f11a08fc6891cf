using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>An evaluator under test.</summary>
/// <param name="make">Makes the evaluator with the options to test; called often.</param>
public sealed class EvaluatorSubject(Func<IEvaluator> make) : Subject
{
    /// <inheritdoc/>
    public override PluginKind Kind => PluginKind.Evaluator;

    /// <summary>Held-out pairs: at least a hundred, better two thousand.</summary>
    public IReadOnlyList<PreferenceExample> Pairs { get; init; } = SyntheticPairs.Draw(2000, seed: 1);

    /// <summary>Makes a scorer that is always right of some pairs.</summary>
    public Func<IReadOnlyList<PreferenceExample>, IScorer> Perfect { get; init; } = ScriptedScorers.Perfect;

    /// <summary>Makes a scorer that is always wrong of some pairs.</summary>
    public Func<IReadOnlyList<PreferenceExample>, IScorer> Reversed { get; init; } = ScriptedScorers.Reversed;

    /// <summary>What a share is where all rewards are equal; null: 0, ½ or 1, whichever it is.</summary>
    public double? ConstantScorerGets { get; init; }

    /// <summary>What stands in for the text generator: the same request, the same answer.</summary>
    public ITextGenerator Generator { get; init; } = ScriptedGenerators.Words();

    /// <summary>What stands in for the texts of the model under evaluation: the same request, the same answer.</summary>
    public ITextGenerator Writer { get; init; } = ScriptedGenerators.Words();

    /// <summary>Writes right answers alone, for an evaluator that judges them; null where the kit knows no such writer.</summary>
    public ITextGenerator? PerfectWriter { get; init; }

    /// <summary>Writes wrong answers alone.</summary>
    public ITextGenerator? WrongWriter { get; init; }

    /// <summary>Whether it judges what a model writes, and leaves the scorer alone.</summary>
    internal bool JudgesAnswers => (New().Needs & (EvaluatorNeeds.Writer | EvaluatorNeeds.Rewards)) == EvaluatorNeeds.Writer;

    /// <summary>As many of the pairs as the quick rules look at; all of an evaluator's own.</summary>
    internal IReadOnlyList<PreferenceExample> Some => OwnData ? Pairs : [.. Pairs.Take(100)];

    /// <summary>Whether it judges by data of its own, whatever pairs it is given.</summary>
    internal bool OwnData => Attribute is EvaluatorAttribute { OwnData: true };

    /// <summary>Ends a rule that gives an evaluator other pairs and looks for a difference.</summary>
    /// <exception cref="NotTestedException">It has data of its own.</exception>
    internal void TakesPairs()
    {
        if (OwnData) throw Verdict.NotTested("It brings its own data, and this rule gives it other pairs.");
    }

    internal override IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks
    {
        get
        {
            var works = new List<(string, Action<object, CancellationToken>)>();
            if (!JudgesAnswers) works.Add(("while a slow scorer scores", (plugin, stop) => Evaluate(ScriptedScorers.Slow(), Pairs, (IEvaluator)plugin, stop: stop)));
            var needs = New().Needs;
            if (needs.HasFlag(EvaluatorNeeds.Generator)) works.Add(("while a slow generator writes", (plugin, stop) => WaitForText((IEvaluator)plugin, stop, ScriptedGenerators.Slow(), null)));
            if (needs.HasFlag(EvaluatorNeeds.Writer)) works.Add(("while a slow model writes", (plugin, stop) => WaitForText((IEvaluator)plugin, stop, null, ScriptedGenerators.Slow())));
            return works;
        }
    }

    internal IEvaluator New() => make();

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) => new EvaluatorSubject(() => session.CreateEvaluator(use))
    {
        Traits = Traits,
        Pairs = Pairs,
        Perfect = Perfect,
        Reversed = Reversed,
        Generator = Generator,
        Writer = Writer,
        PerfectWriter = PerfectWriter,
        WrongWriter = WrongWriter,
    };

    internal override Transcript Use(object plugin, int scenario, int seed, torch.Device device)
    {
        var report = Evaluate(ScriptedScorers.Random(3 + scenario), scenario == 0 ? Some : [.. Some.Skip(20)], (IEvaluator)plugin, seed);
        var transcript = new Transcript();
        foreach (var (name, measured) in report.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            transcript.Add($"the metric {name}", measured.Value);
            transcript.Add($"the items of {name}", [.. measured.Items ?? []]);
        }
        foreach (var (place, sample) in report.Samples.Index())
            transcript.Add($"sample {place + 1}", string.Create(CultureInfo.InvariantCulture, $"{sample.Example.Id}: {sample.Score.Chosen:R}, {sample.Score.Rejected:R}"));
        return transcript;
    }

    /// <summary>Evaluates a scorer.</summary>
    internal EvaluationReport Evaluate(
        IScorer scorer, IReadOnlyList<PreferenceExample> pairs, IEvaluator? evaluator = null, int seed = 5, CancellationToken stop = default,
        ITextGenerator? generator = null, ITextGenerator? writer = null) =>
        (evaluator ?? New()).EvaluateAsync(new(scorer, pairs, seed, generator ?? Generator, writer ?? Writer), stop).GetAwaiter().GetResult();

    /// <summary>The shares that a report states: what has a level of chance.</summary>
    /// <exception cref="NotTestedException">There is none.</exception>
    internal IReadOnlyList<(string Name, Measurement Measured)> Shares(IScorer scorer, IReadOnlyList<PreferenceExample> pairs, ITextGenerator? writer = null)
    {
        var shares = Evaluate(scorer, pairs, writer: writer).Metrics.Where(m => m.Value.Chance is not null).Select(m => (m.Key, m.Value)).ToArray();
        return shares.Length > 0 ? shares : throw Verdict.NotTested("No metric says what chance would reach, so the kit does not know which of them is a share.");
    }

    private void WaitForText(IEvaluator evaluator, CancellationToken stop, SlowGenerator? generator, SlowGenerator? writer)
    {
        Evaluate(ScriptedScorers.Random(7), Pairs, evaluator, stop: stop, generator: generator, writer: writer);
        // Where it was never asked, there was nothing to wait for.
        if ((generator ?? writer)!.Asked == 0 && stop.WaitHandle.WaitOne()) stop.ThrowIfCancellationRequested();
    }
}
