using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RewardKit.Benchmarks.Load;

// A model folder with 1 GB of safetensors: how long until a model stands in memory, and how much memory that takes, against
// plainly reading the same file into a buffer. Each runs as a process of its own, in turn, with the file in the system's cache.
//
//     dotnet fsi build.fsx bench load [--rounds N]

if (args is ["ours", var model, var dtype, var warm])
{
    Console.WriteLine(Sides.Load(model, dtype, warm));
    return 0;
}
if (args is ["read", var file])
{
    Console.WriteLine(Sides.Read(file));
    return 0;
}

var rounds = args is ["--rounds", var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 5;
var work = Directory.CreateTempSubdirectory("rewardkit-bench-").FullName;
try
{
    var exact = Folder.Write(Path.Combine(work, "float32"), "F32", 4);
    var small = Folder.Write(Path.Combine(work, "small"), "F32", 4, hidden: 64).Path;
    var half = Folder.Write(Path.Combine(work, "bfloat16"), "BF16", 2);
    Console.WriteLine($"A Llama of {exact.Parameters / 1e6:0} million parameters: {exact.Bytes / 1e9:0.00} GB in float32, {half.Bytes / 1e9:0.00} GB in bfloat16");
    List<double> time = [], memory = [], halfTime = [], converted = [];
    for (var round = 1; round <= rounds; round++)
    {
        var read = Run("read", exact.File);
        var loaded = Run("ours", exact.Path, "float32", small);
        var readHalf = Run("read", half.File);
        var kept = Run("ours", half.Path, "auto", small);
        var widened = Run("ours", half.Path, "float32", small);
        foreach (var (what, m) in new[] { ("reading float32", read), ("RewardKit, float32", loaded), ("reading bfloat16", readHalf), ("RewardKit, bfloat16", kept), ("RewardKit, bfloat16 to float32", widened) })
            Console.WriteLine(FormattableString.Invariant($"round {round}  {what,-32} {m.Seconds,7:0.000} s  {m.CpuSeconds,7:0.000} s of processor time  {m.GrownBytes / 1e9,6:0.000} GB more than before"));
        time.Add(loaded.Seconds / read.Seconds);
        halfTime.Add(kept.Seconds / readHalf.Seconds);
        memory.Add(Math.Max((double)loaded.GrownBytes / exact.Bytes, (double)kept.GrownBytes / half.Bytes));
        converted.Add((double)widened.GrownBytes / exact.Bytes);
    }
    Ratio("load-time-float32", Median(time), 1.1);
    Ratio("load-time-bfloat16", Median(halfTime), 1.1);
    Ratio("load-memory", memory.Max(), 1.1);
    Ratio("load-memory-converted", converted.Max(), 1.1);
    return 0;
}
finally
{
    Directory.Delete(work, recursive: true);
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static void Ratio(string name, double value, double target) =>
    Console.WriteLine(FormattableString.Invariant($"ratio {name} {value:G4} target {target}"));

static Measured Run(params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })!;
    var line = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0 ? JsonSerializer.Deserialize<Measured>(line)! : throw new InvalidOperationException($"A side ended with {process.ExitCode}.");
}
