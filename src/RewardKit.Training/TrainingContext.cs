using RewardKit.Torch;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Training;

/// <summary>What a training run has around it. Nothing here changes what is learnt.</summary>
public sealed record TrainingContext
{
    /// <summary>Told after each step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Held-out pairs to try the model on while it is trained; null or empty for none.</summary>
    public IReadOnlyList<PreferenceExample>? Validation { get; init; }

    /// <summary>Told, in a sentence, what the user should know at once and nobody asked for: that a pass had to be made smaller.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Where what helps to understand the run is left, such as the batch that broke it; null for nowhere.</summary>
    public string? Folder { get; init; }

    /// <summary>Where the training's state is kept, to go on from after it was stopped; null for nowhere.</summary>
    public TrainingCheckpoints? Checkpoints { get; init; }

    /// <summary>
    /// Where log-probabilities of the starting model are kept for other runs that start from it; null for nowhere.
    /// </summary>
    public ILogProbStore? LogProbs { get; init; }

    /// <summary>
    /// The processes that train the model together, each with the same arguments; null for this one alone. Their numbers are
    /// those of one but for rounding and what dropout draws.
    /// </summary>
    public ProcessGroup? Group { get; init; }

    /// <summary>Stops between steps, with a checkpoint where they are kept; the model is then somewhere in between.</summary>
    public CancellationToken Cancellation { get; init; }
}
