using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RewardKit.Torch;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit doctor</c>.</summary>
internal static class DoctorCommand
{
    private static readonly JsonSerializerOptions s_line = new(JsonSerializerDefaults.Web);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var (json, verbose) = (Json.Option(), Shared.Verbose());
        var inside = new Option<bool>("--inside") { Hidden = true };
        var command = new CommandWithExamples(
            "doctor",
            """
            Shows which libtorch, processor and GPU are used, computes a little on every device, and says what is wrong.
            Exit code 0 if all works, 1 if something is broken.
            """,
            "rewardkit doctor",
            "rewardkit doctor --json")
        {
            json, verbose, inside,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            if (parsed.GetValue(inside))
            {
                Console.WriteLine(JsonSerializer.Serialize(EnvironmentReader.Read(), s_line));
                return 0;
            }
            var environment = Examine();
            var findings = Findings.Of(environment);
            var well = !findings.Any(finding => finding.Broken);
            if (parsed.GetValue(json)) Json.Print(new { well, findings, environment });
            else Print(environment, findings);
            return well ? 0 : 1;
        }));
        return command;
    }

    // In a process of its own: a broken libtorch may take down the one that loads it.
    private static TorchEnvironment Examine()
    {
        var self = Environment.ProcessPath!;
        string[] arguments = Path.GetFileNameWithoutExtension(self) == "dotnet"
            ? [typeof(DoctorCommand).Assembly.Location, "doctor", "--inside"]
            : ["doctor", "--inside"];
        using var process = Process.Start(new ProcessStartInfo(self, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 0) return JsonSerializer.Deserialize<TorchEnvironment>(output.TrimEnd().Split('\n')[^1], s_line)!;
        var environment = EnvironmentReader.WithoutTorch();
        var lastWords = error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "no message";
        return environment with
        {
            Problem = $"A process that uses the native torch library {environment.NativePart} dies "
                + string.Create(CultureInfo.InvariantCulture, $"(exit code {process.ExitCode}): {lastWords}"),
        };
    }

    private static void Print(TorchEnvironment environment, IReadOnlyList<Finding> findings)
    {
        Line("libtorch", environment.Torch is null ? "not loaded" : $"{environment.Torch}, {(environment.TorchCuda is { } cuda ? $"CUDA {cuda}" : "without CUDA")}");
        Line("", environment.TorchFile);
        Line("native part", environment.Provider == "package" ? "the TorchSharp package's" : environment.NativePart ?? "missing");
        Line("", environment.BuiltFor is { } built ? $"built for libtorch {built}" : null);
        Line("BLAS", environment.Blas is null ? null : $"{environment.Blas} ({environment.BlasFile})");
        Line("processor", environment.Processor);
        Line("", environment.TorchKernels is null ? null : $"libtorch's kernels: {environment.TorchKernels}; the layer's own: {environment.OwnKernels ?? "none"}");
        Line("threads", $"{(environment.Threads is { } threads ? Number(threads) : "?")} of {Number(environment.Processors)} processors");
        foreach (var (name, value) in environment.Variables.OrderBy(v => v.Key, StringComparer.Ordinal)) Line("", $"{name}={value}");
        Line("memory", $"{Gigabytes(environment.Memory)}, {Gigabytes(environment.FreeMemory)} free");
        if (environment.Gpus.Count == 0) Line("GPU", environment.HasGpu ? "there, but not usable" : "none");
        foreach (var (index, gpu) in environment.Gpus.Index())
            Line($"GPU {Number(index)}", $"{gpu.Name}, compute capability {gpu.Capability}, {Gigabytes(gpu.Memory)}"
                + (gpu.FreeMemory is { } free ? $", {Gigabytes(free)} free" : ""));
        Line("driver", environment.Driver is null && environment.DriverCuda is null ? null : $"{environment.Driver}, up to CUDA {environment.DriverCuda}");
        foreach (var (device, kernel) in environment.Attention) Line("attention", $"{device}: {kernel}");
        Line(".NET", environment.DotNet);
        foreach (var device in environment.Computations.GroupBy(c => c.Device))
            Line("computed", $"{device.Key}: {string.Join(", ", device.Select(c => $"{c.What} {(c.Error is null ? "right" : "WRONG")}"))}");
        Console.WriteLine();
        if (findings.Count == 0) Console.WriteLine("All is well.");
        foreach (var finding in findings) Console.WriteLine($"{(finding.Broken ? "Broken" : "Note")}: {finding.What}\n  Fix: {finding.Fix}");

        static void Line(string name, string? text)
        {
            if (text is not null) Console.WriteLine($"{name,-12} {text}");
        }
    }

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB");

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
