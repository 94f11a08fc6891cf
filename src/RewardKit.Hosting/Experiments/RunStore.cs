using System.Text;
using System.Text.Json;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Hosting.Experiments;

/// <summary>What augmenters said of their work.</summary>
/// <param name="Counts">How many examples each reason applied to.</param>
/// <param name="Measures">Numbers that are no counts.</param>
internal sealed record AugmenterFindings(Dictionary<string, long> Counts, Dictionary<string, double> Measures);

/// <summary>A finished run as it lies in its folder.</summary>
/// <param name="Run">What was found.</param>
/// <param name="TrainingKey">The key of its training; empty where nothing was trained.</param>
/// <param name="EvaluationKey">The key of its evaluation.</param>
/// <param name="EvaluationParts">The parts of that key: evaluators and pairs.</param>
internal sealed record StoredRun(RunResult Run, string TrainingKey, string EvaluationKey, IReadOnlyDictionary<string, string> EvaluationParts);

/// <summary>
/// Finished runs on disk, a folder each: <c>ARM/seed-N/</c> with <c>checkpoint/</c> (the trained model),
/// <c>log.jsonl</c> (one line an optimiser step), <c>training.json</c> (key of the training, what the augmenters counted and measured),
/// <c>run.json</c> (key of the evaluation, measurements with per-item values, samples) and, to be looked at only, what
/// <see cref="RunMetrics"/> and <see cref="DecisionLog"/> write. A run counts as finished only if its key fits; what is missing, broken or of another
/// key is computed again. A training becomes visible whole: its folder is made beside, as <c>seed-N.partial</c>, and
/// renamed. There a training that was stopped or failed leaves its metrics, its checkpoints in <c>checkpoints/</c>, and in
/// <c>key.json</c> whose they are: the next of the same key goes on from them. Training and evaluation have keys of their
/// own, so that another evaluator does not train again.
/// </summary>
/// <param name="folder">The experiment's folder.</param>
/// <param name="keepCheckpoints">Whether finished runs keep the checkpoints of their training.</param>
internal sealed class RunStore(string folder, bool keepCheckpoints = false)
{
    private sealed record KeyFile(string Key, IReadOnlyDictionary<string, string> Parts);

    private sealed record TrainingFile(
        string Key, IReadOnlyDictionary<string, string> Parts, Dictionary<string, long> Counts, int Steps,
        long TruncatedPrompts, long TruncatedResponses, double Seconds, Dictionary<string, long> Checkpoint, long DroppedPairs = 0, int? KeptStep = null,
        Dictionary<string, double>? Measures = null);

    private sealed record RunFile(
        string Key, IReadOnlyDictionary<string, string> Parts, Dictionary<string, Measurement> Measurements,
        Dictionary<string, EvaluationSample[]> Samples);

    /// <summary>A run's folder.</summary>
    public string FolderOf(string arm, int seed) => Path.Combine(folder, FolderName.Of(arm), $"seed-{seed}");

    /// <summary>The trained model's folder.</summary>
    public string CheckpointOf(string arm, int seed) => CheckpointIn(FolderOf(arm, seed));

    /// <summary>The trained model's folder in a run's folder.</summary>
    public static string CheckpointIn(string run) => Path.Combine(run, "checkpoint");

    /// <summary>The folder of the training's checkpoints in a run's folder.</summary>
    public static string CheckpointsIn(string run) => Path.Combine(run, "checkpoints");

    /// <summary>Deletes what a process that was killed was writing to these runs.</summary>
    public void Sweep(IEnumerable<(string Arm, int Seed)> runs)
    {
        foreach (var place in runs.SelectMany(r => new[] { FolderOf(r.Arm, r.Seed), Beside(r.Arm, r.Seed) }).Where(Directory.Exists))
            foreach (var file in Directory.GetFiles(place, "*.tmp")) File.Delete(file);
        foreach (var file in new[] { "results.json", "report.html", "experiment.json" }.SelectMany(name => Directory.GetFiles(folder, name + ".*.tmp"))) File.Delete(file);
    }

    /// <summary>A finished training with this key: its log and what the augmenters said; null if there is none.</summary>
    public (TrainingLog Log, AugmenterFindings Findings)? FindTraining(string arm, int seed, ContentKey key)
    {
        // One that was killed between its last file and its renaming has only that left to do.
        if (ReadTraining(Beside(arm, seed), key) is not { } complete) return ReadTraining(FolderOf(arm, seed), key);
        Finish(arm, seed);
        return complete;
    }

