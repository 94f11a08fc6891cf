using System.Globalization;
using System.Text.Json;
using RewardKit.Benchmarks.Train;

// Bradley-Terry training on the same pairs, from the same weights: RewardKit's loop against a plain PyTorch loop that
// pads the two texts of each pair to the longest of the batch. Each runs as a process of its own, in turn.
//
//     dotnet fsi build.fsx bench train [--rounds N] [--steps N] [--threads N]

if (args is ["ours", var folder, var threads, var epochs])
{
    Console.WriteLine(OurSide.Train(folder, int.Parse(threads, CultureInfo.InvariantCulture), int.Parse(epochs, CultureInfo.InvariantCulture)));
    return 0;
}

int Option(string name, int fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : fallback;

var (rounds, steps, threadCount) = (Option("--rounds", 2), Option("--steps", 3), Option("--threads", Environment.ProcessorCount));
if (Peer.FindPython() is not { } python)
{
    Console.Error.WriteLine("This benchmark compares with PyTorch, which is not here. Type: sudo apt-get install -y python3-torch");
    return 2;
}

var work = Directory.CreateTempSubdirectory("rewardkit-bench-").FullName;
try
{
    var tokens = OurSide.Prepare(work, pairs: (steps + 1) * OurSide.Batch);
    Console.WriteLine($"stories260K (260K parameters), HH-RLHF helpful-base, {OurSide.Batch} pairs a batch, {threadCount} threads, "
        + $"{tokens.Mean:0} tokens a text on average, {tokens.Longest} at most");

    var difference = Peer.GradientDifference(python, work, threadCount);
    List<double> speed = [], memory = [];
    for (var round = 1; round <= rounds; round++)
    {
        var ours = Peer.Ours(work, threadCount, epochs: 5);
        var padded = Peer.Python(python, work, threadCount, steps, "padded");
        Show($"round {round}  RewardKit", ours);
        Show($"round {round}  PyTorch, padded", padded);
        speed.Add(ours.PairsPerSecond / padded.PairsPerSecond);
        memory.Add((double)ours.PeakBytes / padded.PeakBytes);
    }
    Show("         PyTorch, one row a pair", Peer.Python(python, work, threadCount, steps, "row"));

    Ratio("train-speed", speed.Min(), ">= 4");
    Ratio("train-memory", memory.Max(), "<= 0.25");
    Ratio("gradient-difference", difference, "<= 1e-4");
    return 0;
}
finally
{
    Directory.Delete(work, recursive: true);
}

static void Show(string who, Measured m) =>
    Console.WriteLine(FormattableString.Invariant($"{who,-36} {m.PairsPerSecond,8:0.00} pairs/s  {m.PeakBytes / 1e9,6:0.00} GB at its peak"));

static void Ratio(string name, double value, string target) =>
    Console.WriteLine(FormattableString.Invariant($"ratio {name} {value:G4} target {target.Split(' ')[1]}"));
