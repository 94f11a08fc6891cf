using System.ComponentModel.DataAnnotations;
using RewardKit;

namespace Acme.Namespace;

/// <summary>Options of <c>my-method</c>.</summary>
[PluginOptions]
public sealed record MyMethodOptions
{
    /// <summary>How much the members' disagreement, as variance, lowers the reward; 0 for the mean alone.</summary>
    [Range(0.0, 100.0)]
    public double Caution { get; init; }
}

/// <summary>The weighted mean of the members' rewards, less their variance times a factor.</summary>
[Composer("my-method", Paper = "arXiv:2310.02743")]
public sealed class MyMethodComposer(MyMethodOptions options) : IScorerComposer
{
    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (members.Any(member => member.Weight < 0) || members.All(member => member.Weight == 0))
            throw RewardKitException.Input("my-method needs scorers with weights of 0 or more, at least one of them above 0.");
        return new Composed([.. members.Where(member => member.Weight > 0)], options.Caution);
    }

    private sealed class Composed(ScorerMember[] members, double caution) : IScorer
    {
        private readonly double _total = members.Sum(member => member.Weight);

        public string Name => $"my-method of {string.Join(", ", members.Select(member => member.Scorer.Name))}";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            var scores = members.Select(member => member.Scorer.Score(requests, cancellation)).ToArray();
            return [.. requests.Select((_, i) => Reward([.. scores.Select(member => member[i])]))];
        }

        private double Reward(double[] rewards)
        {
            var mean = Mean(rewards);
            return mean - caution * Mean([.. rewards.Select(reward => (reward - mean) * (reward - mean))]);
        }

        private double Mean(double[] values) => members.Zip(values, (member, value) => member.Weight * value).Sum() / _total;
    }
}
