using System.ComponentModel.DataAnnotations;
using TorchSharp;

namespace RewardKit.Plugins.Crome;

/// <summary>The two forms of a reward model.</summary>
public enum Form
{
    /// <summary>Each response has a reward of its own, and their difference is Δ (Bradley and Terry).</summary>
    BradleyTerry,

    /// <summary>The model reads both responses in one text, and Δ is the difference of its two replies' logits (PairPM).</summary>
    Pairwise,
}

/// <summary>Over what the pairwise form's cross-entropy is taken.</summary>
public enum Vocabulary
{
    /// <summary>Over the two labels.</summary>
    Labels,

    /// <summary>Over all tokens: −log(P(A) + P(B)) comes to each row, which pushes probability onto the labels.</summary>
    Full,
}

/// <summary>Options of the loss <c>crome</c>.</summary>
[PluginOptions]
public sealed record CromeOptions
{
    /// <summary>λ, the weight of a tie row against a preference row; the paper's runs have 1.</summary>
    [Range(0.0, 1000.0)]
    public double TieWeight { get; init; } = 1.0;

    /// <summary>The form of the reward model.</summary>
    public Form Form { get; init; } = Form.BradleyTerry;

    /// <summary>Over what the pairwise form's cross-entropy is taken.</summary>
    public Vocabulary Vocabulary { get; init; } = Vocabulary.Labels;
}

/// <summary>
/// The loss of Crome (Srivastava et al., "Robust Reward Modeling via Causal Rubrics", arXiv:2506.16507): preferences,
/// original or causal, have <c>−log σ(Δ)</c>; ties have <c>−½[log σ(Δ) + log σ(−Δ)]</c>, least at Δ = 0, times λ. The
/// printed formula has the tie part with the opposite sign, which its text contradicts and which has no minimum. The paper
/// sums; here it is the mean over all rows, so that λ is the weight of a row and not of its kind.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("crome", Paper = "arXiv:2506.16507")]
public sealed class CromeLoss(CromeOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => options.Form == Form.Pairwise ? ForwardNeeds.Preferences : ForwardNeeds.Rewards;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var both = options.Form == Form.Pairwise ? forward.Preferences : forward.Rewards;
        var margin = both.select(1, 0) - both.select(1, 1);
        var p = batch.Labels.to(margin.dtype);
        var weight = 1 + (options.TieWeight - 1) * batch.Ties.to(margin.dtype);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail; p = ½ makes the tie's loss of it.
        var rows = p * (-margin).softplus() + (1 - p) * margin.softplus();
        if (options is { Form: Form.Pairwise, Vocabulary: Vocabulary.Full }) rows = rows - both.logsumexp(1);
        return new((weight * rows).mean(), Metrics(batch, margin.detach(), rows.detach()));
    }

    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, torch.Tensor margin, torch.Tensor rows)
    {
        var metrics = new Dictionary<string, torch.Tensor>();
        var ties = batch.Examples.Count(e => e.Relation == Relation.Tie);
        if (ties > 0)
        {
            var share = batch.Ties.to(margin.dtype) / ties;
            metrics["loss.tie"] = (share * rows).sum();
            metrics["margin.tie"] = (share * margin.abs()).sum();
        }
        if (ties < batch.Pairs)
        {
            var share = batch.Ties.logical_not().to(margin.dtype) / (batch.Pairs - ties);
            metrics["loss.preference"] = (share * rows).sum();
            metrics["acc.scalar"] = (share * margin.gt(0)).sum(); // strict: equal rewards count as wrong
            metrics["margin.scalar"] = (share * margin).sum();
        }
        return metrics;
    }
}
