namespace RewardKit.Training.Checkpoints;

/// <summary>A training was stopped, and left a checkpoint to go on from.</summary>
/// <param name="step">Steps done.</param>
/// <param name="totalSteps">Steps that the run has.</param>
/// <param name="cancellation">What stopped it.</param>
public sealed class TrainingStoppedException(int step, int totalSteps, CancellationToken cancellation) : OperationCanceledException(
    FormattableString.Invariant($"stopped at step {step} of {totalSteps}; the same command goes on from there"), cancellation);
