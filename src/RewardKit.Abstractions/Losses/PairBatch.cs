using TorchSharp;

namespace RewardKit;

/// <summary>Where training stands.</summary>
/// <param name="Step">Optimiser steps already taken.</param>
/// <param name="TotalSteps">Optimiser steps in the whole run.</param>
/// <param name="StepsPerEpoch">Optimiser steps in one pass over the data.</param>
public readonly record struct TrainingStep(int Step, int TotalSteps, int StepsPerEpoch);

/// <summary>What an optimiser step has in all its batches: for means over anything but pairs.</summary>
/// <param name="Pairs">The pairs.</param>
/// <param name="LastTurns">The responses of several turns, of which the last has tokens.</param>
/// <param name="LastTurnTokens">The tokens of those last turns.</param>
public readonly record struct StepTotals(long Pairs, long LastTurns, long LastTurnTokens)
{
    /// <summary>The labelled steps of responses (<see cref="PairBatch.StepLabels"/>).</summary>
    public long StepLabels { get; init; }
}

/// <summary>The pairs behind a <see cref="PairForward"/>, row for row. The host owns the tensors.</summary>
/// <param name="examples">The pairs, in row order.</param>
/// <param name="ties">True for a tie, <c>[pairs]</c>, bool, on the model's device.</param>
/// <param name="responseLengths">Response lengths in tokens, <c>[pairs, 2]</c>, int64, on the model's device.</param>
/// <param name="step">Where training stands.</param>
/// <param name="lastTurnLengths">Lengths of last turns in tokens, likewise; null: all 0.</param>
/// <param name="totals">What the whole optimiser step has; null: this batch is all of it.</param>
public sealed class PairBatch(
    IReadOnlyList<PreferenceExample> examples, torch.Tensor ties, torch.Tensor responseLengths, TrainingStep step,
    torch.Tensor? lastTurnLengths = null, StepTotals? totals = null)
{
    private StepTotals? _totals = totals;

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

    /// <summary>
    /// Lengths in tokens of the last turns of responses that have several, <c>[pairs, 2]</c>, int64; 0 for a response of one
    /// turn. The tokens are those of <see cref="PairForward.LastTurnLogProbs"/>.
    /// </summary>
    public torch.Tensor LastTurnLengths { get; } = lastTurnLengths ?? torch.zeros_like(responseLengths);

    /// <summary>
    /// The probability that all is right up to the end of each labelled step (<see cref="PreferenceExample.ChosenSteps"/>): of the chosen
    /// response, then of the rejected one, pair by pair, <c>[steps]</c>, float64. Labels behind what the model sees of a response are not
    /// among them; of several that end in one token the last is. Empty for a loss without <see cref="ForwardNeeds.StepRewards"/>.
    /// </summary>
    public torch.Tensor StepLabels { get => field ??= torch.zeros(0, dtype: torch.ScalarType.Float64, device: Ties.device); init; }

    /// <summary>How many of them each response has, <c>[pairs, 2]</c>, int64.</summary>
    public torch.Tensor StepCounts { get => field ??= torch.zeros_like(ResponseLengths); init; }

    /// <summary>
    /// What the whole optimiser step has, of which this batch may be a part. With it a loss can be the sum of means over
    /// different things: a mean over tokens is <c>sum / Totals.LastTurnTokens × Totals.Pairs / Pairs</c> beside a mean over
    /// pairs, where <see cref="ILoss.Weight"/> is the number of pairs.
    /// </summary>
    public StepTotals Totals => _totals ??= new(Pairs, LastTurnLengths.gt(0).sum().item<long>(), LastTurnLengths.sum().item<long>()) { StepLabels = StepLabels.NumberOfElements };

    /// <summary>Where training stands.</summary>
    public TrainingStep Step { get; } = step;
}
