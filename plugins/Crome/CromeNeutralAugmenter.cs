using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;

namespace RewardKit.Plugins.Crome;

/// <summary>Options of the augmenter <c>crome-neutral</c>.</summary>
[PluginOptions]
public sealed record CromeNeutralOptions
{
    /// <summary>Neutral rows made for each original preference, before the filter.</summary>
    [Range(0.0, 100.0)]
    public double Ratio { get; init; } = 1.0;

    /// <summary>
    /// τ: a neutral row stays if the baseline's probability for its order is farther than this from ½. Below 0 every row
    /// stays and no baseline is needed; from 0.5 none stays.
    /// </summary>
    [Range(-1.0, 1.0)]
    public double FilterThreshold { get; init; } = 0.2;
}

/// <summary>
/// Irrelevant-query neutrals of Crome (arXiv:2506.16507, section on neutral augmentation): the two responses of one
/// preference under the prompt of another are a tie, since neither answers it; what a reward model still sees between them
/// is spurious. After <c>crome-causal</c> they are drawn from its rows, too. Ties that the baseline already nearly ties are
/// dropped.
/// </summary>
/// <param name="options">Its settings.</param>
[Augmenter("crome-neutral", Paper = "arXiv:2506.16507", Traits = PluginTraits.WholeStream)]
public sealed class CromeNeutralAugmenter(CromeNeutralOptions options) : IAugmenter
{
    /// <inheritdoc/>
    public AugmenterNeeds Needs => ConfidenceFilter.Needs(options.FilterThreshold);

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">All prompts are the same, so that none is irrelevant.</exception>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var parents = new List<PreferenceExample>();
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            if (example.Relation == Relation.Preferred) parents.Add(example);
            yield return example;
        }
        var made = MakeNeutrals(parents, options.Ratio, new Random(context.Seed));
        var kept = ConfidenceFilter.Filter(made, options.FilterThreshold, context, cancellation);
        context.Count("iqn.made", made.Count);
        context.Count("iqn.kept", kept.Count);
        context.Count("iqn.dropped", made.Count - kept.Count);
        foreach (var neutral in kept) yield return neutral;
    }

    // Every preference in turn, those made from originals among them, in random order, until the ratio is reached.
    private static List<PreferenceExample> MakeNeutrals(List<PreferenceExample> parents, double ratio, Random random)
    {
        var total = (long)Math.Round(ratio * parents.Count(p => p.Provenance.Augmentation is null), MidpointRounding.AwayFromZero);
        var made = new List<PreferenceExample>();
        var others = new OtherPrompts(parents);
        var order = parents.ToArray();
        for (var round = 1; made.Count < total; round++)
        {
            random.Shuffle(order);
            foreach (var parent in order.Take((int)Math.Min(order.Length, total - made.Count)))
            {
                var query = others.Draw(parent, random);
                made.Add(new(
                    $"{parent.Id}+iqn{round}({query.Id})", query.Prompt, parent.Chosen, parent.Rejected,
                    parent.Provenance with { Augmentation = "iqn", Attribute = null, Parent = parent.Id })
                {
                    Relation = Relation.Tie,
                });
            }
        }
        return made;
    }

    /// <summary>Draws the example of another prompt, each such example with the same probability.</summary>
    private sealed class OtherPrompts
    {
        private readonly PreferenceExample[] _byPrompt; // the examples of one prompt stand side by side
        private readonly Dictionary<Conversation, Range> _blocks = [];

        public OtherPrompts(List<PreferenceExample> examples)
        {
            // GroupBy keeps the order of first appearance, so that nothing depends on hash codes.
            var groups = examples.GroupBy(e => e.Prompt).Select(group => group.ToArray()).ToArray();
            _byPrompt = [.. groups.SelectMany(group => group)];
            var start = 0;
            foreach (var group in groups)
            {
                _blocks.Add(group[0].Prompt, start..(start + group.Length));
                start += group.Length;
            }
        }

        public PreferenceExample Draw(PreferenceExample example, Random random)
        {
            var (start, length) = _blocks[example.Prompt].GetOffsetAndLength(_byPrompt.Length);
            if (length == _byPrompt.Length)
            {
                throw RewardKitException.Input(
                    $"crome-neutral: all {length} preferences have the same prompt (the first is {example.Id}), so that no "
                    + "prompt is irrelevant to them. Give it data with different prompts.");
            }
            var index = random.Next(_byPrompt.Length - length);
            return _byPrompt[index < start ? index : index + length];
        }
    }
}