    private static (TrainingLog Log, AugmenterFindings Findings)? ReadTraining(string place, ContentKey key)
    {
        if (Read<TrainingFile>(Path.Combine(place, "training.json")) is not { } file || file.Key != key.Hash) return null;
        if (file.Checkpoint is null || !file.Checkpoint.SequenceEqual(Sizes(CheckpointIn(place)))) return null;
        if (ReadSteps(Path.Combine(place, "log.jsonl")) is not { } steps || steps.Length != file.Steps) return null;
        return (LogOf(file, steps), new(file.Counts, file.Measures ?? []));
    }

    private static TrainingLog LogOf(TrainingFile file, StepLog[] steps) =>
        new(steps, file.TruncatedPrompts, file.TruncatedResponses, file.Seconds) { DroppedPairs = file.DroppedPairs, KeptStep = file.KeptStep };

    /// <summary>A finished run as it lies in a folder, under whatever keys, also where its model is gone; null if it is not whole.</summary>
    /// <param name="arm">Its arm.</param>
    /// <param name="seed">Its seed.</param>
    /// <param name="place">The folder.</param>
    public static StoredRun? Read(string arm, int seed, string place)
    {
        if (Read<RunFile>(Path.Combine(place, "run.json")) is not { Measurements: not null, Samples: not null } run) return null;
        var samples = run.Samples.ToDictionary(s => s.Key, s => (IReadOnlyList<EvaluationSample>)s.Value);
        // An arm that trains nothing leaves its evaluation alone.
        if (!File.Exists(Path.Combine(place, "training.json")))
            return new(new(arm, seed, run.Measurements, samples, null, new Dictionary<string, long>(), place, true), "", run.Key, run.Parts);
        if (Read<TrainingFile>(Path.Combine(place, "training.json")) is not { Counts: not null } training) return null;
        if (ReadSteps(Path.Combine(place, "log.jsonl")) is not { } steps || steps.Length != training.Steps) return null;
        var result = new RunResult(arm, seed, run.Measurements, samples, LogOf(training, steps), training.Counts, place, true) { Measures = training.Measures ?? [] };
        return new(result, training.Key, run.Key, run.Parts);
    }

    /// <summary>Trains into a folder beside, then puts it in place of whatever was there.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="key">The training's key.</param>
    /// <param name="fresh">Whether what an earlier training left is not to be gone on from.</param>
    /// <param name="notice">Told of one that cannot be gone on from.</param>
    /// <param name="train">
    /// Trains, from the <see cref="CheckpointsIn"/> of the run's folder it is given where there are any, and saves the model
    /// to its <see cref="CheckpointIn"/>.
    /// </param>
    public (TrainingLog Log, AugmenterFindings Findings) SaveTraining(
        string arm, int seed, ContentKey key, bool fresh, Action<string> notice,
        Func<string, (TrainingLog Log, AugmenterFindings Findings)> train)
    {
        var beside = Beside(arm, seed);
        try
        {
            Writing(beside, () => Begin(beside, key, fresh, notice));
            var (log, findings) = train(beside);
            var lines = string.Concat(log.Steps.Select(s => JsonSerializer.Serialize(s, StoreJson.Options) + "\n"));
            AtomicFile.Write(Path.Combine(beside, "log.jsonl"), Encoding.UTF8.GetBytes(lines));
            Write(Path.Combine(beside, "training.json"), new TrainingFile(
                key.Hash, key.Parts, findings.Counts, log.Steps.Count, log.TruncatedPrompts, log.TruncatedResponses, log.Seconds, Sizes(CheckpointIn(beside)), log.DroppedPairs, log.KeptStep,
                findings.Measures));
            Finish(arm, seed);
            return (log, findings);
        }
        finally
        {
            if (Directory.Exists(beside) && !File.Exists(Path.Combine(beside, "training.json"))) Clear(beside);
            DeleteEmpty(beside);
            DeleteEmpty(Path.GetDirectoryName(beside)!);
        }
    }

