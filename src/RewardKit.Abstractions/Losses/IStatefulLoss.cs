namespace RewardKit;

/// <summary>
/// A loss that remembers something from step to step, as labels that follow the model. What it remembers goes into every
/// checkpoint, so that a training that was stopped goes on as if it had not been. Two calls of <see cref="ILoss.Compute"/> are not
/// to be remembered: one for a <see cref="TrainingStep.Step"/> and a pair that were there before, with which the host repeats a
/// pass that was too large for the memory; and one on held-out pairs, where nothing that is computed has a gradient. A training by
/// several processes is refused: each of them sees a part of the pairs only.
/// </summary>
public interface IStatefulLoss : ILoss
{
    /// <summary>Begins a training, or goes on with one. Called once before its first step.</summary>
    /// <param name="state">What <see cref="Save"/> gave for the checkpoint; null at a start, whatever this object did before.</param>
    void Restore(byte[]? state);

    /// <summary>All that it remembers. Called between steps.</summary>
    byte[] Save();
}
