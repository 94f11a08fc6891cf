using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// The processes of a run and what they do together, over PyTorch's c10d: Gloo for tensors on the processor, NCCL on CUDA. All
/// must call the same functions in the same order, one thread of each at a time.
/// </summary>
public sealed class ProcessGroup : IDisposable
{
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(10);
    private nint _handle;

    private ProcessGroup(ProcessPlace place, Device device, KeyStore store, nint handle) =>
        (Rank, Size, Device, Store, _handle) = (place.Rank, place.Size, device, store, handle);

    /// <summary>How long a process waits for another one by default.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(30);

    /// <summary>This process, from 0.</summary>
    public int Rank { get; }

    /// <summary>How many there are.</summary>
    public int Size { get; }

    /// <summary>Where this process's tensors are.</summary>
    public Device Device { get; }

    /// <summary>Small texts that all of them see.</summary>
    public KeyStore Store { get; }

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>Joins the group; returns when all are there.</summary>
    /// <param name="place">This process.</param>
    /// <param name="device">Where its tensors will be; on CUDA, each process of a machine has a device of its own.</param>
    /// <param name="timeout">
    /// How long to wait for another process, now and in each call, before it counts as lost. One that died is noticed at once
    /// where its machine still closes its connections.
    /// </param>
    /// <exception cref="NotSupportedException">This build, its libtorch or its headers cannot do it; the message says what to type.</exception>
    /// <exception cref="LostProcessException">The others did not come.</exception>
    public static ProcessGroup Join(ProcessPlace place, Device device, TimeSpan timeout)
    {
        CheckSupport(device.type);
#if TORCH_PACKAGE
        throw Provider.Lacks("A process group");
#else
        InitializeDevice(device);
        var store = KeyStore.Open(place, timeout);
        var handle = Native.OpenGroup(store.Handle, place.Host, device.type == DeviceType.CUDA, place.Rank, place.Size, timeout);
        if (handle != 0) return new(place, device, store, handle);
        var error = Lost("connecting to the other processes");
        store.Dispose();
        throw error;
#endif
    }

    /// <summary>Whether processes with tensors on a kind of device can form a group here.</summary>
    public static bool IsSupported(DeviceType device) => Missing(device) is null;

    /// <summary>Refuses, and says what to do, where processes cannot form a group.</summary>
    internal static void CheckSupport(DeviceType device, bool needsGroup = true)
    {
        if (Missing(device, needsGroup) is { } missing) throw new NotSupportedException(missing);
    }

    private static string? Missing(DeviceType device, bool needsGroup = true)
    {
#if TORCH_PACKAGE
        return Provider.Lacks("Training in several processes").Message;
#else
        if (device is not (DeviceType.CPU or DeviceType.CUDA)) return $"Several processes are offered on CPU and CUDA, not on {device}";
        const string again = "then build the native part again (in RewardKit's repository: `dotnet fsi build.fsx setup`)";
        return Native.rk_distributed_lacks(device == DeviceType.CUDA ? 1 : 0) switch
        {
            1 => $"Training in several processes needs a libtorch built with c10d (USE_DISTRIBUTED), and the one in use, {Native.TorchVersion}, was not. Set LIBTORCH to the folder of another, such as PyTorch's, {again}.",
            2 when needsGroup && device == DeviceType.CUDA => $"Training in several processes on CUDA needs NCCL's header nccl.h, and the native part was built without. Have PyTorch's nvidia-nccl package beside it, or set CUDA_HOME, {again}.",
            2 when needsGroup => $"Training in several processes needs Gloo's headers, and the native part was built without. On Debian or Ubuntu type `sudo apt-get install -y libgloo-dev`, {again}.",
            _ => null,
        };
#endif
    }

    /// <summary>Sums a tensor over all processes, in place; it has the same shape and type in each.</summary>
    /// <exception cref="LostProcessException">A process is gone, or did not come in time.</exception>
    public void Sum(Tensor tensor)
    {
#if !TORCH_PACKAGE
        if (Native.rk_group_sum(Handle, tensor.Handle) != 0) throw Lost("adding up over the processes");
        GC.KeepAlive(tensor);
#endif
    }

    /// <summary>Sums numbers over all processes.</summary>
    /// <exception cref="LostProcessException">A process is gone, or did not come in time.</exception>
    public double[] Sum(params double[] numbers)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sums = tensor(numbers, dtype: ScalarType.Float64, device: Device);
        Sum(sums);
        return sums.cpu().data<double>().ToArray();
    }

    /// <summary>Gives every process the values that a tensor has in one, in place.</summary>
    /// <exception cref="LostProcessException">A process is gone, or did not come in time.</exception>
    public void Broadcast(Tensor tensor, int root = 0)
    {
#if !TORCH_PACKAGE
        if (Native.rk_group_broadcast(Handle, tensor.Handle, root) != 0) throw Lost($"getting the values of process {root}");
        GC.KeepAlive(tensor);
#endif
    }

    /// <summary>What each process gives, by rank, in every process; for small things.</summary>
    /// <exception cref="LostProcessException">A process is gone, or did not come in time.</exception>
    public byte[][] Gather(byte[] mine)
    {
        var own = new double[Size];
        own[Rank] = mine.Length;
        var lengths = Sum(own);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // The places do not overlap, so that the sum is all of them.
        var all = new byte[(int)lengths.Sum()];
        mine.CopyTo(all, (int)lengths.Take(Rank).Sum());
        if (all.Length == 0) return [.. lengths.Select(_ => Array.Empty<byte>())];
        var places = from_array(all).to(Device);
        Sum(places);
        var bytes = places.cpu().data<byte>().ToArray();
        var parts = new byte[Size][];
        for (int rank = 0, from = 0; rank < Size; from += parts[rank++].Length) parts[rank] = bytes[from..(from + (int)lengths[rank])];
        return parts;
    }

    /// <summary>Returns when all processes have come here.</summary>
    /// <exception cref="LostProcessException">A process is gone, or did not come in time.</exception>
    public void Barrier() => Sum(0.0);

    /// <summary>Leaves in good order; process 0, which may serve the store, waits a while until the others have left.</summary>
    public void Dispose()
    {
        if (_handle == 0) return;
        try
        {
            Store.Set(Left(Rank), "");
            for (var rank = 1; Rank == 0 && rank < Size; rank++) Store.TryGet(Left(rank), s_farewell);
        }
        catch (LostProcessException)
        {
            // Nobody is left to wait for.
        }
#if !TORCH_PACKAGE
        Native.rk_group_free(_handle);
#endif
        _handle = 0;
        Store.Dispose();

        static string Left(int rank) => string.Create(CultureInfo.InvariantCulture, $"left/{rank}");
    }

#if !TORCH_PACKAGE
    internal static LostProcessException Lost(string doing) => new($"{doing}: {Native.LastError}");
#endif
}
