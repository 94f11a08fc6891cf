using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RewardKit.Benchmarks.Start;

/// <summary>How long a command took to its first line, and what processor time it used to its end.</summary>
/// <param name="Seconds">From starting the process until its first line was read.</param>
/// <param name="ProcessorSeconds">User and system time, which others' work on the machine changes little.</param>
internal readonly record struct Start(double Seconds, double ProcessorSeconds)
{
    private const int Children = -1;

    /// <summary>Runs a command that prints a line.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="cache">The user's cache folder.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="InvalidOperationException">It failed, or printed nothing.</exception>
    public static Start Of(string folder, string cache, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        start.Environment["XDG_CACHE_HOME"] = cache;
        var before = ProcessorTime();
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        var seconds = clock.Elapsed.TotalSeconds;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return line is not null && process.ExitCode == 0 ? new(seconds, ProcessorTime() - before)
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    // Of the processes that have ended and were waited for.
    private static unsafe double ProcessorTime()
    {
        // Two timevals come first, user and system time, and the rest takes less than this.
        var usage = stackalloc long[64];
        if (GetResourceUsage(Children, usage) != 0) throw new InvalidOperationException("getrusage failed.");
        return usage[0] + usage[2] + (usage[1] + usage[3]) / 1e6;
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    private static extern unsafe int GetResourceUsage(int who, long* usage);
}
