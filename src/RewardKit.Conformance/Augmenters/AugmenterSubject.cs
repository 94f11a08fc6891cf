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

    internal override IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks
    {
        get
        {
            var works = new List<(string, Action<object, CancellationToken>)>
            {
                ("while it reads a stream without end", (plugin, stop) => Drain((IAugmenter)plugin, ExampleStream.Endless("conformance"), stop, Baseline, Generator)),
            };
            var needs = New().Needs;
            if (needs.HasFlag(AugmenterNeeds.Baseline)) works.Add(("while a slow baseline scores", (plugin, stop) => WaitForBaseline((IAugmenter)plugin, stop)));
            if (needs.HasFlag(AugmenterNeeds.Generator)) works.Add(("while a slow generator writes", (plugin, stop) => WaitForGenerator((IAugmenter)plugin, stop)));
            return works;
        }
    }

    /// <summary>A context with all that there is.</summary>
    internal AugmentationContext Context(int seed = 5, Action<string, long>? report = null) => new(seed, Baseline, report ?? ((_, _) => { }), Generator);

    internal IAugmenter New() => make();

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) =>
        new AugmenterSubject(() => session.CreateAugmenter(use)) { Traits = Traits, Examples = Examples, Baseline = Baseline, Generator = Generator };

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
        $"{e.Id} | {e.Prompt} | {e.Chosen} | {e.Rejected} | {e.Relation} | margin {e.Margin:R} | label {e.SoftLabel:R} | {e.Provenance}");

    private void WaitForBaseline(IAugmenter augmenter, CancellationToken stop)
    {
        var scorer = ScriptedScorers.Slow();
        Drain(augmenter, new ExampleStream(Examples), stop, scorer, Generator);
        // Where it was never asked, there was nothing to wait for.
        if (scorer.Asked == 0 && stop.WaitHandle.WaitOne()) stop.ThrowIfCancellationRequested();
    }

    private void WaitForGenerator(IAugmenter augmenter, CancellationToken stop)
    {
        var generator = ScriptedGenerators.Slow();
        Drain(augmenter, new ExampleStream(Examples), stop, Baseline, generator);
        if (generator.Asked == 0 && stop.WaitHandle.WaitOne()) stop.ThrowIfCancellationRequested();
    }

    private static void Drain(IAugmenter augmenter, ExampleStream stream, CancellationToken stop, IScorer baseline, ITextGenerator generator)
    {
        foreach (var _ in augmenter.AugmentAsync(stream, new(5, baseline, (_, _) => { }, generator), stop).ToBlockingEnumerable(CancellationToken.None))
        {
        }
    }
}
