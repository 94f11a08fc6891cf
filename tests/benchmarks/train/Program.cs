using System.Globalization;
using RewardKit.Benchmarks.Train;

// Bradley-Terry training and scoring on the same pairs, from the same weights: RewardKit against PyTorch scripts that pad
// the two texts of each pair to the longest of the batch (as reward trainers do), that put a pair into one masked row, and
// that batch as RewardKit does. Each runs as a process of its own, in turn.
//
//     dotnet fsi build.fsx bench train [--sizes 260K,1M,10M] [--rounds N] [--steps N] [--threads N]

if (args is ["ours", var folder, var threads, var epochs])
{
    Console.WriteLine(OurSide.Train(folder, Number(threads), Number(epochs)));
    return 0;
}
if (args is ["score", var place, var count])
{
    Console.WriteLine(OurSide.Score(place, Number(count)));
    return 0;
}

string Option(string name, string fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;

var (rounds, steps, threadCount) = (Number(Option("--rounds", "2")), Number(Option("--steps", "3")), Number(Option("--threads", $"{Environment.ProcessorCount}")));
if (Peer.FindPython() is not { } python)
{
    Console.Error.WriteLine("This benchmark compares with PyTorch, which is not here. Type: sudo apt-get install -y python3-torch");
    return 2;
}

var ratios = new List<string>();
foreach (var size in Option("--sizes", "1M,10M").Split(','))
{
    var work = Directory.CreateTempSubdirectory("rewardkit-bench-").FullName;
    try
    {
        Compare(size, work);
    }
    finally
    {
        Directory.Delete(work, recursive: true);
    }
}
foreach (var ratio in ratios) Console.WriteLine(ratio);
return 0;

void Compare(string size, string work)
{
    var about = OurSide.Prepare(work, size, pairs: (steps + 1) * OurSide.Batch);
    Console.WriteLine($"{size}: {about.Parameters / 1e6:0.00} million parameters, HH-RLHF helpful-base, {OurSide.Batch} pairs a batch, {threadCount} threads, "
        + $"{about.Mean:0} tokens a text on average, {about.Longest} at most");

    var difference = Peer.GradientDifference(python, work, threadCount);
    var found = new Dictionary<string, List<double>>();
    for (var round = 1; round <= rounds; round++)
    {
        var ours = Show($"round {round}  RewardKit", Peer.Ours(work, threadCount, epochs: 5));
        var packed = Show($"round {round}  PyTorch, batched alike", Peer.Python(python, work, threadCount, steps * 3, "packed"));
        var row = Show($"round {round}  PyTorch, one row a pair", Peer.Python(python, work, threadCount, steps, "row"));
        var padded = Show($"round {round}  PyTorch, padded", Peer.Python(python, work, threadCount, steps, "padded"));
        var scoring = Show($"round {round}  RewardKit, scoring", Peer.OurScores(work, threadCount));
        var scored = Show($"round {round}  PyTorch, padded, scoring", Peer.Python(python, work, threadCount, steps, "padded", score: true));
        Add("speed", ours.PairsPerSecond / padded.PairsPerSecond);
        Add("memory", (double)ours.PeakBytes / padded.PeakBytes);
        Add("row", ours.PairsPerSecond / row.PairsPerSecond);
        Add("alike", ours.PairsPerSecond / packed.PairsPerSecond);
        Add("scoring", scoring.PairsPerSecond / scored.PairsPerSecond);
    }
    Ratio("train-speed", found["speed"].Min(), "8");
    Ratio("train-memory", found["memory"].Max(), "0.125");
    Ratio("train-speed-over-rows", found["row"].Min(), "1.4");
    Ratio("train-speed-batched-alike", found["alike"].Min(), "1.0");
    Ratio("scoring-speed", found["scoring"].Min(), "8");
    Ratio("gradient-difference", difference, "1e-4");

    void Add(string name, double value)
    {
        if (!found.TryGetValue(name, out var values)) found.Add(name, values = []);
        values.Add(value);
    }

    void Ratio(string name, double value, string target) =>
        ratios.Add(FormattableString.Invariant($"ratio {name}-{size} {value:G4} target {target}"));
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static Measured Show(string who, Measured m)
{
    Console.WriteLine(FormattableString.Invariant($"{who,-36} {m.PairsPerSecond,8:0.00} pairs/s  {m.PeakBytes / 1e9,6:0.00} GB at its peak"));
    return m;
}
