using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>Several processes over c10d.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] public static partial int rk_distributed_lacks(int cuda);
    [LibraryImport(Library)] private static partial int rk_store_open(byte* host, int port, int server, byte* prefix, long timeout, nint* store);
    [LibraryImport(Library)] public static partial void rk_store_free(nint store);
    [LibraryImport(Library)] private static partial int rk_store_set(nint store, byte* key, byte* value, long bytes);
    [LibraryImport(Library)] private static partial int rk_store_get(nint store, byte* key, byte** value, long* bytes);
    [LibraryImport(Library)] private static partial int rk_group_open(nint store, byte* host, int cuda, int rank, int size, long timeout, nint* group);
    [LibraryImport(Library)] public static partial void rk_group_free(nint group);
    [LibraryImport(Library)] public static partial int rk_group_sum(nint group, nint tensor);
    [LibraryImport(Library)] public static partial int rk_group_broadcast(nint group, nint tensor, int root);
    [LibraryImport(Library)]
    public static partial int rk_buckets_new(nint group, nint* parameters, int count, long firstBytes, long bytes, nint* buckets);
    [LibraryImport(Library)] public static partial void rk_buckets_free(nint buckets);
    [LibraryImport(Library)] public static partial int rk_buckets_arm(nint buckets);
    [LibraryImport(Library)] public static partial int rk_buckets_finish(nint buckets);
    [LibraryImport(Library)] public static partial void rk_buckets_counts(nint buckets, long* count, long* early);

    /// <summary>The store's handle; 0 and <see cref="LastError"/> where it cannot be reached.</summary>
    public static nint OpenStore(string host, int port, bool server, string prefix, TimeSpan timeout)
    {
        nint store = 0;
        fixed (byte* hostBytes = Terminated(host))
        fixed (byte* prefixBytes = Terminated(prefix))
            return rk_store_open(hostBytes, port, server ? 1 : 0, prefixBytes, (long)timeout.TotalMilliseconds, &store) == 0 ? store : 0;
    }

    /// <summary>Whether it was set; <see cref="LastError"/> if not.</summary>
    public static bool StoreSet(nint store, string key, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        fixed (byte* keyBytes = Terminated(key))
        fixed (byte* valueBytes = bytes)
            return rk_store_set(store, keyBytes, valueBytes, bytes.Length) == 0;
    }

    /// <summary>Whether the store answered; <see cref="LastError"/> if not. The value is null where the key is not set.</summary>
    public static bool StoreGet(nint store, string key, out string? value)
    {
        byte* found;
        long count;
        value = null;
        fixed (byte* keyBytes = Terminated(key))
            if (rk_store_get(store, keyBytes, &found, &count) != 0) return false;
        if (found == null) return true;
        value = Encoding.UTF8.GetString(found, (int)count);
        rk_memory_free((nint)found);
        return true;
    }

    /// <summary>The group's handle; 0 and <see cref="LastError"/> where the processes do not find each other.</summary>
    public static nint OpenGroup(nint store, string host, bool cuda, int rank, int size, TimeSpan timeout)
    {
        nint group = 0;
        fixed (byte* hostBytes = Terminated(host))
            return rk_group_open(store, hostBytes, cuda ? 1 : 0, rank, size, (long)timeout.TotalMilliseconds, &group) == 0 ? group : 0;
    }
}
