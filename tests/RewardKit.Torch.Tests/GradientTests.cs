using TorchSharp;
using static RewardKit.Tests.Domain;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

/// <summary>The operators of our own have the gradients that finite differences say, in float64.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class GradientTests(DeviceType type) : DeviceTests(type)
{
    [Test]
    public void Packed_attention()
    {
        // A prompt, two answers that continue it, and a token of nobody.
        var segments = new long[,] { { 0, 3, 0, 0 }, { 3, 2, 0, 3 }, { 5, 1, 0, 3 } };
        Check(x => PackedAttention.Apply(x[0], x[1], x[2], tensor(segments), 0.7), Any(7, 4, 3), Any(7, 2, 3), Any(7, 2, 3));
    }

    [Test]
    public void Token_log_probs() =>
        Check(x => TokenLogProbs.Apply(x[0], x[1], tensor(new long[] { 4, 0, 2 }, device: Device), 2), Any(3, 4), Any(5, 4));

    [Test]
    public void Rms_norm() => Check(x => RmsNorm.Apply(x[0], x[1], 1e-3), Any(2, 2, 5), Any(5));

    [Test]
    public void Rotary_positions()
    {
        var angles = Any(3, 2);
        Check(x => Rotary.Apply(x[0], angles.Draw(new Random(1), Device).cos(), angles.Draw(new Random(1), Device).sin()), Any(3, 2, 4));
    }

    [Test]
    public void Swiglu() => Check(x => SwiGlu.Apply(x[0], x[1]), Any(2, 5), Any(2, 5));

    private void Check(Func<Tensor[], Tensor> function, params Domain[] inputs) => FiniteDifferences.Check(x => [function(x)], Device, inputs);
}
