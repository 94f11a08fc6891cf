using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>The factors of an untrained adapter: A uniform in ±1/√inputs (He et al., arXiv:1502.01852, with a = √5), B zero.</summary>
internal sealed class UntrainedFactors(int seed, Placement place) : IParameterSource
{
    public Parameter Take(string name, Start start, long[] shape)
    {
        using var _ = no_grad();
        var values = zeros(shape, dtype: place.Type, device: place.Device);
        if (start == Start.Normal) RandomWeights.Uniform(values, 1 / Math.Sqrt(shape[1]), seed, name);
        return nn.Parameter(values);
    }
}

/// <summary>Copies of a scalar head's parameters.</summary>
internal sealed class Copies(RewardHeads head, ScalarType type) : IParameterSource
{
    public Parameter Take(string name, Start start, long[] shape)
    {
        using var _ = no_grad();
        using var values = head.Parameters.Single(p => p.Name == name).Parameter.detach();
        return nn.Parameter(values.to_type(type, copy: true));
    }
}
