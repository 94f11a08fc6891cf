using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RewardKit.Models;

namespace RewardKit.Benchmarks.Load;

/// <summary>What a side took.</summary>
/// <param name="Seconds">From the start of the call until the model, or the buffer, is there.</param>
/// <param name="CpuSeconds">What the processor worked for it.</param>
/// <param name="GrownBytes">The peak of resident memory less what was resident before the call.</param>
internal sealed record Measured(double Seconds, double CpuSeconds, long GrownBytes);

/// <summary>The two sides.</summary>
internal static class Sides
{
    public static string Load(string folder, string dtype, string small)
    {
        // Loading libtorch and compiling code are no part of loading a model: they cost the same once for any size.
        CausalModel.Create(new ModelSpec { Folder = small, Dtype = dtype }, 0).Dispose();
        return Measure(() => CausalModel.Create(new ModelSpec { Folder = folder, Dtype = dtype }, 0));
    }

    public static string Read(string file) => Measure(() => File.ReadAllBytes(file));

    private static string Measure<T>(Func<T> work)
    {
        var before = Status("VmRSS");
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        var result = work();
        clock.Stop();
        cpu = Environment.CpuUsage.TotalTime - cpu;
        var grown = Status("VmHWM") - before;
        GC.KeepAlive(result);
        return JsonSerializer.Serialize(new Measured(clock.Elapsed.TotalSeconds, cpu.TotalSeconds, grown));
    }

    private static long Status(string key)
    {
        var line = File.ReadLines("/proc/self/status").Single(l => l.StartsWith(key + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
