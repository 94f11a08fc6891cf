using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RewardKit.Benchmarks.Torch;

/// <summary>What both sides are told.</summary>
internal sealed record Settings(int Threads, string Device, string Only);

/// <summary>What a side reports: seconds a call by name of the work, and results that must agree.</summary>
internal sealed record Measured(string Version, Dictionary<string, double> Seconds, Dictionary<string, double> Results);

/// <summary>Runs either side as a process and reads its one JSON line.</summary>
internal static class Peer
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "peer.py");

    /// <summary>A Python that has PyTorch, or null.</summary>
    public static string? FindPython() =>
        new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(python =>
        {
            try
            {
                Run(python, ["-c", "import torch"], 1);
                return true;
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        });

    public static Measured Ours(Settings settings) => Read(Run(Environment.ProcessPath!, ["ours", .. Arguments(settings)], settings.Threads));

    public static Measured Python(string python, Settings settings) => Read(Run(python, [Script, .. Arguments(settings)], settings.Threads));

    private static string[] Arguments(Settings settings) =>
        ["--threads", settings.Threads.ToString(CultureInfo.InvariantCulture), "--device", settings.Device, "--only", settings.Only];

    private static Measured Read(string line) => JsonSerializer.Deserialize<Measured>(line, JsonSerializerOptions.Web)!;

    private static string Run(string file, IEnumerable<string> arguments, int threads)
    {
        var info = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // RewardKit's setting for libgomp: without it a PyTorch over OpenBLAS is slower, which is not what is compared here.
        info.Environment.TryAdd("GOMP_SPINCOUNT", "2000");
        // OpenBLAS and OpenMP read their number of threads when they are loaded.
        info.Environment["OMP_NUM_THREADS"] = info.Environment["OPENBLAS_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        // What RewardKit's launcher sets. Without it, OpenMP's threads spin while OpenBLAS's work, and both sides lose.
        info.Environment["OMP_WAIT_POLICY"] = "passive";
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Trim().Split('\n')[^1]
            : throw new InvalidOperationException($"{file} ended with {process.ExitCode}: {error.Result}");
    }
}
