using TorchSharp;

namespace RewardKit.Tests;

/// <summary>The elements of a tensor in index order, from whatever device.</summary>
internal static class Values
{
    public static float[] Floats(this torch.Tensor tensor) => Of<float>(tensor);

    public static double[] Doubles(this torch.Tensor tensor) => Of<double>(tensor);

    public static long[] Longs(this torch.Tensor tensor) => Of<long>(tensor);

    public static bool[] Bools(this torch.Tensor tensor) => Of<bool>(tensor);

    private static T[] Of<T>(torch.Tensor tensor) where T : unmanaged
    {
        using var here = tensor.cpu();
        return here.data<T>().ToArray();
    }
}
