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
        var before = ProcessorTime();
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(Command(folder, cache, program, arguments))!;
        var line = process.StandardOutput.ReadLine();
        var seconds = clock.Elapsed.TotalSeconds;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return line is not null && process.ExitCode == 0 ? new(seconds, ProcessorTime() - before)
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    /// <summary>Watches a script that prints a line, and saves it again and again with another line to print.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="cache">The user's cache folder.</param>
    /// <param name="rewardkit">The command.</param>
    /// <param name="script">The script's file.</param>
    /// <param name="times">How often it is saved.</param>
    /// <returns>How long each took from being saved until its line was there; the first of them loads the compiler.</returns>
    /// <exception cref="InvalidOperationException">The line did not come.</exception>
    public static Start[] Saved(string folder, string cache, string rewardkit, string script, int times)
    {
        using var process = Process.Start(Command(folder, cache, rewardkit, "watch", script))!;
        try
        {
            Await(process, "Watching");
            return [.. Enumerable.Range(1, times).Select(time =>
            {
                process.Refresh();
                var before = process.TotalProcessorTime;
                var clock = Stopwatch.StartNew();
                File.AppendAllText(script, $"printfn \"saved {time}\"\n");
                Await(process, $"saved {time}");
                var seconds = clock.Elapsed.TotalSeconds;
                Await(process, "Watching");
                process.Refresh();
                return new Start(seconds, (process.TotalProcessorTime - before).TotalSeconds);
            })];
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private static void Await(Process process, string beginning)
    {
        while (process.StandardOutput.ReadLine() is { } line)
            if (line.StartsWith(beginning, StringComparison.Ordinal)) return;
        throw new InvalidOperationException($"rewardkit watch ended before it printed \"{beginning}\".");
    }

    private static ProcessStartInfo Command(string folder, string cache, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        start.Environment["XDG_CACHE_HOME"] = cache;
        return start;
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
