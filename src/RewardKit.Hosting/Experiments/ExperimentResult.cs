using RewardKit.Training;

namespace RewardKit.Hosting.Experiments;

/// <summary>One arm under one seed, trained and evaluated.</summary>
/// <param name="Arm">The arm's name.</param>
/// <param name="Seed">The seed; null for a trivial baseline, which has none.</param>
/// <param name="Measurements">What the evaluators measured, under <c>evaluator/metric</c>.</param>
/// <param name="Samples">Held-out pairs with their rewards, by evaluator id; in the same order for every run.</param>
/// <param name="Log">The training log; null for a trivial baseline.</param>
/// <param name="Counts">What the augmenters counted, in their order.</param>
/// <param name="Folder">The run's folder with checkpoint and log; null for a trivial baseline.</param>
/// <param name="Reused">True if an earlier run's results were found again.</param>
public sealed record RunResult(
    string Arm,
    int? Seed,
    IReadOnlyDictionary<string, Measurement> Measurements,
    IReadOnlyDictionary<string, IReadOnlyList<EvaluationSample>> Samples,
    TrainingLog? Log,
    IReadOnlyDictionary<string, long> Counts,
    string? Folder,
    bool Reused)
{
    /// <summary>Numbers that the augmenters measured, in their order.</summary>
    public IReadOnlyDictionary<string, double> Measures { get; init; } = new Dictionary<string, double>();
}

/// <summary>A run that did not come to its end; the others did. Text alone, so that a plugin's exception does not keep it loaded.</summary>
/// <param name="Arm">The arm's name.</param>
/// <param name="Seed">The seed; null where no seed of the arm could be run, and for a trivial baseline.</param>
/// <param name="Message">Which run it was and why it failed: the plugin, its method and the cause.</param>
/// <param name="Details">The same with the stack trace.</param>
public sealed record RunFailure(string Arm, int? Seed, string Message, string Details);

/// <summary>What reports are made of: an experiment that was just finished, or one as it lies in its folder.</summary>
/// <param name="Runs">Every arm under every seed, in the order of the specification, but for those that failed.</param>
/// <param name="Trivial">The trivial baselines, judged by the same evaluators.</param>
/// <param name="Environment">Versions and machine facts.</param>
/// <param name="Notes">What the reader should know of the data: skipped and truncated records.</param>
public abstract record ReportContent(
    IReadOnlyList<RunResult> Runs, IReadOnlyList<RunResult> Trivial, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> Notes)
{
    /// <summary>What was asked, in words.</summary>
    public abstract ExperimentOutline Outline { get; }

    /// <summary>The runs that failed, in the order in which they did.</summary>
    public IReadOnlyList<RunFailure> Failures { get; init; } = [];
}

/// <summary>A finished experiment.</summary>
/// <param name="Spec">What was asked.</param>
/// <param name="Runs">Every arm under every seed, in the order of the specification, but for those that failed.</param>
/// <param name="Trivial">The trivial baselines, judged by the same evaluators.</param>
/// <param name="Environment">Versions and machine facts, for the report.</param>
/// <param name="Notes">What the reader should know of the data: skipped and truncated records.</param>
public sealed record ExperimentResult(
    ExperimentSpec Spec,
    IReadOnlyList<RunResult> Runs,
    IReadOnlyList<RunResult> Trivial,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> Notes) : ReportContent(Runs, Trivial, Environment, Notes)
{
    /// <inheritdoc/>
    public override ExperimentOutline Outline => ExperimentOutline.Of(Spec);
}

/// <summary>An experiment as it lies in its folder.</summary>
internal sealed record StoredExperiment(
    ExperimentOutline Kept,
    IReadOnlyList<RunResult> Runs,
    IReadOnlyList<RunResult> Trivial,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> Notes) : ReportContent(Runs, Trivial, Environment, Notes)
{
    /// <inheritdoc/>
    public override ExperimentOutline Outline => Kept;
}
