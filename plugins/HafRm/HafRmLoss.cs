using TorchSharp;

namespace RewardKit.Plugins.HafRm;

/// <summary>
/// HAF-RM (Liu et al., "HAF-RM: A Hybrid Alignment Framework for Reward Model Training", arXiv:2407.04185): the body
/// learns from a sequence-level reward loss through the scalar head and a token-level policy loss through the
/// language-model head, <c>L_H = L_s + α·L_P</c>. L_s is the Bradley-Terry loss, L_P the DPO loss against the frozen
/// starting checkpoint or one of the ablation's (<see cref="PolicyLoss"/>). The scalar head alone scores afterwards.
/// </summary>
[Loss("haf-rm", Paper = "arXiv:2407.04185")]
public sealed class HafRmLoss : ILoss
{
    private readonly HafRmOptions _options;

    /// <summary>Makes the loss.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The settings leave nothing to train.</exception>
    public HafRmLoss(HafRmOptions options)
    {
        if (options is { RewardWeight: 0, Alpha: 0 })
            throw RewardKitException.Input("haf-rm: rewardWeight and alpha are both 0, which leaves nothing to train; set one above 0.");
        if (options.AlternateStep is not null && (options.RewardWeight == 0 || options.Alpha == 0))
            throw RewardKitException.Input("haf-rm: alternateStep needs both losses; set rewardWeight and alpha above 0, or leave alternateStep out.");
        _options = options;
    }

    /// <summary>A loss of weight 0 asks for nothing: the baselines of the paper cost what they cost elsewhere.</summary>
    public ForwardNeeds Needs =>
        (_options.RewardWeight > 0 ? ForwardNeeds.Rewards : ForwardNeeds.None)
        | (_options.Alpha > 0 ? ForwardNeeds.ResponseLogProbs : ForwardNeeds.None)
        | (_options.Alpha > 0 && HasReference ? ForwardNeeds.ReferenceLogProbs : ForwardNeeds.None);

    /// <summary>One linear map with bias, zero at the start unless the options say otherwise.</summary>
    public RewardHead Head => new(ZeroInit: _options.ZeroInitHead, Bias: true);

    private bool HasReference => _options.Reference && _options.PolicyLoss is not (PolicyLoss.Slic or PolicyLoss.Simpo);

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var terms = new List<torch.Tensor>();
        var metrics = new Dictionary<string, torch.Tensor>();
        // Which loss acts in this step: both, or with alternateStep = k first k steps of the policy's, then k of the reward's.
        var rewardTurn = _options.AlternateStep is { } k ? batch.Step.Step / k % 2 == 1 : (bool?)null;
        if (_options.RewardWeight > 0)
        {
            var loss = RewardLoss(batch, forward, metrics);
            if (rewardTurn is not false) terms.Add(_options.RewardWeight * loss);
        }
        if (_options.Alpha > 0)
        {
            var loss = PolicyLossOf(batch, forward, metrics);
            if (rewardTurn is not true) terms.Add(_options.Alpha * loss);
        }
        return new(terms.Aggregate((sum, term) => sum + term), metrics);
    }

    // L_s: mean of −log σ(r_w − r_l).
    private static torch.Tensor RewardLoss(PairBatch batch, PairForward forward, Dictionary<string, torch.Tensor> metrics)
    {
        var margin = Difference(forward.Rewards);
        var loss = MeanOverPairs(batch, (-margin).softplus(), margin.softplus());
        metrics["loss.reward"] = loss.detach();
        AddAccuracy(batch, "acc.scalar", margin, metrics);
        AddMean(batch, "margin.scalar", margin.detach(), metrics);
        return loss;
    }

    // L_P: mean of a function of the log-probabilities, as PolicyLoss documents.
    private torch.Tensor PolicyLossOf(PairBatch batch, PairForward forward, Dictionary<string, torch.Tensor> metrics)
    {
        var logp = forward.ResponseLogProbs;
        torch.Tensor loss;
        if (_options.PolicyLoss == PolicyLoss.Slic)
        {
            loss = MeanOverPairs(batch, -logp.select(1, 0), -logp.select(1, 1));
        }
        else
        {
            var implicitReward = ImplicitReward(batch, forward);
            var d = Difference(implicitReward);
            loss = MeanOverPairs(batch, OfDifference(d), OfDifference(-d));
            AddAccuracy(batch, "acc.implicit", d, metrics);
            AddMean(batch, "margin.implicit", _options.Tau * d.detach(), metrics);
            AddMean(batch, "implicit.chosen", _options.Tau * implicitReward.select(1, 0).detach(), metrics);
            AddMean(batch, "implicit.rejected", _options.Tau * implicitReward.select(1, 1).detach(), metrics);
        }
        metrics["loss.policy"] = loss.detach();
        AddAccuracy(batch, "acc.logp", Difference(logp), metrics);
        return loss;
    }

    // Without its factor τ, [pairs, 2]. An empty response has log-probability 0, per token too.
    private torch.Tensor ImplicitReward(PairBatch batch, PairForward forward) =>
        HasReference ? forward.ResponseLogProbs - forward.ReferenceLogProbs
        : _options.PolicyLoss == PolicyLoss.Simpo ? forward.ResponseLogProbs / batch.ResponseLengths.clamp_min(1)
        : forward.ResponseLogProbs;

    private torch.Tensor OfDifference(torch.Tensor d)
    {
        var beta = _options.Tau;
        return _options.PolicyLoss switch
        {
            PolicyLoss.Sigmoid or PolicyLoss.Simpo => (-beta * d).softplus(),
            PolicyLoss.Hinge => (1 - beta * d).relu(),
            PolicyLoss.Ipo => (d - 1 / (2 * beta)).pow(2),
            PolicyLoss.IpoSqrt => beta * (d - 1 / (2 * beta)).pow(2),
            PolicyLoss.IpoFull => (beta * d - 0.5).pow(2),
            var other => throw new InvalidOperationException($"{other} is no function of the difference."),
        };
    }

    private static torch.Tensor Difference(torch.Tensor pairs) => pairs.select(1, 0) - pairs.select(1, 1);

    // The paper has preferences only, where this is the mean of the first argument; an example with a soft label p counts
    // as p of one order and 1 − p of the other, a tie as half of each.
    private static torch.Tensor MeanOverPairs(PairBatch batch, torch.Tensor asLabelled, torch.Tensor swapped)
    {
        var p = batch.Labels.to(asLabelled.dtype);
        return (p * asLabelled + (1 - p) * swapped).mean();
    }

    // Strict: equal values count as wrong.
    private static void AddAccuracy(PairBatch batch, string name, torch.Tensor difference, Dictionary<string, torch.Tensor> metrics) =>
        AddMean(batch, name, difference.detach().gt(0).to(difference.dtype), metrics);

    // Of the preferences alone: a tie has no right order.
    private static void AddMean(PairBatch batch, string name, torch.Tensor values, Dictionary<string, torch.Tensor> metrics)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences > 0) metrics[name] = (batch.Ties.logical_not() * values).sum() / preferences;
    }
}
