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
// of its size (GenARM), and by a reward model among ten candidates (ARGS). Each side is a process of its own; they do each
// work in turn, several rounds after one that does not count. A ratio is the median over the rounds, of two runs of one
// round; so it holds where the machine's speed drifts.
//
//     dotnet fsi build.fsx bench decode [--rounds N] [--threads N] [--device cpu|cuda] [--only 10M] [--rule plain|guided|args]

string Option(string name, string fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;
int Number(string name, int fallback) => int.Parse(Option(name, fallback.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

var root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
var tokenizer = Path.Combine(root, "scripts/models/gpt2-tokenizer");
var (threads, device) = (Number("--threads", Environment.ProcessorCount), Option("--device", "cpu"));
var (only, rule) = (Option("--only", ""), Option("--rule", ""));
if (args is ["ours", var models, ..])
{
    OurSide.Serve(models, tokenizer, threads, device, Works.Of(only, rule));
    return 0;
}

string[] shared = ["--threads", $"{threads}", "--device", device];
var peer = Path.Combine(AppContext.BaseDirectory, "peer.py");
var python = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(HasTorch);
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
            prompts,
            newTokens = Works.NewTokens,
            candidates = Works.Candidates,
            rewardWeight = Works.RewardWeight,
            works = works.Select(work => new { work.Name, rule = $"{work.Rule}", work.Batch }),
        }, JsonSerializerOptions.Web));
        using var our = new Side(Environment.ProcessPath!, ["ours", folder, .. shared, "--only", name, "--rule", rule], threads);
        using var their = new Side(python, [peer, folder, .. shared], threads);
        var (ours, theirs) = (works.ToDictionary(work => work, _ => new List<Measured>()), works.ToDictionary(work => work, _ => new List<Measured>()));
        for (var round = 0; round <= Number("--rounds", 5); round++)
            foreach (var work in works)
            {
                var (mine, its) = (our.Do(work.Name), their.Do(work.Name));
                if (round == 0) continue;
                ours[work].Add(mine);
                theirs[work].Add(its);
            }
        foreach (var work in works)
        {
            double Speed(Dictionary<Work, List<Measured>> side) => work.Batch * Works.NewTokens / Median(side[work].Select(run => run.Seconds));
            Console.WriteLine(FormattableString.Invariant(
                $"{name} {work.Name}: RewardKit {Speed(ours):0.0} tokens/s (libtorch {ours[work][0].Version}), Python {Speed(theirs):0.0} tokens/s ({theirs[work][0].Version}), {threads} threads"));
            Ratio("", Median(theirs[work].Zip(ours[work], (its, mine) => its.Seconds / mine.Seconds)), Target(work));
            if (work.Rule == Rule.Guided && ours.TryGetValue(new(Rule.Plain, work.Batch), out var plain))
                Ratio("-of-plain", Median(plain.Zip(ours[work], (alone, guided) => alone.Seconds / guided.Seconds)), "0.45");
            // A token's share, on average: where the last candidate of a step is a near tie, the two sides may take another one.
            var same = ours[work][0].Ids.SequenceEqual(theirs[work][0].Ids);
            var difference = same ? Math.Abs(ours[work][0].LogProb - theirs[work][0].LogProb) / Works.NewTokens : double.NaN;
            ratios.Add(FormattableString.Invariant($"ratio decode-{name}-{work.Name}-difference {difference:G2} target 1e-3"));

            void Ratio(string of, double value, string target) =>
                ratios.Add(FormattableString.Invariant($"ratio decode-{name}-{work.Name}{of} {value:0.00} target {target}"));
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

static bool HasTorch(string python)
{
    try
    {
        using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
    catch (System.ComponentModel.Win32Exception)
    {
        return false;
    }
}

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