    /// <summary>Takes over a finished training that has the same key: its model, and what was recorded of it.</summary>
    /// <param name="arm">The arm that was trained.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="key">The training's key.</param>
    /// <param name="beside">The folder of the run that takes it over.</param>
    public (TrainingLog Log, AugmenterFindings Findings)? TakeOver(string arm, int seed, ContentKey key, string beside)
    {
        var place = FolderOf(arm, seed);
        if (ReadTraining(place, key) is not { } training) return null;
        Writing(beside, () =>
        {
            Directory.CreateDirectory(CheckpointIn(beside));
            foreach (var file in Directory.GetFiles(CheckpointIn(place))) Copy(file, CheckpointIn(beside));
            foreach (var file in RunMetrics.FilesIn(place).Concat(DecisionLog.FilesIn(place))) Copy(file, beside);
        });
        return training;

        static void Copy(string file, string to) => File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>The folder of a training that is under way.</summary>
    public string Beside(string arm, int seed) => FolderOf(arm, seed) + ".partial";

    private static void Begin(string beside, ContentKey key, bool fresh, Action<string> notice)
    {
        var keyFile = Path.Combine(beside, "key.json");
        if (Directory.Exists(beside))
        {
            var earlier = Read<KeyFile>(keyFile);
            if (!fresh && earlier?.Key != key.Hash && Directory.Exists(CheckpointsIn(beside))) notice(Discarded(earlier, key));
            if (fresh || earlier?.Key != key.Hash) Delete(beside);
        }
        Directory.CreateDirectory(beside);
        TrainingCheckpoints.Sweep(CheckpointsIn(beside));
        File.Delete(Path.Combine(beside, "training.json"));
        Clear(beside);
        Write(keyFile, new KeyFile(key.Hash, key.Parts));
    }

    private static string Discarded(KeyFile? earlier, ContentKey key)
    {
        var parts = earlier?.Parts ?? new Dictionary<string, string>();
        var changed = key.Parts.Keys.Union(parts.Keys).Where(name => parts.GetValueOrDefault(name) != key.Parts.GetValueOrDefault(name)).Order(StringComparer.Ordinal);
        var why = earlier is null ? "" : $" (changed since: {string.Join(", ", changed)})";
        return $"The unfinished training here cannot be gone on from{why}: it is deleted, and the training begins anew.";
    }

    // Of a training that did not come to its end, the metrics may tell why, and the checkpoints are gone on from. Nothing else is of use.
    private static void Clear(string beside)
    {
        Delete(CheckpointIn(beside));
        File.Delete(Path.Combine(beside, "log.jsonl"));
        if (!Directory.Exists(CheckpointsIn(beside))) File.Delete(Path.Combine(beside, "key.json"));
    }

    // May be killed anywhere, and is then done again: until the folder is renamed, it is known to be complete.
    private void Finish(string arm, int seed)
    {
        var (beside, place) = (Beside(arm, seed), FolderOf(arm, seed));
        Writing(place, () =>
        {
            if (!keepCheckpoints && Directory.Exists(CheckpointsIn(beside)))
            {
                foreach (var part in new[] { beside, CheckpointIn(beside) })
                {
                    foreach (var file in Directory.GetFiles(part)) Durable.File(file);
                    Durable.Folder(part);
                }
                Delete(CheckpointsIn(beside));
            }
            File.Delete(Path.Combine(beside, "key.json"));
            Delete(place);
            Directory.Move(beside, place);
        });
    }

    // The store's own files; what a method's reading and writing meets is the method's.
    private static void Writing(string place, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of("the run's folder", place, e);
        }
    }

    /// <summary>A finished evaluation with this key; null if there is none.</summary>
    public Judgement? FindEvaluation(string arm, int seed, ContentKey key)
    {
        var file = Read<RunFile>(Path.Combine(FolderOf(arm, seed), "run.json"));
        if (file is not { Measurements: not null, Samples: not null } || file.Key != key.Hash) return null;
        return new(file.Measurements, file.Samples.ToDictionary(s => s.Key, s => (IReadOnlyList<EvaluationSample>)s.Value));
    }

    /// <summary>Stores an evaluation, beside the training where there is one.</summary>
    public void SaveEvaluation(string arm, int seed, ContentKey key, Judgement judged)
    {
        var place = FolderOf(arm, seed);
        Writing(place, () => Directory.CreateDirectory(place));
        Write(Path.Combine(place, "run.json"), new RunFile(
            key.Hash, key.Parts, judged.Measurements.ToDictionary(), judged.Samples.ToDictionary(s => s.Key, s => s.Value.ToArray())));
    }

    /// <summary>What an evaluation looked at in a run's folder, by evaluator, whatever its key; null if there is none that can be read.</summary>
    public static IReadOnlyDictionary<string, EvaluationSample[]>? ReadSamples(string run) => Read<RunFile>(Path.Combine(run, "run.json"))?.Samples;

    private static void Write<T>(string path, T content) =>
        AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(content, StoreJson.Options));

    // What cannot be read is not there: it is computed again and written over.
    private static T? Read<T>(string path) where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), StoreJson.Options) : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>A training's steps; null if there is no such file, or none that can be read.</summary>
    public static StepLog[]? ReadSteps(string path)
    {
        try
        {
            return File.Exists(path)
                ? [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<StepLog>(line, StoreJson.Options)!)]
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    private static Dictionary<string, long> Sizes(string checkpoint) => !Directory.Exists(checkpoint)
        ? []
        : new DirectoryInfo(checkpoint).GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal).ToDictionary(f => f.Name, f => f.Length);

    private static void DeleteEmpty(string path)
    {
        if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any()) Directory.Delete(path);
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }
}
