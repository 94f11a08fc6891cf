using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Runs;

/// <summary>
/// Keeps the index up to date while an experiment runs. Whatever is wrong with the index is told once and loses nothing else.
/// </summary>
internal sealed class RunRecorder(ExperimentSpec spec)
{
    private bool _warned;

    /// <summary>Records what comes of a run's work.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="key">The training's key.</param>
    /// <param name="notice">Told what is wrong with the index.</param>
    /// <param name="work">The work; it says when it is under way, which a run with wrong input never is.</param>
    public RunResult Record(string arm, int seed, string folder, ContentKey key, Action<string> notice, Func<Action<RunState>, RunResult> work)
    {
        var index = new RunIndex(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(spec.OutputFolder)) ?? spec.OutputFolder, notice);
        var row = new RunRow
        {
            Id = index.IdOf(folder),
            Folder = folder,
            Experiment = spec.Name,
            Arm = arm,
            Seed = seed,
            State = RunState.Stopped,
            Started = DateTimeOffset.UtcNow,
            Process = RunProcess.Current,
            Key = key.Hash,
            Parts = key.Parts,
            About = About(spec, spec.Arms.First(a => a.Name == arm)),
        };
        try
        {
            var result = work(state =>
            {
                if (row.State != state) Put(row with { State = state });
            });
            // One that was found again is written only where the index does not know it.
            if (result.Reused && row.State == RunState.Stopped && Known(result)) return result;
            Put(row with
            {
                State = RunState.Finished,
                Ended = DateTimeOffset.UtcNow,
                Metrics = result.Measurements.ToDictionary(m => m.Key, m => m.Value.Value),
                Steps = result.Log?.Steps.Count,
                Seconds = result.Log?.Seconds,
            });
            return result;
        }
        catch (OperationCanceledException) when (row.IsLive)
        {
            Put(row with { State = RunState.Stopped, Ended = DateTimeOffset.UtcNow });
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException && (row.IsLive || PluginFault.IsPlugins(e) || e is not RewardKitException { ExitCode: 2 }))
        {
            Put(row with { State = RunState.Failed, Ended = DateTimeOffset.UtcNow, Error = PluginFault.Describe(e) });
            throw;
        }

        void Put(RunRow changed)
        {
            row = changed;
            Try(() => index.Put(row));
        }

        bool Known(RunResult result)
        {
            var known = false;
            Try(() => known = index.Find(folder) is { State: RunState.Finished } r && r.Key == row.Key
                && r.Metrics.Count == result.Measurements.Count && r.Metrics.All(m => result.Measurements.TryGetValue(m.Key, out var measured) && measured.Value.Equals(m.Value)));
            return known;
        }

        void Try(Action write)
        {
            if (_warned) return;
            try
            {
                write();
            }
            catch (Exception e)
            {
                _warned = true;
                notice($"This experiment's runs are not in the index: {e.Message} Nothing else is lost; their folders are complete.");
            }
        }
    }

    private static Dictionary<string, string> About(ExperimentSpec spec, ArmSpec arm)
    {
        var about = new Dictionary<string, string>
        {
            ["model"] = spec.ModelOf(arm).Folder ?? "random weights",
            ["training pairs"] = spec.TrainOf(arm).Describe(f => f.Path),
        };
        if (spec.Validation is { } held) about["validation pairs"] = held.Describe(f => f.Path);
        if (spec.Generator is { } generator) about["text generator"] = generator.Name;
        foreach (var (i, evaluation) in spec.Evaluations.Index())
            about[$"evaluation {i + 1}"] = evaluation.Evaluator.Id + (evaluation.Pairs is { } pairs ? $" on {pairs.Describe(f => f.Path)}" : "");
        return about;
    }
}
