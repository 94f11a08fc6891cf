#if TORCH_PACKAGE
namespace RewardKit.Torch;

internal static class Provider
{
    /// <summary>For what cannot be written in TorchSharp calls.</summary>
    public static NotSupportedException Lacks(string what) =>
        new($"{what} needs RewardKit's own torch layer, and this build stands on the TorchSharp package. Build with -p:TorchProvider=system.");
}
#endif
