using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>An augmenter under test.</summary>
/// <param name="make">Makes the augmenter with the options to test; called often.</param>
public sealed class AugmenterSubject(Func<IAugmenter> make) : Subject
{
    /// <inheritdoc/>
    public override PluginKind Kind => PluginKind.Augmenter;

    /// <summary>Examples of which the augmenter makes some.</summary>
    public IReadOnlyList<PreferenceExample> Examples { get; init; } = SyntheticPairs.Draw(60, seed: 1);

    /// <summary>The scorer that stands in for the baseline.</summary>
    public IScorer Baseline { get; init; } = ScriptedScorers.Random(1);

    /// <summary>What stands in for the text generator: the same request, the same answer.</summary>
    public ITextGenerator Generator { get; init; } = ScriptedGenerators.Words();

    /// <summary>What stands in for the texts of the model that a run starts from: the same request, the same answer.</summary>
    public ITextGenerator Writer { get; init; } = ScriptedGenerators.Words();

    /// <summary>
    /// What stands in for a language model, by its name: that of the run itself is <see cref="AugmentationContext.Start"/>.
    /// </summary>
    public Func<string, IPolicy> Policy { get; init; } = ScriptedPolicies.Named;

    internal override IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks
    {
        get
        {
            var works = new List<(string, Action<object, CancellationToken>)>
            {
                ("while it reads a stream without end", (plugin, stop) => Drain((IAugmenter)plugin, ExampleStream.Endless("conformance"), Context(), stop)),
            };
            var needs = New().Needs;
            if (needs.HasFlag(AugmenterNeeds.Baseline)) works.Add(("while a slow baseline scores", WaitForBaseline));
            if (needs.HasFlag(AugmenterNeeds.Generator)) works.Add(("while a slow generator writes", (plugin, stop) => WaitForText(plugin, slow => Context(generator: slow), stop)));
            if (needs.HasFlag(AugmenterNeeds.Writer)) works.Add(("while a slow model writes", (plugin, stop) => WaitForText(plugin, slow => Context(writer: slow), stop)));
            if (needs.HasFlag(AugmenterNeeds.Policies)) works.Add(("while a slow model says how likely responses are", WaitForPolicy));
            return works;
        }
    }

    /// <summary>A context with all that there is, in part another than this subject's.</summary>
    internal AugmentationContext Context(
        int seed = 5, Action<string, long>? report = null, IScorer? baseline = null, ITextGenerator? generator = null, ITextGenerator? writer = null,
        Func<string, IPolicy>? policy = null) =>
        new(seed, baseline ?? Baseline, report ?? ((_, _) => { }), generator ?? Generator, writer ?? Writer, Policies(policy ?? Policy));

    /// <summary>The language models that an augmenter asks for by name, and that of the run.</summary>
    internal IReadOnlyDictionary<string, IPolicy> Policies(Func<string, IPolicy> policy) =>
        New().Policies.Append(AugmentationContext.Start).Distinct().ToDictionary(name => name, policy);

    internal IAugmenter New() => make();

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) =>
        new AugmenterSubject(() => session.CreateAugmenter(use))
        {
            Traits = Traits,
            Examples = Examples,
            Baseline = Baseline,
            Generator = Generator,
            Writer = Writer,
            Policy = Policy,
        };

    internal override Transcript Use(object plugin, int scenario, int seed, torch.Device device)
    {
        var transcript = new Transcript();
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var made = Run((IAugmenter)plugin, scenario == 0 ? Examples : Examples.Skip(Examples.Count / 3), seed, counts);
        transcript.Add("Needs", ((IAugmenter)plugin).Needs.ToString());
        transcript.Add("the number of examples", made.Count);
        foreach (var (place, example) in made.Index()) transcript.Add($"example {place + 1}", Show(example));
        foreach (var (reason, count) in counts) transcript.Add($"the count {reason}", count);
        return transcript;
    }

    /// <summary>Everything that an augmenter gives for some examples.</summary>
    internal List<PreferenceExample> Run(
        IAugmenter augmenter, IEnumerable<PreferenceExample> examples, int seed = 5, SortedDictionary<string, long>? counts = null)
    {
        var context = Context(seed, (reason, count) =>
        {
            if (counts is not null) counts[reason] = counts.GetValueOrDefault(reason) + count;
        });
        return [.. augmenter.AugmentAsync(new ExampleStream(examples), context, default).ToBlockingEnumerable()];
    }

    /// <summary>What it makes beside the originals.</summary>
    /// <exception cref="NotTestedException">Nothing.</exception>
    internal (List<PreferenceExample> All, List<PreferenceExample> Made) RunAndFindMade()
    {
        var all = Run(make(), Examples);
        var given = Examples.Select(e => e.Id).ToHashSet();
        var made = all.Where(e => !given.Contains(e.Id)).ToList();
        return made.Count > 0 ? (all, made) : throw Verdict.NotTested(
            $"It made nothing of {Examples.Count} examples. In a test project, override Examples with some of which it makes something.");
    }

    /// <summary>An example as messages show it.</summary>
    internal static string Show(PreferenceExample e) => string.Create(
        CultureInfo.InvariantCulture,
        $"{e.Id} | {e.Prompt} | {e.Chosen} | {e.Rejected} | {e.Relation} | margin {e.Margin:R} | label {e.SoftLabel:R} | {e.Provenance} | steps {Steps(e.ChosenSteps)}, {Steps(e.RejectedSteps)}");

    private static string Steps(StepLabels? labels) => labels is null ? "none" : string.Join(" ", labels.Select(label => string.Create(CultureInfo.InvariantCulture, $"{label.End}:{label.Right:R}")));

    private void WaitForBaseline(object augmenter, CancellationToken stop)
    {
        var scorer = ScriptedScorers.Slow();
        Drain((IAugmenter)augmenter, new ExampleStream(Examples), Context(baseline: scorer), stop);
        Wait(scorer.Asked, stop);
    }

    private void WaitForText(object augmenter, Func<ITextGenerator, AugmentationContext> context, CancellationToken stop)
    {
        var generator = ScriptedGenerators.Slow();
        Drain((IAugmenter)augmenter, new ExampleStream(Examples), context(generator), stop);
        Wait(generator.Asked, stop);
    }

    private void WaitForPolicy(object augmenter, CancellationToken stop)
    {
        var policy = ScriptedPolicies.Slow();
        Drain((IAugmenter)augmenter, new ExampleStream(Examples), Context(policy: _ => policy), stop);
        Wait(policy.Asked, stop);
    }

    // Where it was never asked, there was nothing to wait for.
    private static void Wait(int asked, CancellationToken stop)
    {
        if (asked == 0 && stop.WaitHandle.WaitOne()) stop.ThrowIfCancellationRequested();
    }

    private static void Drain(IAugmenter augmenter, ExampleStream stream, AugmentationContext context, CancellationToken stop)
    {
        foreach (var _ in augmenter.AugmentAsync(stream, context, stop).ToBlockingEnumerable(CancellationToken.None))
        {
        }
    }
}
