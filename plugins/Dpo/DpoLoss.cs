using TorchSharp;

namespace RewardKit.Plugins.Dpo;

/// <summary>
/// Direct preference optimisation (Rafailov et al., "Direct Preference Optimization: Your Language Model is Secretly a Reward
/// Model", arXiv:2305.18290) and its kin: a language model is its own reward model, with the implicit reward
/// β (log π − log π_ref). With
/// <c>z = (log π − log π_ref)(chosen) − (log π − log π_ref)(rejected)</c> the loss is the mean of <c>q ℓ(z) + (1 − q) ℓ(−z)</c>,
/// where ℓ is the <see cref="DpoForm"/> and q the probability that the chosen response is better. π_ref is the checkpoint that
/// the run starts from.
/// </summary>
[Loss("dpo", Paper = "arXiv:2305.18290")]
public sealed class DpoLoss : ILoss
{
    private readonly DpoOptions _options;

    /// <summary>Makes the loss.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">Labels of which one half is wrong are to be put right.</exception>
    public DpoLoss(DpoOptions options)
    {
        if (options is { LabelNoise: LabelNoise.Robust, LabelSmoothing: 0.5 })
            throw RewardKitException.Input("dpo: with labelSmoothing = 0.5 the labels say nothing, and labelNoise = robust cannot put them right; choose a value below 0.5.");
        _options = options;
    }

    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs | (_options.Reference ? ForwardNeeds.ReferenceLogProbs : ForwardNeeds.None);

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var ratios = _options.Reference ? forward.ResponseLogProbs - forward.ReferenceLogProbs : forward.ResponseLogProbs; // [pairs, 2]
        if (_options.PerToken) ratios = ratios / batch.ResponseLengths.clamp_min(1); // an empty response has 0, per token too
        var z = ratios.select(1, 0) - ratios.select(1, 1); // [pairs]
        var q = WithNoise(batch.Labels).to(z.dtype);
        var loss = (q * Cost(z) + (1 - q) * Cost(-z)).mean();
        return new(loss, ImplicitMetrics.Of(batch, _options.Beta * ratios.detach()));
    }

    // ℓ, [pairs]. −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
    private torch.Tensor Cost(torch.Tensor z) => _options.Form switch
    {
        DpoForm.Sigmoid => (-_options.Beta * z).softplus(),
        DpoForm.Ipo => (z - 1 / (2 * _options.Beta)).pow(2),
        DpoForm.Hinge => (1 - _options.Beta * z).relu(),
        var other => throw new InvalidOperationException($"{other} is no form of DPO."),
    };

    // q from the labels p, [pairs]: 1 − ε and ε of a preference, or what gives p back when noise of ε is put on it. With
    // p = 1 the latter is robust DPO's [(1 − ε) ℓ(z) − ε ℓ(−z)] / (1 − 2ε).
    private torch.Tensor WithNoise(torch.Tensor p)
    {
        var noise = _options.LabelSmoothing;
        return _options.LabelNoise == LabelNoise.Conservative ? (1 - 2 * noise) * p + noise : (p - noise) / (1 - 2 * noise);
    }
}
