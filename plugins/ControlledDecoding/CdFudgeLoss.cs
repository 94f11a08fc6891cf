using TorchSharp;

namespace RewardKit.Plugins.ControlledDecoding;

/// <summary>
/// The loss of CD-FUDGE's prefix scorer (Mudgal et al., arXiv:2310.17022, after Yang and Klein's FUDGE, arXiv:2104.05218):
/// ½ Σ_t (V(prompt, response up to t) − r)² of each response, r its reward by the data, over answers that the base gave. What
/// minimises it is the value of a prefix under the base.
/// </summary>
[Loss("cd-fudge", Paper = "arXiv:2310.17022")]
public sealed class CdFudgeLoss : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.TokenRewards;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var values = forward.TokenRewards; // [response tokens]
        var lengths = batch.ResponseLengths.reshape(-1); // [responses]
        var rewards = torch.tensor([.. batch.Examples.SelectMany(Rewards)], dtype: values.dtype, device: values.device);
        var responses = torch.arange(lengths.size(0), device: values.device).repeat_interleave(lengths); // [response tokens]
        var squares = (values - rewards.index_select(0, responses)).pow(2);
        var byResponse = torch.zeros_like(rewards).scatter_add(0, responses, squares);
        // The mean over responses, of which an empty one has no value to be wrong.
        return new(byResponse.mean() / 2, new Dictionary<string, torch.Tensor> { ["error.token"] = (byResponse.detach() / lengths.clamp_min(1)).mean() });
    }

    private static double[] Rewards(PreferenceExample example) => example.Rewards is { } rewards ? [rewards.Chosen, rewards.Rejected]
        : throw RewardKitException.Input(
            $"cd-fudge learns what each response is worth, and the data do not say so of {example.Id}: give every record the rewards of both responses (score_chosen and score_rejected).");
}
