using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using RewardKit;
using RewardKit.Benchmarks.Decode;
using RewardKit.Models;
using RewardKit.Models.Tokenization;

// Tokens a second with a cache of keys and values: RewardKit's generator against a plain PyTorch implementation over the
// same libtorch, with the same weights and prompts, greedy with log-probabilities; by one model alone, guided by another
// of its size (GenARM), and by a reward model among ten candidates (ARGS). Each side runs as a process of its own, in
// turn, several rounds; a side's fastest run of a round counts, and the median over the rounds.
//
//     dotnet fsi build.fsx bench decode [--rounds N] [--runs N] [--threads N] [--device cpu|cuda] [--only 10M] [--rule plain|guided|args]

string Option(string name, string fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;
int Number(string name, int fallback) => int.Parse(Option(name, fallback.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

var root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
var tokenizer = Path.Combine(root, "scripts/models/gpt2-tokenizer");
var (threads, runs, device) = (Number("--threads", Environment.ProcessorCount), Number("--runs", 2), Option("--device", "cpu"));
var (only, rule) = (Option("--only", ""), Option("--rule", ""));
if (args is ["ours", var models, ..])
{
    Console.WriteLine(OurSide.Run(models, tokenizer, threads, device, runs, Works.Of(only, rule)));
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
foreach (var (name, config) in Works.Models.Where(m => only.Length == 0 || only == m.Name))
{
    var works = Works.Of(name, rule);
    if (works.Length == 0) continue;
    var folder = Directory.CreateTempSubdirectory("rewardkit-decode-").FullName;
    try
    {
        var encoder = Write(folder, config);
        int[][] prompts = [.. Enumerable.Range(0, works.Max(work => work.Batch)).Select(row => encoder.EncodePrompt(Conversation.User(Works.Prompt(encoder.Tokenizer, row))).Ids)];
        File.WriteAllText(Path.Combine(folder, "works.json"), JsonSerializer.Serialize(new
        {
            prompts, newTokens = Works.NewTokens, candidates = Works.Candidates, rewardWeight = Works.RewardWeight,
            works = works.Select(work => new { work.Name, rule = $"{work.Rule}", work.Batch }),
        }, JsonSerializerOptions.Web));
        var (ours, theirs) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < Number("--rounds", 3); round++)
        {
            ours.Add(Read(Environment.ProcessPath!, ["ours", folder, .. shared, "--only", name, "--rule", rule]));
            theirs.Add(Read(python, [peer, folder, .. shared]));
        }
        foreach (var (work, key) in works.Select(work => (work, work.Name)))
        {
            double Speed(List<Measured> side) => work.Batch * Works.NewTokens / Median([.. side.Select(m => m.Seconds[key])]);
            Console.WriteLine(FormattableString.Invariant(
                $"{name} {key}: RewardKit {Speed(ours):0.0} tokens/s (libtorch {ours[0].Version}), Python {Speed(theirs):0.0} tokens/s ({theirs[0].Version}), {threads} threads"));
            ratios.Add(FormattableString.Invariant($"ratio decode-{name}-{key} {Speed(ours) / Speed(theirs):0.00} target {Target(work)}"));
            if (work.Rule == Rule.Guided && works.Contains(new(Rule.Plain, work.Batch)))
            {
                // Of the same round, in whose turns the two ran.
                var share = Median([.. ours.Select(m => m.Seconds[new Work(Rule.Plain, work.Batch).Name] / m.Seconds[key])]);
                ratios.Add(FormattableString.Invariant($"ratio decode-{name}-{key}-of-plain {share:0.00} target 0.45"));
            }
            // A token's share, on average: where the last candidate of a step is a near tie, the two sides may take another one.
            var same = ours[0].Ids[key].SequenceEqual(theirs[0].Ids[key]);
            ratios.Add(FormattableString.Invariant(
                $"ratio decode-{name}-{key}-difference {(same ? Math.Abs(ours[0].LogProbs[key] - theirs[0].LogProbs[key]) / Works.NewTokens : double.NaN):G2} target 1e-3"));
        }
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}
ratios.ForEach(Console.WriteLine);
return 0;

// Three models of one shape with other weights.
PairEncoder Write(string folder, ModelConfig config)
{
    var encoder = new PairEncoder(Tokenizer.Load(tokenizer), new BareTemplate(), 1024, 1);
    // The tokenizer only has to fit, and its template is not used.
    var saved = new PairEncoder(encoder.Tokenizer, ChatTemplate.For(encoder.Tokenizer), 2, 1);
    foreach (var (name, seed) in new[] { ("base", 1), ("guide", 2) })
        using (var random = CausalModel.Create(new() { Configuration = config }, seed)) random.Save(Path.Combine(folder, name), saved);
    using (var random = RewardModel.Create(new() { Configuration = config }, new(), seed: 3)) random.Save(Path.Combine(folder, "reward"), saved);
    return encoder;
}

static string Target(Work work) => work switch
{
    { Rule: Rule.Guided } => "1.3",
    { Rule: Rule.Plain, Batch: 1 } => "1.2",
    _ => "1",
};

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
