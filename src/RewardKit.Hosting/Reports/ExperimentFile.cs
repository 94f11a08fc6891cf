using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// <c>experiment.json</c>, beside <c>results.json</c>: what the reports say that is in no run's folder, so that they can be
/// written again without plugins, models and data. Of each run it has the folder and the keys of what lay there.
/// </summary>
internal static class ExperimentFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "experiment.json";

    // Rises when what is written here changes its meaning.
    private const int Format = 1;

    private sealed record Content(
        int Format, ExperimentOutline Outline, Run[] Runs, TrivialRun[] Trivial, Dictionary<string, string> Environment, string[] Notes, Failed[] Failures);

    private sealed record Run(string Arm, int Seed, string Folder, string TrainingKey, string EvaluationKey);

    private sealed record TrivialRun(string Name, Dictionary<string, Measurement> Measurements);

    private sealed record Failed(string Arm, int? Seed, string Message);

    /// <summary>The file's text, UTF-8; null where a run lies in no folder and could not be found again.</summary>
    /// <param name="result">The finished experiment.</param>
    /// <param name="folder">The experiment's folder.</param>
    public static byte[]? Write(ExperimentResult result, string folder)
    {
        var runs = new List<Run>();
        foreach (var run in result.Runs)
        {
            if (run is not { Seed: { } seed, Folder: { } place } || RunStore.Read(run.Arm, seed, place) is not { } stored) return null;
            runs.Add(new(run.Arm, seed, Path.GetRelativePath(folder, place), stored.TrainingKey, stored.EvaluationKey));
        }
        return JsonSerializer.SerializeToUtf8Bytes(
            new Content(
                Format, result.Outline, [.. runs], [.. result.Trivial.Select(t => new TrivialRun(t.Arm, t.Measurements.ToDictionary()))],
                result.Environment.ToDictionary(), [.. result.Notes], [.. result.Failures.Select(f => new Failed(f.Arm, f.Seed, f.Message))]),
            StoreJson.Options);
    }

    /// <summary>An experiment as it lies in its folder.</summary>
    /// <param name="folder">The experiment's folder.</param>
    /// <exception cref="RewardKitException">What lies there does not suffice, or has changed since.</exception>
    public static ReportContent Read(string folder)
    {
        if (!Directory.Exists(folder)) throw RewardKitException.Input($"There is no folder {folder}. Name an experiment's folder, as runs/quickstart.");
        var file = Path.Combine(folder, Name);
        if (!File.Exists(file))
        {
            throw RewardKitException.Input(File.Exists(Path.Combine(folder, "results.json"))
                ? $"{folder} is of a RewardKit that kept no {Name}, without which its report cannot be written again. Run its script once more: what is finished is found again."
                : $"{folder} is no folder of a finished experiment: it has no {Name}. Name one that an experiment wrote, as runs/quickstart.");
        }
        Content content;
        try
        {
            content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(file), StoreJson.Options) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw RewardKitException.Input($"{file}, line {e.LineNumber + 1}: {e.Message.Split(" Path: ")[0].TrimEnd('.')}. Run the experiment's script once more: what is finished is found again.", e);
        }
        if (content.Format != Format) throw RewardKitException.Input($"{file} has the form {content.Format}; this RewardKit reads form {Format}. Run the experiment's script once more.");
        return new StoredExperiment(
            content.Outline, [.. content.Runs.Select(run => Find(folder, run))], [.. content.Trivial.Select(Trivial)], content.Environment, content.Notes)
        {
            Failures = [.. content.Failures.Select(f => new RunFailure(f.Arm, f.Seed, f.Message, f.Message))],
        };
    }

    private static RunResult Find(string folder, Run run)
    {
        var place = Path.GetFullPath(Path.Combine(folder, run.Folder));
        var stored = RunStore.Read(run.Arm, run.Seed, place)
            ?? throw RewardKitException.Input($"The run of {run.Arm} with seed {run.Seed} is not whole any more: {place}. Run the experiment's script once more: what is missing is computed again.");
        return (stored.TrainingKey, stored.EvaluationKey) == (run.TrainingKey, run.EvaluationKey) ? stored.Run : throw RewardKitException.Input(
            $"The run of {run.Arm} with seed {run.Seed} in {place} is of another experiment by now. Run this experiment's script once more.");
    }

    private static RunResult Trivial(TrivialRun run) => new(
        run.Name, null, run.Measurements, new Dictionary<string, IReadOnlyList<EvaluationSample>>(), null, new Dictionary<string, long>(), null, false);
}
