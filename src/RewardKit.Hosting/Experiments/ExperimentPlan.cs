namespace RewardKit.Hosting.Experiments;

/// <summary>What an experiment would do: all that can be wrong with it has been looked at, and nothing was trained.</summary>
/// <param name="Name">The experiment's name.</param>
/// <param name="Runs">Its runs, in order.</param>
public sealed record ExperimentPlan(string Name, IReadOnlyList<PlannedRun> Runs)
{
    /// <summary>
    /// Checks an experiment as <see cref="ExperimentRunner.Run"/> does before it trains: methods with their options, data read to
    /// their ends, the model's files; and looks which runs are finished already.
    /// </summary>
    /// <param name="spec">The experiment.</param>
    /// <param name="plugins">Where losses, augmenters and evaluators come from.</param>
    /// <param name="models">Whose versions are part of a run's key.</param>
    /// <exception cref="RewardKitException">Something is wrong with it, or a plugin cannot be used.</exception>
    public static ExperimentPlan Of(ExperimentSpec spec, IPluginSource plugins, IModelWork models)
    {
        var methods = new MethodSource(plugins);
        (spec, var unusable) = ExperimentCheck.Check(spec, methods);
        if (unusable.Count > 0) throw unusable.First().Value;
        _ = new ExperimentData(spec);
        var store = new RunStore(spec.OutputFolder);
        var keys = new RunKeys(spec, methods, models, new(spec, methods), new(spec, methods, models));
        return new(spec.Name, [.. spec.Arms.SelectMany(arm => spec.SeedsOf(arm).Select(seed => new PlannedRun(arm.Name, seed, Ahead(arm, seed))))]);

        RunAhead Ahead(ArmSpec arm, int seed)
        {
            var training = keys.Training(arm, seed);
            return arm.Loss is not null && store.FindTraining(arm.Name, seed, training) is null ? RunAhead.Training
                : store.FindEvaluation(arm.Name, seed, keys.Evaluation(arm, seed, training)) is null ? RunAhead.Evaluation : RunAhead.Nothing;
        }
    }

    /// <summary>The plan in a sentence: how many runs there are, and how many of them have something ahead.</summary>
    public override string ToString()
    {
        var arms = Runs.Select(r => r.Arm).Distinct().Count();
        var seeds = Runs.Select(r => r.Seed).Distinct().Count();
        string[] ahead = [.. new[] { (RunAhead.Nothing, "finished already"), (RunAhead.Evaluation, "to evaluate again"), (RunAhead.Training, "to train") }
            .Select(kind => (Count: Runs.Count(r => r.Ahead == kind.Item1), Words: kind.Item2)).Where(kind => kind.Count > 0).Select(kind => $"{kind.Count} {kind.Words}")];
        return $"experiment \"{Name}\": {Count(arms, "arm")}, {Count(seeds, "seed")}; of {Count(Runs.Count, "run")} {string.Join(", ", ahead)}";

        static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
    }
}

/// <summary>A run of a plan.</summary>
/// <param name="Arm">The arm's name.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Ahead">What it has ahead.</param>
public sealed record PlannedRun(string Arm, int Seed, RunAhead Ahead);

/// <summary>What a run has ahead.</summary>
public enum RunAhead
{
    /// <summary>It is finished, and found again.</summary>
    Nothing,

    /// <summary>It is trained, and judged anew.</summary>
    Evaluation,

    /// <summary>It is trained and judged.</summary>
    Training,
}
