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

    /// <summary>Whether they stay when the run is finished and its model saved.</summary>
    public bool KeepWhenFinished { get; init; }
}
