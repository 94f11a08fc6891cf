using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using RewardKit;

namespace Acme.Namespace;

/// <summary>Options of <c>my-method</c>.</summary>
[PluginOptions]
public sealed record MyMethodOptions
{
    /// <summary>The share of preferences that are added once more with their responses swapped.</summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 0.1;
}

/// <summary>
/// Label smoothing by data: some preferences, drawn by the seed, come a second time with their responses swapped. Where all
/// losses see a pair both ways a share s of the time, they aim at the probability 1 / (1 + s) instead of 1.
/// </summary>
[Augmenter("my-method")]
public sealed class MyMethodAugmenter(MyMethodOptions options) : IAugmenter
{
    /// <inheritdoc/>
    public AugmenterNeeds Needs => AugmenterNeeds.None;

    /// <inheritdoc/>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var random = new Random(context.Seed);
        var made = 0;
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            yield return example;
            if (example.Relation == Relation.Tie || random.NextDouble() >= options.Share) continue;
            made++;
            yield return example with
            {
                Id = $"{example.Id}+my-method",
                Chosen = example.Rejected,
                Rejected = example.Chosen,
                ChosenSteps = example.RejectedSteps,
                RejectedSteps = example.ChosenSteps,
                Provenance = example.Provenance with { Augmentation = "my-method", Parent = example.Id },
            };
        }
        context.Count("my-method.made", made);
    }
}
