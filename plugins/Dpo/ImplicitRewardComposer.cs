namespace RewardKit.Plugins.Dpo;

/// <summary>
/// The implicit reward of a language model (Rafailov et al., arXiv:2305.18290, section 4): β (log π − log π_ref), π_ref being the
/// model that its training started from. It lacks a term that depends on the prompt alone, so that rewards of responses to
/// different prompts do not compare. Of several models it is the weighted mean.
/// </summary>
/// <param name="options">Its settings.</param>
[Composer("implicit-reward", Paper = "arXiv:2305.18290")]
public sealed class ImplicitRewardComposer(ImplicitRewardOptions options) : IScorerComposer
{
    /// <inheritdoc/>
    public ComposerNeeds Needs => ComposerNeeds.Policies;

    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (members.Any(member => member.Weight < 0) || members.All(member => member.Weight == 0))
            throw RewardKitException.Input("implicit-reward needs models with weights of 0 or more, at least one of them above 0.");
        var used = members.Where(member => member.Weight > 0).ToArray();
        var total = used.Sum(member => member.Weight);
        return new ImplicitReward([.. used.Select(member => (member.Weight / total, Policy(member), Reference(member)))], options);
    }

    private static IPolicy Policy(ScorerMember member) => member.Policy ?? throw RewardKitException.Input(
        $"implicit-reward: {member.Scorer.Name} is no language model, and has no log-probabilities to make a reward of.");

    private IPolicy? Reference(ScorerMember member) => !options.Reference ? null : member.Reference ?? throw RewardKitException.Input(
        $"implicit-reward: it is not known which model {member.Scorer.Name} was trained from. Name it, or leave the reference out: reference = false.");

    private sealed class ImplicitReward((double Weight, IPolicy Policy, IPolicy? Reference)[] members, ImplicitRewardOptions options) : IScorer
    {
        public string Name => string.Join(" and ", members.Select(member => member.Policy.Name));

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            var scores = new double[requests.Count];
            foreach (var (weight, policy, reference) in members)
            {
                var own = policy.LogProbs(requests, cancellation);
                var start = reference?.LogProbs(requests, cancellation);
                for (var i = 0; i < scores.Length; i++)
                {
                    var ratio = own[i].LogProb - (start?[i].LogProb ?? 0);
                    scores[i] += weight * options.Beta * (options.PerToken ? ratio / Math.Max(1, own[i].Tokens) : ratio);
                }
            }
            return scores;
        }
    }
}
