namespace RewardKit.Training;

/// <summary>One optimiser step as logged.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="LearningRate">The learning rate it used.</param>
/// <param name="GradNorm">The global gradient norm before clipping.</param>
/// <param name="Metrics">
/// <c>loss</c> and the loss plugin's own metrics: weighted means over the step's batches; after a step at which the model
/// was tried on held-out pairs also <c>eval/NAME</c>.
/// </param>
public sealed record StepLog(int Step, double LearningRate, double GradNorm, IReadOnlyDictionary<string, double> Metrics);

/// <summary>How far a long task has come, for a progress bar.</summary>
/// <param name="Stage">
/// What is being done: <c>reference</c>, <c>resume</c> (once, with the last step of the checkpoint that the training goes on
/// from), <c>train</c>, <c>score</c>, <c>generate</c>.
/// </param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Unit">What is counted: <c>pairs</c>, <c>texts</c>.</param>
/// <param name="Step">The optimiser step just done; null outside training.</param>
public sealed record TrainingProgress(string Stage, long Done, long Total, string Unit, StepReport? Step = null)
{
    /// <summary>What else there is to say, in a few words; null for nothing.</summary>
    public string? Detail { get; init; }
}

/// <summary>One optimiser step as it is watched: what is logged of it, and how far it brought the run.</summary>
/// <param name="Log">The step as logged.</param>
/// <param name="Epoch">Passes over the data so far, with the part of the present one.</param>
/// <param name="Rewards">The rewards of the step's pairs; null where the loss needs none.</param>
/// <param name="Pairs">Pairs so far.</param>
/// <param name="Tokens">Tokens so far: of each pair the prompt once and both responses, after truncation.</param>
/// <param name="Seconds">Wall-clock time since the first step began, without that between stop and resume.</param>
/// <param name="Validation">What the model did on held-out pairs after this step; null where it was not tried.</param>
public sealed record StepReport(
    StepLog Log, double Epoch, RewardSummary? Rewards, long Pairs, long Tokens, double Seconds, ValidationReport? Validation = null);

/// <summary>The rewards that a step's pairs had, by the weights before the step.</summary>
/// <param name="Accuracy">The share of pairs whose chosen response has the higher reward, ties left out; null where all are ties.</param>
/// <param name="Margin">The mean of the chosen response's reward less the rejected one's, ties left out; null where all are ties.</param>
/// <param name="Min">The lowest reward of a response.</param>
/// <param name="Mean">The mean over all responses.</param>
/// <param name="Max">The highest.</param>
public sealed record RewardSummary(double? Accuracy, double? Margin, double Min, double Mean, double Max);

/// <summary>What a finished training run leaves beside its weights.</summary>
/// <param name="Steps">One row an optimiser step.</param>
/// <param name="TruncatedPrompts">Prompts cut on the left to fit.</param>
/// <param name="TruncatedResponses">Responses cut on the right to fit.</param>
/// <param name="Seconds">Wall-clock time of the training steps.</param>
public sealed record TrainingLog(
    IReadOnlyList<StepLog> Steps, long TruncatedPrompts, long TruncatedResponses, double Seconds)
{
    /// <summary>Pairs left out, because <see cref="TooLong.Drop"/> was asked for.</summary>
    public long DroppedPairs { get; init; }

    /// <summary>The step whose weights the run left, where that is not the last.</summary>
    public int? KeptStep { get; init; }
}
