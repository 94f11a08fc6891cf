using System.Runtime.CompilerServices;

namespace RewardKit.Plugins.Rrm;

/// <summary>
/// The augmentation of RRM (Liu et al., "RRM: Robust Reward Model Training Mitigates Reward Hacking", arXiv:2409.13156).
/// Preference data show two answers to one prompt, so that a label may be explained by what needs no prompt: length,
/// layout, phrases. Under the prompt of a preference stand here the answers of two others, too: one that belongs to the
/// prompt beats one that does not, two that do not are a tie. Winners and losers then have such traits equally often. Rows
/// that the baseline already judges right are dropped.
/// </summary>
[Augmenter("rrm", Paper = "arXiv:2409.13156", Traits = PluginTraits.WholeStream)]
public sealed class RrmAugmenter : IAugmenter
{
    private const string NonContextual = "non-contextual", Neutral = "neutral";
    private const int RowsAtOnce = 4096; // that the baseline scores; the rest is made when it is asked for

    private readonly RrmOptions _options;

    /// <summary>Makes the augmenter.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The settings leave no kind of row.</exception>
    public RrmAugmenter(RrmOptions options)
    {
        if (options is { NonContextual: false, Neutral: false })
            throw RewardKitException.Input("rrm: nonContextual and neutral are both off, which leaves no rows to make; leave one on.");
        _options = options;
    }

    /// <inheritdoc/>
    public AugmenterNeeds Needs => _options.FilterThreshold > 0 ? AugmenterNeeds.Baseline : AugmenterNeeds.None;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">More than a third of the preferences have the same prompt.</exception>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var preferences = new List<PreferenceExample>();
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            if (example.Relation == Relation.Preferred) preferences.Add(example);
            yield return example;
        }
        var random = new Random(context.Seed);
        var counts = Kinds.ToDictionary(kind => kind, _ => new RowCounts());
        foreach (var rows in Sample(Make(preferences, random), preferences.Count, random, counts).Chunk(RowsAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var row in Filter(rows, context, cancellation))
            {
                counts[row.Provenance.Augmentation!].Kept++;
                yield return row;
            }
        }
        foreach (var kind in Kinds)
        {
            var (made, sampled, kept) = (counts[kind].Made, counts[kind].Sampled, counts[kind].Kept);
            context.Count($"rrm.{kind}.made", made);
            context.Count($"rrm.{kind}.not-sampled", made - sampled);
            context.Count($"rrm.{kind}.dropped", sampled - kept);
            context.Count($"rrm.{kind}.kept", kept);
        }
    }

    private IEnumerable<string> Kinds =>
        (string[])[.. _options.NonContextual ? [NonContextual] : (string[])[], .. _options.Neutral ? [Neutral] : (string[])[]];

    private int RowsOfEach => (_options.NonContextual ? 8 : 0) + (_options.Neutral ? 6 : 0);

    private IEnumerable<PreferenceExample> Make(List<PreferenceExample> preferences, Random random)
    {
        foreach (var (i, j, k) in new Circle(preferences, random).Triples())
        {
            // The rows are numbered as in the paper's table, whichever are made.
            Answer wi = new(i, i.Chosen), li = new(i, i.Rejected), wj = new(j, j.Chosen), lj = new(j, j.Rejected),
                wk = new(k, k.Chosen), lk = new(k, k.Rejected);
            var number = 0;
            foreach (var winner in (Answer[])[wi, li])
                foreach (var loser in (Answer[])[wj, wk, lj, lk])
                {
                    number++;
                    if (_options.NonContextual) yield return Row(i, number, NonContextual, winner, loser);
                }
            foreach (var (one, other) in ((Answer, Answer)[])[(wj, lj), (wk, lk), (wj, wk), (wj, lk), (wk, lj), (lj, lk)])
            {
                number++;
                if (!_options.Neutral) continue;
                // A fair coin, so that the first of a tie is no more often one that was chosen.
                var (first, second) = random.Next(2) == 0 ? (one, other) : (other, one);
                yield return Row(i, number, Neutral, first, second) with { Relation = Relation.Tie };
            }
        }
    }

    private static PreferenceExample Row(PreferenceExample prompt, int number, string kind, Answer first, Answer second) => new(
        $"{prompt.Id}+rrm{number}({first.Of.Id},{second.Of.Id})", prompt.Prompt, first.Text, second.Text,
        first.Of.Provenance with { Augmentation = kind, Attribute = null, Parent = first.Of.Id });

    // Just as many as asked for, each set of that size equally likely: a row is taken with the probability that the number
    // still wanted has among those still to come.
    private IEnumerable<PreferenceExample> Sample(
        IEnumerable<PreferenceExample> rows, int preferences, Random random, Dictionary<string, RowCounts> counts)
    {
        var left = (long)RowsOfEach * preferences;
        var wanted = (long)Math.Round(_options.Sample * left, MidpointRounding.AwayFromZero);
        foreach (var row in rows)
        {
            var count = counts[row.Provenance.Augmentation!];
            count.Made++;
            if (random.NextInt64(left--) >= wanted) continue;
            wanted--;
            count.Sampled++;
            yield return row;
        }
    }

    private IEnumerable<PreferenceExample> Filter(PreferenceExample[] rows, AugmentationContext context, CancellationToken cancellation)
    {
        if (_options.FilterThreshold <= 0) return rows;
        var scores = context.Baseline.ScorePairs(rows, cancellation);
        return rows.Where((row, i) => BaselineFilter.Keeps(
            BaselineFilter.Probability(scores[i]), row.Relation == Relation.Tie ? 0.5 : 1, _options.FilterThreshold));
    }

    private readonly record struct Answer(PreferenceExample Of, Conversation Text);

    private sealed class RowCounts
    {
        public long Made, Sampled, Kept;
    }
}

/// <summary>RRM's filter: what the baseline already judges right teaches nothing more, and is dropped.</summary>
public static class BaselineFilter
{
    /// <summary>The baseline's probability that the first response of a pair is the better, by Bradley and Terry's model.</summary>
    /// <param name="score">The baseline's rewards.</param>
    public static double Probability(PairScore score) => 1 / (1 + Math.Exp(-score.Margin));

    /// <summary>Whether a row stays: <c>|p − t| ≥ τ</c>.</summary>
    /// <param name="probability">p, the baseline's probability that the first response is the better, in [0, 1].</param>
    /// <param name="target">t: 1 where the first is labelled better, 0 where the second is, ½ for a tie.</param>
    /// <param name="threshold">τ; with 0 every row stays.</param>
    public static bool Keeps(double probability, double target, double threshold) => Math.Abs(probability - target) >= threshold;
}
