namespace RewardKit.Training;

/// <summary>The learning rate by step: a linear warm-up, then the schedule down to zero.</summary>
/// <param name="Peak">The highest rate.</param>
/// <param name="WarmupSteps">Steps until the peak.</param>
/// <param name="TotalSteps">Steps until zero.</param>
/// <param name="Schedule">The way from the peak to zero.</param>
public sealed record LearningRate(double Peak, int WarmupSteps, int TotalSteps, Schedule Schedule)
{
    /// <summary>The rates that a run's options describe.</summary>
    /// <param name="options">The options; the warm-up is rounded up to whole steps.</param>
    /// <param name="totalSteps">Optimiser steps in the run.</param>
    public static LearningRate Of(TrainingOptions options, int totalSteps) =>
        new(options.LearningRate, options.WarmupSteps ?? (int)Math.Ceiling(options.WarmupRatio * totalSteps), totalSteps, options.Schedule);

    /// <summary>The rate after some steps: 0 at step 0 under a warm-up, the peak at its end, 0 at the last step.</summary>
    /// <param name="step">Steps taken.</param>
    public double At(int step)
    {
        if (step < WarmupSteps) return Peak * step / WarmupSteps;
        if (Schedule == Schedule.Constant) return Peak;
        var progress = Math.Clamp((step - WarmupSteps) / (double)Math.Max(1, TotalSteps - WarmupSteps), 0, 1);
        return Schedule == Schedule.Linear ? Peak * (1 - progress) : Peak * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
