using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>The parameters of an untrained model.</summary>
/// <param name="deviation">The standard deviation of random weights.</param>
/// <param name="zeroHead">Whether the scalar head starts from zeros.</param>
/// <param name="seed">The seed.</param>
/// <param name="place">Their type and device.</param>
internal sealed class UntrainedSource(double deviation, bool zeroHead, int seed, Placement place) : IParameterSource
{
    public Parameter Take(string name, Start start, long[] shape)
    {
        using var _ = no_grad();
        var values = start == Start.Ones ? ones(shape, dtype: place.Type, device: place.Device) : zeros(shape, dtype: place.Type, device: place.Device);
        var head = RewardHeads.Has(name);
        if (start == Start.Normal && !(head && zeroHead)) RandomWeights.Normal(values, deviation, seed, name);
        return nn.Parameter(values);
    }
}

/// <summary>The element type and the device of a model's parameters.</summary>
internal readonly record struct Placement(ScalarType Type, Device Device);
