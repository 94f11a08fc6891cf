using static RewardKit.Models.Tests.SmallModel;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>How untrained models start.</summary>
public class RandomWeightsTests
{
    [Test]
    public void Random_weights_depend_on_the_seed_alone()
    {
        using var scope = NewDisposeScope();
        using var first = Random(1);
        var threads = get_num_threads();
        set_num_threads(1);
        manual_seed(77);
        using var again = Random(1);
        set_num_threads(threads);
        using var other = Random(2);

        Assert.That(Weights(again), Is.EqualTo(Weights(first)));
        Assert.That(Weights(other), Is.Not.EqualTo(Weights(first)));
    }

    [Test]
    public void Random_weights_have_the_configured_spread()
    {
        using var scope = NewDisposeScope();
        using var model = Random(config: Config with { VocabSize = 2000, InitializerRange = 0.02 });
        var embeddings = model.get_parameter("model.embed_tokens.weight")!.detach();

        // 48,000 draws: the mean is within 4 standard errors of 0, the deviation within 4 of 0.02.
        Assert.That(embeddings.mean().item<float>(), Is.Zero.Within(4 * 0.02 / Math.Sqrt(48000)));
        Assert.That(embeddings.std().item<float>(), Is.EqualTo(0.02).Within(4 * 0.02 / Math.Sqrt(2 * 48000)));
        Assert.That(Numbers(model.get_parameter("model.norm.weight")!.detach()), Is.All.EqualTo(1f));
    }

    [Test]
    public void A_head_starts_as_asked()
    {
        using var scope = NewDisposeScope();
        using var zero = Random(head: new(ZeroInit: true, Bias: true));
        using var normal = Random();

        Assert.That(Run(zero, new PackedItem([1, 2], [[3], [4, 5]])).Rewards, Is.All.Zero);
        Assert.That(Run(normal, new PackedItem([1, 2], [[3], [4, 5]])).Rewards, Is.All.Not.Zero);
        Assert.That(zero.has_parameter("score.bias"), Is.True);
        Assert.That(normal.has_parameter("score.bias"), Is.False);
    }

    private static float[] Weights(RewardModel model) => [.. model.parameters().SelectMany(p => Numbers(p.detach()))];
}
