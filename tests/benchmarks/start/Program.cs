using System.Globalization;
using System.Reflection;
using RewardKit.Benchmarks.Start;

// From typing the command to the script's first line: cold, where nothing was ever compiled (an empty cache folder, and no
// rewardkit.fsx beside the script); warm, where the script changed since; cached, where nothing did. And from saving a script
// to its first line, where `rewardkit watch` has compiled it before. Beside them `dotnet fsi` with a script of one line, and the
// parts that a cached start is made of. All in turn, in rounds, as processes of their own.
//
//     dotnet fsi build.fsx bench start [--rounds N]

if (args is ["empty"])
{
    Console.WriteLine("empty");
    return 0;
}

var rounds = args is ["--rounds", var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 5;
var root = typeof(Start).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
var rewardkit = Path.Combine(root, "artifacts", "rewardkit");
var work = Directory.CreateTempSubdirectory("rewardkit-bench-").FullName;
var starts = new Dictionary<string, List<Start>>();
try
{
    File.WriteAllText(Path.Combine(work, "hello.fsx"), "printfn \"hello\"\n");
    for (var round = 1; round <= rounds; round++)
    {
        var folder = Directory.CreateDirectory(Path.Combine(work, $"round {round}")).FullName;
        var (script, cache) = (Path.Combine(folder, "first.fsx"), Path.Combine(folder, "cache"));
        var text = "#load \"rewardkit.fsx\"\nopen RewardKit\nlet loss = Loss.bradleyTerry ()\nprintfn \"hello\"\n";
        File.WriteAllText(script, text);
        Take("dotnet fsi, one line", "dotnet", "fsi", "--nologo", Path.Combine(work, "hello.fsx"));
        Take("cold", rewardkit, "run", script);
        File.WriteAllText(script, text + "printfn \"changed\"\n");
        Take("warm", rewardkit, "run", script);
        Take("cached", rewardkit, "run", script);
        Add("saved, in rewardkit watch", Start.Saved(folder, cache, rewardkit, script, times: 2)[1]);
        Take("  a .NET program that does nothing", Environment.ProcessPath!, "empty");
        Take("  rewardkit --version", rewardkit, "--version");
        File.WriteAllText(Path.Combine(folder, "plain.fsx"), "printfn \"hello\"\n");
        Start.Of(folder, cache, rewardkit, "run", "plain.fsx");
        Take("  cached, without rewardkit.fsx", rewardkit, "run", "plain.fsx");

        void Take(string what, string program, params string[] arguments) => Add(what, Start.Of(folder, cache, program, arguments));

        void Add(string what, Start taken) => (starts.TryGetValue(what, out var all) ? all : starts[what] = []).Add(taken);
    }
    Console.WriteLine($"Medians of {rounds} rounds; the load of this machine is {File.ReadAllText("/proc/loadavg").Split(' ')[0]} on {Environment.ProcessorCount} cores");
    foreach (var (what, all) in starts)
        Console.WriteLine(FormattableString.Invariant(
            $"{what,-36} {Median(all.Select(s => s.Seconds)),6:0.000} s to the first line (least {all.Min(s => s.Seconds):0.000})  {Median(all.Select(s => s.ProcessorSeconds)),6:0.000} s of processor time"));
    Ratio("start-cold-seconds", Median(starts["cold"].Select(s => s.Seconds)), 3);
    Ratio("start-warm-seconds", Median(starts["warm"].Select(s => s.Seconds)), 1);
    Ratio("start-saved-seconds", Median(starts["saved, in rewardkit watch"].Select(s => s.Seconds)), 1);
    Ratio("start-cached-seconds", Median(starts["cached"].Select(s => s.Seconds)), 0.5);
    Ratio("start-cached-of-fsi-processor-time", Of(s => s.ProcessorSeconds), 0.25);
    Ratio("start-cached-of-fsi", Of(s => s.Seconds), 0.25);
    return 0;
}
finally
{
    Directory.Delete(work, recursive: true);
}

// Of one round each, so that what else the machine does weighs on both.
double Of(Func<Start, double> measure) =>
    Median(starts["cached"].Zip(starts["dotnet fsi, one line"], (ours, fsi) => measure(ours) / measure(fsi)));

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToArray();
    return sorted[sorted.Length / 2];
}

static void Ratio(string name, double value, double target) =>
    Console.WriteLine(FormattableString.Invariant($"ratio {name} {value:G4} target {target}"));
