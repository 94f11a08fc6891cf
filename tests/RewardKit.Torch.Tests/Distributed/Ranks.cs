using System.Net;
using System.Net.Sockets;
using RewardKit.Torch;
using TorchSharp;

namespace RewardKit.Tests;

/// <summary>Stands in for processes of a group by threads of this one, each with connections of its own.</summary>
public static class Ranks
{
    /// <summary>Runs the work once for each rank at the same time, in a group over loopback; fails as the first that failed.</summary>
    public static T[] Run<T>(int size, Func<ProcessGroup, T> work, double timeout = 60)
    {
        if (!ProcessGroup.IsSupported(DeviceType.CPU)) Assert.Ignore("The native part was built without Gloo's headers (Debian: libgloo-dev)");
        var port = FreePort();
        var results = new T[size];
        var failures = new Exception?[size];
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                using var group = ProcessGroup.Join(new(rank, size, rank, "127.0.0.1", port), torch.CPU, TimeSpan.FromSeconds(timeout));
                results[rank] = work(group);
            }
            catch (Exception e)
            {
                failures[rank] = e;
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failures.FirstOrDefault(f => f is not (null or LostProcessException)) is { } first) throw first;
        if (failures.FirstOrDefault(f => f is not null) is { } lost) throw lost;
        return results;
    }

    /// <summary>A port that was free just now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
