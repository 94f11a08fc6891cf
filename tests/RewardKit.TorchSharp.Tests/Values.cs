using TorchSharp;

namespace RewardKit.TorchSharp.Tests;

internal static class Values
{
    /// <summary>The elements of a Float32 tensor in index order.</summary>
    public static float[] Floats(this torch.Tensor tensor) => tensor.data<float>().ToArray();

    /// <summary>The elements of an Int64 tensor in index order.</summary>
    public static long[] Longs(this torch.Tensor tensor) => tensor.data<long>().ToArray();

    public static bool[] Bools(this torch.Tensor tensor) => tensor.data<bool>().ToArray();
}
