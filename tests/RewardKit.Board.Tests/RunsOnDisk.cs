using System.Diagnostics;
using System.Text.Json;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board.Tests;

/// <summary>Experiments' folders as the host leaves them, made by hand.</summary>
internal sealed class RunsOnDisk : IDisposable
{
    private static readonly Lazy<int> s_ended = new(() =>
    {
        using var process = Process.Start("true");
        process.WaitForExit();
        return process.Id;
    });

    public string Folder { get; } = Directory.CreateTempSubdirectory("board-").FullName;

    public RunIndex Index => new(Folder);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A run in the index.</summary>
    public RunRow Put(string experiment, string arm, int seed, RunState state, double alpha = 0.5, double? accuracy = null, bool killed = false, string? error = null)
    {
        var folder = Path.Combine(Folder, experiment, arm, $"seed-{seed}");
        var known = Index.Find(folder);
        var row = new RunRow
        {
            Id = Index.IdOf(folder),
            Folder = folder,
            Experiment = experiment,
            Arm = arm,
            Seed = seed,
            State = state,
            Started = known?.Started ?? DateTimeOffset.UtcNow.AddSeconds(-90 + seed),
            Ended = state is RunState.Running or RunState.Evaluating ? null : DateTimeOffset.UtcNow,
            Process = RunProcess.Current with { Id = killed ? s_ended.Value : Environment.ProcessId },
            Key = "key",
            Parts = new Dictionary<string, string>
            {
                ["loss"] = FormattableString.Invariant($$"""haf-rm {{new string('a', 64)}} {"alpha":{{alpha}}}"""),
                ["seed"] = $"{seed}",
            },
            About = new Dictionary<string, string> { ["model"] = "models/tiny" },
            Metrics = accuracy is { } value ? new Dictionary<string, double> { ["pair-accuracy/accuracy"] = value } : new Dictionary<string, double>(),
            Error = error,
        };
        Index.Put(row);
        return row;
    }

    /// <summary>Adds steps to a run's metrics, as a training does.</summary>
    public static void Train(RunRow row, int from, int to)
    {
        var place = row.State == RunState.Finished ? row.Folder : row.Folder + ".partial";
        Directory.CreateDirectory(place);
        File.AppendAllLines(Path.Combine(place, "metrics.jsonl"), Enumerable.Range(from, to - from + 1).Select(step => JsonSerializer.Serialize(new Dictionary<string, double>
        {
            ["step"] = step,
            ["epoch"] = step / 100.0,
            ["loss"] = 0.7 - 0.001 * step + 0.01 * row.Seed,
            ["accuracy"] = 0.5 + 0.001 * step,
            ["learning_rate"] = 1e-3,
            ["grad_norm"] = 1,
            ["loss/part"] = step,
        })));
    }

    /// <summary>What an evaluator looked at: as many pairs as rewards, with the given texts.</summary>
    public static void Evaluate(RunRow row, string chosen, params (double Chosen, double Rejected)[] scores)
    {
        Directory.CreateDirectory(row.Folder);
        object Turn(string role, string content) => new[] { new { role, content } };
        File.WriteAllText(Path.Combine(row.Folder, "run.json"), JsonSerializer.Serialize(new
        {
            key = "key",
            parts = new { },
            measurements = new { },
            samples = new Dictionary<string, object>
            {
                ["pair-accuracy"] = scores.Select((score, i) => new
                {
                    example = new
                    {
                        id = $"pair-{i + 1}",
                        prompt = Turn("user", $"question {i + 1}"),
                        chosen = Turn("assistant", chosen),
                        rejected = Turn("assistant", "no"),
                        provenance = new { source = "test", record = i + 1 },
                    },
                    score = new { chosen = score.Chosen, rejected = score.Rejected },
                }),
            },
        }));
    }

    /// <summary>A file of kept answers, the same one to each prompt.</summary>
    public void Answer(string script, string file, double temperature, string text, params string[] prompts)
    {
        var place = Path.Combine(Folder, script, "answers");
        Directory.CreateDirectory(place);
        string[] lines =
        [
            JsonSerializer.Serialize(new { key = file, parts = new { options = FormattableString.Invariant($$"""{"Temperature":{{temperature}}}"""), model = $$"""{"Template":"text"} {{new string('a', 64)}}""" } }),
            .. prompts.Select(prompt => JsonSerializer.Serialize(new
            {
                id = prompt,
                value = new { prompt = new[] { new { role = "user", content = prompt } }, sample = 1, text, ids = new[] { 1, 2 }, logProbs = new[] { -0.5, -1 }, finish = "stopToken", divergence = (double?)null },
            })),
        ];
        File.WriteAllLines(Path.Combine(place, file + ".jsonl"), lines);
    }
}
