using TorchSharp;

namespace RewardKit.Torch;

/// <summary>How many tensors the calling thread has made and not yet disposed, so that a test can find leaks.</summary>
public static class LiveTensors
{
    /// <summary>Tensors made on this thread, in a dispose scope or outside, less those disposed since.</summary>
    public static long Count => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
}
