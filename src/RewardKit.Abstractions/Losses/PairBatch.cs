using TorchSharp;

namespace RewardKit;

/// <summary>Where training stands.</summary>
/// <param name="Step">Optimiser steps already taken.</param>
/// <param name="TotalSteps">Optimiser steps in the whole run.</param>
/// <param name="StepsPerEpoch">Optimiser steps in one pass over the data.</param>
public readonly record struct TrainingStep(int Step, int TotalSteps, int StepsPerEpoch);

/// <summary>The pairs behind a <see cref="PairForward"/>, row for row. The host owns the tensors.</summary>
/// <param name="examples">The pairs, in row order.</param>
/// <param name="ties">True for a tie, <c>[pairs]</c>, bool, on the model's device.</param>
/// <param name="responseLengths">Response lengths in tokens, <c>[pairs, 2]</c>, int64, on the model's device.</param>
/// <param name="step">Where training stands.</param>
public sealed class PairBatch(
    IReadOnlyList<PreferenceExample> examples, torch.Tensor ties, torch.Tensor responseLengths, TrainingStep step)
{
    /// <summary>The pairs, in row order.</summary>
    public IReadOnlyList<PreferenceExample> Examples { get; } = examples;

    /// <summary>The number of rows.</summary>
    public int Pairs => Examples.Count;

    /// <summary>True for a tie, <c>[pairs]</c>, bool.</summary>
    public torch.Tensor Ties { get; } = ties;

    /// <summary>
    /// The probability that the chosen response is better, <c>[pairs]</c>, float64: the soft label where there is one, else
    /// 1 for a preference and ½ for a tie.
    /// </summary>
    public torch.Tensor Labels { get; } = torch.tensor(
        [.. examples.Select(e => e.SoftLabel ?? (e.Relation == Relation.Tie ? 0.5 : 1))], dtype: torch.ScalarType.Float64, device: ties.device);

    /// <summary>Response lengths in tokens, <c>[pairs, 2]</c>, int64; what the model saw, after any truncation.</summary>
    public torch.Tensor ResponseLengths { get; } = responseLengths;

    /// <summary>Where training stands.</summary>
    public TrainingStep Step { get; } = step;
}
