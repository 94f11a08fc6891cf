using RewardKit.Training;

namespace RewardKit.Hosting.Experiments;

/// <summary>Told how far an experiment is. Called by the thread that runs it.</summary>
public interface IExperimentProgress
{
    /// <summary>A run begins.</summary>
    void Started(string arm, int seed);

    /// <summary>A run comes along.</summary>
    void Advanced(string arm, int seed, TrainingProgress progress);

    /// <summary>Something about a run that the user should know at once, in a sentence.</summary>
    void Noted(string arm, int seed, string sentence);

    /// <summary>A run is done, or an earlier one was found again.</summary>
    void Finished(RunResult run);

    /// <summary>A run failed, before or after it was <see cref="Started"/>; the others go on.</summary>
    void Failed(RunFailure failure);
}

/// <summary>How to run an experiment.</summary>
/// <param name="Fresh">Compute everything again, whatever earlier runs left.</param>
/// <param name="Superseded">
/// Cancelled when the experiment is to be begun anew: the run under way then goes on to its end, and none begins after it.
/// </param>
public sealed record RunnerOptions(bool Fresh = false, CancellationToken Superseded = default);
