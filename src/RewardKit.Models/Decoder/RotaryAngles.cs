using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// The angles of rotary positions (Su et al. 2021, arXiv:2104.09864). They are float32 whatever the weights are, and so
/// no buffer of a module, which would be converted with it.
/// </summary>
internal sealed class RotaryAngles(ModelConfig config) : IDisposable
{
    private readonly float[] _frequencies = Frequencies(config);
    private Tensor? _onDevice;

    /// <summary>Cosines and sines for tokens, each <c>[tokens, rotary width / 2]</c>.</summary>
    /// <param name="positions">Each token's place in its text, <c>[tokens]</c>, int64.</param>
    public (Tensor Cos, Tensor Sin) At(Tensor positions)
    {
        if (_onDevice is null || !_onDevice.device.Equals(positions.device))
        {
            _onDevice?.Dispose();
            _onDevice = tensor(_frequencies, device: positions.device).DetachFromDisposeScope();
        }
        using var angles = outer(positions.to(ScalarType.Float32), _onDevice);
        return (angles.cos(), angles.sin());
    }

    public void Dispose() => _onDevice?.Dispose();

    /// <summary>Radians a position for each pair of channels.</summary>
    private static float[] Frequencies(ModelConfig config)
    {
        var frequencies = new float[config.RotaryWidth / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = Math.Pow(config.RopeTheta, -2.0 * i / config.RotaryWidth) / config.RopeFactor;
            frequencies[i] = (float)(config.RopeScaling is { } scaling ? Scale(frequency, scaling) : frequency);
        }
        return frequencies;
    }

    // Llama 3.1: wavelengths that fit often into the old context stay, those longer than it are stretched by the factor,
    // and in between the two are mixed.
    private static double Scale(double frequency, RopeScaling scaling)
    {
        var turns = scaling.OriginalMaxPositionEmbeddings * frequency / (2 * Math.PI);
        if (turns > scaling.HighFreqFactor) return frequency;
        if (turns < scaling.LowFreqFactor) return frequency / scaling.Factor;
        var mix = (turns - scaling.LowFreqFactor) / (scaling.HighFreqFactor - scaling.LowFreqFactor);
        return (1 - mix) * frequency / scaling.Factor + mix * frequency;
    }
}
