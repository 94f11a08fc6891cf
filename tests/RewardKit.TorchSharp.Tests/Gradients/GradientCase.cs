using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Gradients;

/// <summary>An operator, how to call it, and inputs by which it is differentiated.</summary>
internal sealed record GradientCase(string Operator, Func<Tensor[], Tensor[]> Call, Domain[] Inputs)
{
    public static GradientCase One(string op, Func<Tensor[], Tensor> call, params Domain[] inputs) => new(op, x => [call(x)], inputs);

    public static GradientCase Many(string op, Func<Tensor[], Tensor[]> call, params Domain[] inputs) => new(op, call, inputs);

    /// <summary>Indices beside an input.</summary>
    public static Tensor Longs(Tensor beside, long[] shape, params long[] values) => tensor(values, shape, device: beside.device);

    /// <summary>A mask beside an input.</summary>
    public static Tensor Mask(Tensor beside, long[] shape, params bool[] values) => tensor(values, shape, device: beside.device);

    public override string ToString() => Operator;
}
