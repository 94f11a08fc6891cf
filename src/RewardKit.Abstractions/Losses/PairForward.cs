using System.Runtime.CompilerServices;
using TorchSharp;

namespace RewardKit;

/// <summary>
/// What the model says of a batch of pairs, one row a pair; column 0 is the chosen response (or the first of a tie),
/// column 1 the rejected one. Nothing of padding, packing or truncation shows here. The host owns the tensors.
/// </summary>
public sealed class PairForward
{
    /// <summary>Rewards, <c>[pairs, 2]</c>, with gradient. Needs <see cref="ForwardNeeds.Rewards"/>.</summary>
    public torch.Tensor Rewards { get => Asked(field, ForwardNeeds.Rewards); init; } = null!;

    /// <summary>
    /// Log-probability of each response given its prompt, summed over response tokens, <c>[pairs, 2]</c>, float32, with
    /// gradient. An empty response has 0. Needs <see cref="ForwardNeeds.ResponseLogProbs"/>.
    /// </summary>
    public torch.Tensor ResponseLogProbs { get => Asked(field, ForwardNeeds.ResponseLogProbs); init; } = null!;

    /// <summary>
    /// The same under the reference model, <c>[pairs, 2]</c>, without gradient. Needs
    /// <see cref="ForwardNeeds.ReferenceLogProbs"/>.
    /// </summary>
    public torch.Tensor ReferenceLogProbs { get => Asked(field, ForwardNeeds.ReferenceLogProbs); init; } = null!;

    /// <summary>
    /// Final hidden states at the last real token, <c>[pairs, 2, hidden]</c>, with gradient. Needs
    /// <see cref="ForwardNeeds.Features"/>.
    /// </summary>
    public torch.Tensor Features { get => Asked(field, ForwardNeeds.Features); init; } = null!;

    /// <summary>
    /// All outputs of the head, <c>[pairs, 2, outputs]</c>, with gradient; the first is <see cref="Rewards"/>. Needs
    /// <see cref="ForwardNeeds.Heads"/>.
    /// </summary>
    public torch.Tensor HeadRewards { get => Asked(field, ForwardNeeds.Heads); init; } = null!;

    /// <summary>
    /// The weights of the head as they are applied (<see cref="HeadNorm"/>), <c>[outputs, hidden]</c>, with gradient. Needs
    /// <see cref="ForwardNeeds.Heads"/>.
    /// </summary>
    public torch.Tensor HeadWeights { get => Asked(field, ForwardNeeds.Heads); init; } = null!;

    /// <summary>
    /// Log-probability, over the whole vocabulary, of the reply that names each response as the better one, <c>[pairs, 2]</c>,
    /// float32, with gradient. Column 0 less column 1 is the difference of the two labels' logits. Each pair is shown in one
    /// order, drawn by the run's seed, the step and the pair. Needs <see cref="ForwardNeeds.Preferences"/>.
    /// </summary>
    public torch.Tensor Preferences { get => Asked(field, ForwardNeeds.Preferences); init; } = null!;

    /// <summary>
    /// Log-probability, over the whole vocabulary, of the reply that neither response is better, <c>[pairs]</c>, float32, with
    /// gradient. Needs <see cref="ForwardNeeds.TiePreference"/>.
    /// </summary>
    public torch.Tensor TiePreference { get => Asked(field, ForwardNeeds.TiePreference); init; } = null!;

    /// <summary>
    /// Log-probability of the last turn of each response given all before it (prompt, earlier turns, and what the chat template
    /// writes before an answer), summed over its tokens, its end among them, <c>[pairs, 2]</c>, float32, with gradient. A
    /// response of one turn has 0: that turn is the response. So has one that does not end with an assistant's turn. Needs
    /// <see cref="ForwardNeeds.LastTurnLogProbs"/>.
    /// </summary>
    public torch.Tensor LastTurnLogProbs { get => Asked(field, ForwardNeeds.LastTurnLogProbs); init; } = null!;

    /// <summary>
    /// The reward at each token of each response, as if the response ended there without an end token: chosen, then rejected,
    /// pair by pair, <c>[response tokens]</c>, with gradient. <see cref="PairBatch.ResponseLengths"/>, flattened, are the
    /// lengths of its stretches; the last of a stretch is the response's <see cref="Rewards"/>. Needs
    /// <see cref="ForwardNeeds.TokenRewards"/>.
    /// </summary>
    public torch.Tensor TokenRewards { get => Asked(field, ForwardNeeds.TokenRewards); init; } = null!;

    /// <summary>
    /// The reward at the end of each labelled step, <c>[steps]</c>, with gradient, in the order of <see cref="PairBatch.StepLabels"/>:
    /// the token reward at the last token of the step. Needs <see cref="ForwardNeeds.StepRewards"/>.
    /// </summary>
    public torch.Tensor StepRewards { get => Asked(field, ForwardNeeds.StepRewards); init; } = null!;

    // Not inlined: the conformance kit sees by where an exception begins that it is this one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static torch.Tensor Asked(torch.Tensor? tensor, ForwardNeeds need, [CallerMemberName] string property = "") =>
        tensor ?? throw new InvalidOperationException(
            $"The loss reads {property} but did not ask for it: add {nameof(ForwardNeeds)}.{need} to its Needs.");
}
