namespace RewardKit.Training;

/// <summary>One optimiser step as logged.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="LearningRate">The learning rate it used.</param>
/// <param name="GradNorm">The global gradient norm before clipping.</param>
/// <param name="Metrics"><c>loss</c> and the loss plugin's own metrics: weighted means over the step's batches.</param>
public sealed record StepLog(int Step, double LearningRate, double GradNorm, IReadOnlyDictionary<string, double> Metrics);

/// <summary>How far a long task has come, for a progress bar.</summary>
/// <param name="Stage">What is being done: <c>reference</c>, <c>train</c>, <c>score</c>.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Unit">What is counted: <c>pairs</c>, <c>texts</c>.</param>
/// <param name="Loss">The latest loss; null outside training.</param>
public sealed record TrainingProgress(string Stage, long Done, long Total, string Unit, double? Loss = null);

/// <summary>What a finished training run leaves beside its weights.</summary>
/// <param name="Steps">One row an optimiser step.</param>
/// <param name="TruncatedPrompts">Prompts cut on the left to fit.</param>
/// <param name="TruncatedResponses">Responses cut on the right to fit.</param>
/// <param name="Seconds">Wall-clock time of the training steps.</param>
public sealed record TrainingLog(
    IReadOnlyList<StepLog> Steps, long TruncatedPrompts, long TruncatedResponses, double Seconds);
