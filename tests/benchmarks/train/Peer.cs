using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RewardKit.Models.Safetensors;
using TorchSharp;

namespace RewardKit.Benchmarks.Train;

/// <summary>What a side reached.</summary>
internal sealed record Measured(double PairsPerSecond, long PeakBytes);

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
                Run(python, ["-c", "import torch"]);
                return true;
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        });

    /// <summary>RewardKit's training, with so many pairs in one forward and backward pass.</summary>
    public static Measured Ours(string work, int threads, int epochs) =>
        Read(Run(Environment.ProcessPath!, ["ours", work, Text(threads), Text(epochs)]));

    public static Measured OurScores(string work, int threads) => Read(Run(Environment.ProcessPath!, ["score", work, Text(threads)]));

    public static Measured Python(string python, string work, int threads, int steps, string mode, bool score = false) =>
        Read(Run(python,
        [
            Script, .. Files(work), "--threads", Text(threads), "--steps", Text(steps), "--mode", mode, "--batch", Text(OurSide.Batch),
            .. score ? (string[])["--score"] : [],
        ]));

    /// <summary>The largest absolute difference between any two gradients of the first batch.</summary>
    public static double GradientDifference(string python, string work, int threads)
    {
        var file = Path.Combine(work, "gradients.safetensors");
        Run(python, [Script, .. Files(work), "--threads", Text(threads), "--batch", Text(OurSide.Batch), "--gradients", file]);
        var ours = OurSide.Gradients(work);
        using var scope = torch.NewDisposeScope();
        using var theirs = SafetensorsReader.Open(file);
        if (!theirs.Entries.Select(e => e.Name).Order().SequenceEqual(ours.Keys.Order()))
            throw new InvalidOperationException("The two sides have gradients of different parameters.");
        return ours.Max(g => theirs.Read(g.Key).data<float>().ToArray().Zip(g.Value, (a, b) => Math.Abs((double)a - b)).Max());
    }

    private static string[] Files(string work) => ["--model", Path.Combine(work, "model"), "--pairs", Path.Combine(work, "pairs.jsonl")];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static Measured Read(string line)
    {
        using var json = JsonDocument.Parse(line);
        return new(json.RootElement.GetProperty("pairs_per_second").GetDouble(), json.RootElement.GetProperty("peak_bytes").GetInt64());
    }

    private static string Run(string file, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // RewardKit's setting for libgomp: without it a PyTorch over OpenBLAS is slower, which is not what is compared here.
        info.Environment.TryAdd("GOMP_SPINCOUNT", "2000");
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Trim().Split('\n')[^1]
            : throw new InvalidOperationException($"{file} ended with {process.ExitCode}: {error.Result}");
    }
}
