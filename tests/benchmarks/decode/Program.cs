using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using RewardKit.Benchmarks.Decode;
using RewardKit.Models;
using RewardKit.Models.Tokenization;

// Tokens a second with a cache of keys and values: RewardKit's generator against a plain PyTorch implementation over the
// same libtorch, with the same weights and prompts, greedy with log-probabilities. Each side runs as a process of its
// own, in turn, several rounds; a side's fastest run of a round counts, and the median over the rounds.
//
//     dotnet fsi build.fsx bench decode [--rounds N] [--runs N] [--threads N] [--device cpu|cuda] [--only 10M]

string Option(string name, string fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;
int Number(string name, int fallback) => int.Parse(Option(name, fallback.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

var root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
var tokenizer = Path.Combine(root, "scripts/models/gpt2-tokenizer");
var (threads, runs, device) = (Number("--threads", Environment.ProcessorCount), Number("--runs", 3), Option("--device", "cpu"));
if (args is ["ours", var model, ..])
{
    Console.WriteLine(OurSide.Run(model, tokenizer, threads, device, runs));
    return 0;
}

string[] shared = ["--threads", $"{threads}", "--device", device, "--runs", $"{runs}"];
var peer = Path.Combine(AppContext.BaseDirectory, "peer.py");
var python = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(python => Run(python, ["-c", "import torch"]) is not null);
if (python is null)
{
    Console.Error.WriteLine("This benchmark compares with PyTorch, which is not here. Type: sudo apt-get install -y python3-torch");
    return 2;
}

var ratios = new List<string>();
foreach (var (name, config) in Works.Models.Where(m => Option("--only", m.Name) == m.Name))
{
    var folder = Directory.CreateTempSubdirectory("rewardkit-decode-").FullName;
    try
    {
        // The tokenizer only has to fit: nothing here is text.
        using (var random = CausalModel.Create(new() { Configuration = config }, 1))
            random.Save(Path.Combine(folder, "model"), new PairEncoder(Tokenizer.Load(tokenizer), ChatTemplate.For(Tokenizer.Load(tokenizer)), 2, 1));
        var (ours, theirs) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < Number("--rounds", 3); round++)
        {
            ours.Add(Read(Environment.ProcessPath!, ["ours", Path.Combine(folder, "model"), .. shared]));
            theirs.Add(Read(python, [peer, Path.Combine(folder, "model"), .. shared]));
        }
        foreach (var batch in Works.Batches)
        {
            var key = $"batch-{batch}";
            double Speed(List<Measured> side) => batch * Works.NewTokens / Median([.. side.Select(m => m.Seconds[key])]);
            Console.WriteLine(FormattableString.Invariant(
                $"{name} batch {batch}: RewardKit {Speed(ours):0.0} tokens/s (libtorch {ours[0].Version}), Python {Speed(theirs):0.0} tokens/s ({theirs[0].Version}), {threads} threads"));
            ratios.Add(FormattableString.Invariant($"ratio decode-{name}-{key} {Speed(ours) / Speed(theirs):0.00} target {(batch == 1 ? "1.2" : "1")}"));
            var same = ours[0].Ids[key].SequenceEqual(theirs[0].Ids[key]);
            ratios.Add(FormattableString.Invariant(
                $"ratio decode-{name}-{key}-difference {(same ? Math.Abs(ours[0].LogProbs[key] - theirs[0].LogProbs[key]) : double.NaN):G2} target 1e-2"));
        }
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}
ratios.ForEach(Console.WriteLine);
return 0;

Measured Read(string file, string[] arguments) =>
    JsonSerializer.Deserialize<Measured>((Run(file, arguments) ?? throw new InvalidOperationException($"{file} failed")).Trim().Split('\n')[^1], JsonSerializerOptions.Web)!;

string? Run(string file, string[] arguments)
{
    var info = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
    // RewardKit's setting for libgomp: without it a PyTorch over OpenBLAS is slower, which is not what is compared here.
    info.Environment.TryAdd("GOMP_SPINCOUNT", "2000");
    // OpenBLAS and OpenMP read their number of threads when they are loaded.
    info.Environment["OMP_NUM_THREADS"] = info.Environment["OPENBLAS_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
    try
    {
        using var process = Process.Start(info)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 && arguments[0] != "-c") Console.Error.WriteLine(errors.Result);
        return process.ExitCode == 0 ? output : null;
    }
    catch (System.ComponentModel.Win32Exception)
    {
        return null;
    }
}

static double Median(double[] values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
