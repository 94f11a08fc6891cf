using TorchSharp;

namespace RewardKit.Torch;

/// <summary>Small texts under keys that all processes of a run see: c10d's TCPStore.</summary>
public sealed class KeyStore : IDisposable
{
    private static readonly TimeSpan s_connecting = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_polling = TimeSpan.FromMilliseconds(20);

    private KeyStore(nint handle) => Handle = handle;

    internal nint Handle { get; private set; }

    /// <summary>Serves the store, or reaches the one that is served.</summary>
    /// <param name="place">This process.</param>
    /// <param name="timeout">How long to try, at most; five minutes are the limit.</param>
    /// <exception cref="NotSupportedException">This build or its libtorch cannot do it.</exception>
    /// <exception cref="LostProcessException">It cannot be served or reached.</exception>
    public static KeyStore Open(ProcessPlace place, TimeSpan timeout)
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("A store for several processes");
#else
        ProcessGroup.CheckSupport(DeviceType.CPU, needsGroup: false);
        var handle = Native.OpenStore(
            place.Host, place.Port, place.Rank == 0 && !place.StoreIsServed, place.Prefix, timeout < s_connecting ? timeout : s_connecting);
        return handle != 0 ? new(handle) : throw Lost($"meeting the other processes at {place.Host}:{place.Port}");
#endif
    }

    /// <summary>Sets a key.</summary>
    /// <exception cref="LostProcessException">The store is gone.</exception>
    public void Set(string key, string value)
    {
#if !TORCH_PACKAGE
        ObjectDisposedException.ThrowIf(Handle == 0, this);
        if (!Native.StoreSet(Handle, key, value)) throw Lost($"setting {key}");
#endif
    }

    /// <summary>The value of a key; null where it is not set.</summary>
    /// <exception cref="LostProcessException">The store is gone.</exception>
    public string? TryGet(string key)
    {
#if TORCH_PACKAGE
        return null;
#else
        ObjectDisposedException.ThrowIf(Handle == 0, this);
        return Native.StoreGet(Handle, key, out var value) ? value : throw Lost($"reading {key}");
#endif
    }

    /// <summary>The value of a key, as soon as it is set.</summary>
    /// <exception cref="LostProcessException">The store is gone.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string Get(string key, CancellationToken cancellation = default)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryGet(key) is { } value) return value;
            cancellation.WaitHandle.WaitOne(s_polling);
        }
    }

    /// <summary>The value of a key, if it is set within a time; null otherwise.</summary>
    /// <exception cref="LostProcessException">The store is gone.</exception>
    public string? TryGet(string key, TimeSpan patience)
    {
        for (var until = Environment.TickCount64 + (long)patience.TotalMilliseconds; ; Thread.Sleep(s_polling))
            if (TryGet(key) is { } value || Environment.TickCount64 >= until) return TryGet(key);
    }

    /// <summary>Leaves the store; the process that serves it ends it.</summary>
    public void Dispose()
    {
#if !TORCH_PACKAGE
        if (Handle != 0) Native.rk_store_free(Handle);
#endif
        Handle = 0;
    }

#if !TORCH_PACKAGE
    private static LostProcessException Lost(string doing) => new($"{doing}: {Native.LastError}");
#endif
}
