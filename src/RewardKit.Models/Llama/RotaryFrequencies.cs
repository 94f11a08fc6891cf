namespace RewardKit.Models.Llama;

/// <summary>The angular frequencies of rotary positions (Su et al. 2021, arXiv:2104.09864).</summary>
internal static class RotaryFrequencies
{
    /// <summary>Radians a position for each pair of channels, <c>[head_dim / 2]</c>.</summary>
    public static float[] Of(ModelConfig config)
    {
        var frequencies = new float[config.HeadWidth / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = Math.Pow(config.RopeTheta, -2.0 * i / config.HeadWidth);
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
