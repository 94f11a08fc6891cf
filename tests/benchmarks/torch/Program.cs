using System.Globalization;
using RewardKit.Benchmarks.Torch;

// The torch layer against Python with the same libtorch: what a call costs, and how long the work of a small language
// model takes. Each side runs as a process of its own, in turn, several rounds; the ratio is between the medians.
//
//     dotnet fsi build.fsx bench torch [--rounds N] [--threads N] [--device cpu|cuda] [--only NAME]

string Option(string name, string fallback) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;

var settings = new Settings(
    int.Parse(Option("--threads", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture),
    Option("--device", "cpu"), Option("--only", ""));
if (args is ["ours", ..])
{
    Console.WriteLine(OurSide.Run(settings));
    return 0;
}

if (Peer.FindPython() is not { } python)
{
    Console.Error.WriteLine("This benchmark compares with PyTorch, which is not here. Type: sudo apt-get install -y python3-torch");
    return 2;
}

var rounds = int.Parse(Option("--rounds", "3"), CultureInfo.InvariantCulture);
var (ours, theirs) = (new List<Measured>(), new List<Measured>());
for (var round = 0; round < rounds; round++)
{
    ours.Add(Peer.Ours(settings));
    theirs.Add(Peer.Python(python, settings));
}

Console.WriteLine($"RewardKit over libtorch {ours[0].Version}, Python over {theirs[0].Version}; {settings.Device}, {settings.Threads} threads, {rounds} rounds");
Console.WriteLine($"{"",-26} {"RewardKit",12} {"Python",12}   ratio of the medians (least and most of a round)");
var ratios = new List<string>();
foreach (var work in Works.All.Where(work => theirs[0].Seconds.ContainsKey(work.Name)))
{
    var (a, b) = (ours.Select(m => m.Seconds[work.Name]).ToArray(), theirs.Select(m => m.Seconds[work.Name]).ToArray());
    var each = a.Zip(b, (x, y) => x / y).ToArray();
    var ratio = Median(a) / Median(b);
    Console.WriteLine(FormattableString.Invariant(
        $"{work.Name,-26} {Time(Median(a)),12} {Time(Median(b)),12}   {ratio:0.00} ({each.Min():0.00} to {each.Max():0.00})"));
    ratios.Add(FormattableString.Invariant($"ratio {work.Name} {ratio:G3} target {work.Target}"));
}
foreach (var (name, value) in ours[0].Results)
{
    var difference = Math.Abs(value - theirs[0].Results[name]);
    ratios.Add(FormattableString.Invariant($"ratio {name}-difference {difference:G2} target 1e-3"));
}
ratios.ForEach(Console.WriteLine);
return 0;

static double Median(double[] values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}

static string Time(double seconds) =>
    seconds < 1e-3 ? FormattableString.Invariant($"{seconds * 1e6:0.00} us") : FormattableString.Invariant($"{seconds * 1e3:0.00} ms");
