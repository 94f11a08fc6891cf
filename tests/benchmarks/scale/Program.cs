using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using RewardKit.Benchmarks.Train;
using RewardKit.Torch;
using TorchSharp;

// Bradley-Terry training of the same model on the same batches: two processes of one thread each, which sum their gradients
// over loopback, against one process of two threads. In turn.
//
//     dotnet fsi build.fsx bench scale [--sizes 1M,10M] [--rounds N] [--steps N] [--epochs N]

if (args is ["train", var folder, var threads, var passes])
{
    var place = ProcessPlace.FromEnvironment();
    using var group = place is null ? null : ProcessGroup.Join(place, torch.CPU, TimeSpan.FromMinutes(2));
    var line = OurSide.Train(folder, Number(threads), Number(passes), group);
    if (group is not { Rank: > 0 }) Console.WriteLine(line);
    return 0;
}

string Option(string name, string fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;

if (!ProcessGroup.IsSupported(DeviceType.CPU))
{
    Console.Error.WriteLine("This benchmark needs Gloo. On Debian type: sudo apt-get install -y libgloo-dev && dotnet fsi build.fsx setup");
    return 2;
}
var (rounds, steps, epochs) = (Number(Option("--rounds", "3")), Number(Option("--steps", "3")), Number(Option("--epochs", "3")));
var ratios = new List<string>();
foreach (var size in Option("--sizes", "1M,10M").Split(','))
{
    var work = Directory.CreateTempSubdirectory("rewardkit-bench-").FullName;
    try
    {
        var about = OurSide.Prepare(work, size, pairs: (steps + 1) * OurSide.Batch);
        Console.WriteLine(FormattableString.Invariant(
            $"{size}: {about.Parameters / 1e6:0.00} million parameters, HH-RLHF helpful-base, {OurSide.Batch} pairs a batch, {about.Mean:0} tokens a text on average, {about.Longest} at most"));
        var found = new List<double>();
        for (var round = 1; round <= rounds; round++)
        {
            var one = Show($"round {round}  one process, two threads", Measure(work, processes: 1, threads: 2));
            var two = Show($"round {round}  two processes, a thread each", Measure(work, processes: 2, threads: 1));
            found.Add(two / one);
        }
        // The middle one: a busy machine makes single rounds differ either way.
        found.Sort();
        ratios.Add(FormattableString.Invariant($"ratio scale-{size} {found[found.Count / 2]:G4} target 0.9"));
    }
    finally
    {
        Directory.Delete(work, recursive: true);
    }
}
foreach (var ratio in ratios) Console.WriteLine(ratio);
return 0;

double Measure(string work, int processes, int threads)
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    var port = ((IPEndPoint)listener.LocalEndpoint).Port;
    listener.Stop();
    var running = Enumerable.Range(0, processes).Select(rank =>
    {
        string[] dll = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var info = new ProcessStartInfo(Environment.ProcessPath!, [.. dll, "train", work, $"{threads}", $"{epochs}"]) { RedirectStandardOutput = true };
        info.Environment["OMP_NUM_THREADS"] = $"{threads}";
        var place = new Dictionary<string, string>
        {
            ["RANK"] = $"{rank}",
            ["WORLD_SIZE"] = $"{processes}",
            ["LOCAL_RANK"] = $"{rank}",
            ["MASTER_ADDR"] = "127.0.0.1",
            ["MASTER_PORT"] = $"{port}",
        };
        foreach (var (name, value) in place)
            if (processes > 1) info.Environment[name] = value;
        return Process.Start(info)!;
    }).ToArray();
    var output = running[0].StandardOutput.ReadToEnd();
    foreach (var process in running) process.WaitForExit();
    if (running.Any(p => p.ExitCode != 0)) throw new InvalidOperationException("A process of the benchmark failed; see above.");
    return JsonDocument.Parse(output).RootElement.GetProperty("pairs_per_second").GetDouble();
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static double Show(string who, double pairsPerSecond)
{
    Console.WriteLine(FormattableString.Invariant($"{who,-40} {pairsPerSecond,8:0.00} pairs/s"));
    return pairsPerSecond;
}
