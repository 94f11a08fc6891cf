using TorchSharp;

namespace RewardKit.Plugins.BradleyTerry;

/// <summary>What a tie teaches a pairwise model.</summary>
public enum TieTarget
{
    /// <summary>Either label with probability ½.</summary>
    Halves,

    /// <summary>A third label, as RRM's public code has it: the reply "Same".</summary>
    ThirdLabel,
}

/// <summary>Over what the cross-entropy is taken.</summary>
public enum Vocabulary
{
    /// <summary>Over the labels.</summary>
    Labels,

    /// <summary>Over all tokens.</summary>
    Full,
}

/// <summary>Options of the loss <c>pairwise</c>.</summary>
[PluginOptions]
public sealed record PairwiseOptions
{
    /// <summary>What a tie teaches.</summary>
    public TieTarget Ties { get; init; } = TieTarget.Halves;

    /// <summary>Over what the cross-entropy is taken.</summary>
    public Vocabulary Vocabulary { get; init; } = Vocabulary.Labels;
}

/// <summary>
/// The pairwise preference model: the language model reads both responses in one text and replies with the label of the
/// better one. The loss is the cross-entropy of that reply, mean over pairs. Over two labels it is the Bradley-Terry loss of
/// their logits' difference.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("pairwise", Paper = "arXiv:2405.07863; with a third label arXiv:2409.13156")]
public sealed class PairwiseLoss(PairwiseOptions options) : ILoss
{
    private readonly bool _third = options.Ties == TieTarget.ThirdLabel;

    /// <inheritdoc/>
    public ForwardNeeds Needs => _third ? ForwardNeeds.Preferences | ForwardNeeds.TiePreference : ForwardNeeds.Preferences;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var replies = forward.Preferences; // [pairs, 2]
        var p = batch.Labels.to(replies.dtype);
        var target = torch.stack([p, 1 - p], 1);
        if (_third)
        {
            var tie = batch.Ties.to(replies.dtype).unsqueeze(1);
            replies = torch.cat([replies, forward.TiePreference.unsqueeze(1)], 1);
            target = torch.cat([target * (1 - tie), tie], 1);
        }
        // They are log-probabilities over all tokens already.
        if (options.Vocabulary == Vocabulary.Labels) replies = replies.log_softmax(1);
        return new(-(target * replies).sum(1).mean(), Metrics(batch, forward));
    }

    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, PairForward forward)
    {
        var replies = forward.Preferences.detach();
        var margin = replies.select(1, 0) - replies.select(1, 1);
        var metrics = new Dictionary<string, torch.Tensor> { ["mass.labels"] = replies.exp().sum(1).mean() };
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return metrics;
        var share = batch.Ties.logical_not().to(margin.dtype) / preferences;
        metrics["acc.pairwise"] = (share * margin.gt(0)).sum(); // strict: equal logits count as wrong
        metrics["margin.pairwise"] = (share * margin).sum();
        return metrics;
    }
}
