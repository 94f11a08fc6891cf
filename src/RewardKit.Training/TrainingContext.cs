namespace RewardKit.Training;

/// <summary>What a training run has around it. Nothing here changes what is learnt.</summary>
public sealed record TrainingContext
{
    /// <summary>Told after each step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Stops between steps; the model is then somewhere in between.</summary>
    public CancellationToken Cancellation { get; init; }
}
