using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Sums the gradients of a model over the processes of a group while the backward pass goes on, in the way of PyTorch's
/// DistributedDataParallel (Li et al., arXiv:2006.15704): parameters that follow each other, from the last to the first, share a
/// flat tensor of some 25 MB, and its sum is started when its last gradient is there.
/// </summary>
/// <remarks>
/// The gradients are sums, not means; scale the loss to what the sum should be. A parameter's gradient afterwards is a part of
/// its bucket. Every process must have the same parameters in the same order.
/// </remarks>
public sealed class GradientBuckets : IDisposable
{
#if !TORCH_PACKAGE
    private readonly ProcessGroup _group;
    private nint _handle;
#endif

    /// <summary>Makes the buckets, and hooks onto the parameters until disposed.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="parameters">The parameters in the order of the model; frozen ones are left out.</param>
    /// <param name="bytes">The size of a bucket, at least; a parameter is never cut.</param>
    /// <param name="firstBytes">That of the first, which is smaller so that its sum starts early.</param>
    /// <exception cref="NotSupportedException">This build cannot do it.</exception>
    public unsafe GradientBuckets(ProcessGroup group, IEnumerable<Parameter> parameters, long bytes = 25 << 20, long firstBytes = 1 << 20)
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Summing gradients over processes");
#else
        _group = group;
        Parameter[] trained = [.. parameters.Where(p => p.requires_grad)];
        nint[] handles = [.. trained.Select(p => p.Handle)];
        nint made;
        fixed (nint* first = handles)
            Native.Check(Native.rk_buckets_new(group.Handle, first, handles.Length, firstBytes, bytes, &made), "making buckets for gradients");
        GC.KeepAlive(trained);
        _handle = made;
#endif
    }

    /// <summary>How many buckets there are.</summary>
    public long Count => Counts().Count;

    /// <summary>How many were sent off while a backward pass was still going on, since the start.</summary>
    public long SentEarly => Counts().Early;

    /// <summary>
    /// From now on gradients are sent off as they come: call it before the last backward pass of a step. What earlier passes
    /// of the step left in the gradients is part of the sum.
    /// </summary>
    public void Begin()
    {
#if !TORCH_PACKAGE
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        Native.Check(Native.rk_buckets_arm(_handle), "starting to sum gradients");
#endif
    }

    /// <summary>
    /// Waits until every gradient is the sum over the processes. One that a process lacks counts as zero there; a parameter
    /// for which no process has one keeps none. A process without a backward pass in the step calls <see cref="Begin"/>, too.
    /// </summary>
    /// <exception cref="LostProcessException">A process is gone, or did not come in time.</exception>
    public void Finish()
    {
#if !TORCH_PACKAGE
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        if (Native.rk_buckets_finish(_handle) != 0) throw ProcessGroup.Lost("summing gradients over the processes");
        GC.KeepAlive(_group);
#endif
    }

    /// <summary>Takes the hooks off and frees the buckets.</summary>
    public void Dispose()
    {
#if !TORCH_PACKAGE
        if (_handle != 0) Native.rk_buckets_free(_handle);
        _handle = 0;
#endif
    }

    private unsafe (long Count, long Early) Counts()
    {
#if TORCH_PACKAGE
        return default;
#else
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        long count, early;
        Native.rk_buckets_counts(_handle, &count, &early);
        return (count, early);
#endif
    }
}
