namespace RewardKit.Training.Checkpoints;

/// <summary>When a training's whole state is written, and how much of that is kept. No number of the run depends on it.</summary>
public sealed record CheckpointPolicy
{
    /// <summary>After every so many optimiser steps, at least 1; null: not by steps.</summary>
    public int? Steps { get; init; }

    /// <summary>After the step during which so many minutes since the last one have passed, above 0; null: not by time.</summary>
    public double? Minutes { get; init; } = 10;

    /// <summary>How many of the last ones are kept, at least 1.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>The one that is kept beside the last ones, and one is then written after each validation; null: none.</summary>
    public BestCheckpoint? Best { get; init; }

    /// <summary>Whether they stay when the run is finished and its model saved.</summary>
    public bool KeepWhenFinished { get; init; }
}

/// <summary>The checkpoint with the best of a validation's numbers; the earlier one where two are equal.</summary>
/// <param name="Metric">The number's name: <c>eval/accuracy</c>.</param>
/// <param name="Lowest">Whether the lowest is the best; otherwise the highest is.</param>
public sealed record BestCheckpoint(string Metric, bool Lowest = false);
