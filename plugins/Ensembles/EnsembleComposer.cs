using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Ensembles;

/// <summary>What the members' rewards r_i make together, m being their mean and v their variance.</summary>
public enum Aggregate
{
    /// <summary>m.</summary>
    Mean,

    /// <summary>The middle one; between two, their mean.</summary>
    Median,

    /// <summary>min r_i: worst-case optimisation.</summary>
    Worst,

    /// <summary>m − β·√v: a lower confidence bound.</summary>
    LowerBound,

    /// <summary>m − c·v: uncertainty-weighted optimisation.</summary>
    MeanLessVariance,
}

/// <summary>Options of the composer <c>ensemble</c>.</summary>
[PluginOptions]
public sealed record EnsembleOptions
{
    /// <summary>What the members' rewards make together.</summary>
    public Aggregate Aggregate { get; init; } = Aggregate.Mean;

    /// <summary>How much disagreement costs: β of a lower bound, c of the mean less the variance.</summary>
    [Range(0, 1000)]
    public double Caution { get; init; } = 1;

    /// <summary>The variance is the sum of squares over n − ddof: 0 for the population's, 1 for the unbiased one.</summary>
    [Range(0, 1)]
    public int Ddof { get; init; }

    /// <summary>
    /// Whether each member's rewards are brought to mean 0 and deviation 1 over reference responses (the training pairs' unless
    /// Members.reference names others): members that were trained apart have scales of their own.
    /// </summary>
    public bool Normalise { get; init; }

    /// <summary>Whether each output of a head with several, as Loss.ensemble trains it, is a member; else its first alone.</summary>
    public bool Heads { get; init; } = true;
}

/// <summary>
/// Several rewards made one, cautiously where they disagree (Zhang et al., "Improving Reinforcement Learning from Human Feedback with
/// Efficient Reward Model Ensemble", arXiv:2401.16635; worst case and mean less variance as in Coste et al., arXiv:2310.02743). The
/// members are models, the outputs of a head, or both. A member's weight counts in mean and variance; a head's outputs share it.
/// </summary>
/// <param name="options">Its settings.</param>
[Composer("ensemble", Paper = "arXiv:2401.16635; arXiv:2310.02743")]
public sealed class EnsembleComposer(EnsembleOptions options) : IScorerComposer
{
    /// <inheritdoc/>
    public ComposerNeeds Needs => (options.Heads ? ComposerNeeds.Heads : 0) | (options.Normalise ? ComposerNeeds.Reference : 0);

    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (members.Any(member => member.Weight < 0) || members.All(member => member.Weight == 0))
            throw RewardKitException.Input("ensemble needs members with weights of 0 or more, at least one of them above 0: Members.seeds (\"ARM\", [ 1..3 ]), or an arm trained by Loss.ensemble ().");
        if (members.FirstOrDefault(member => member.Scorer is IPairScorer) is { } pairwise)
            throw RewardKitException.Input($"ensemble: {pairwise.Scorer.Name} compares two responses and has no reward for one; its members need one each.");
        Source[] sources = [.. members.Where(member => member.Weight > 0).Select(Of)];
        if (!options.Normalise) return new Ensemble(sources, options);
        if (context.Reference.Count < 2)
            throw RewardKitException.Input($"ensemble: normalise = true needs reference responses to tell the members' scales by, and there are {context.Reference.Count}. Name pairs: Members.reference pairs.Train.");
        return new Ensemble([.. sources.Select(source => source.Scaled(source.Rewards(context.Reference, cancellation)))], options);
    }

    private Source Of(ScorerMember member) => options.Heads && member.Heads is { } heads
        ? new(member.Weight, (requests, cancellation) => [.. heads.ScoreMembers(requests, cancellation).Select(score => score.Members)])
        : new(member.Weight, (requests, cancellation) => [.. member.Scorer.Score(requests, cancellation).Select(reward => (double[])[reward])]);

    /// <summary>A model, with one reward or several for a response.</summary>
    /// <param name="Weight">Its weight, which its rewards share.</param>
    /// <param name="Rewards">Its rewards of each request.</param>
    private sealed record Source(double Weight, Func<IReadOnlyList<ScoreRequest>, CancellationToken, IReadOnlyList<IReadOnlyList<double>>> Rewards)
    {
        /// <summary>The same with the rewards of some responses at mean 0 and deviation 1.</summary>
        public Source Scaled(IReadOnlyList<IReadOnlyList<double>> reference)
        {
            var scales = Enumerable.Range(0, reference[0].Count).Select(place => Scale([.. reference.Select(rewards => rewards[place])])).ToArray();
            return this with
            {
                Rewards = (requests, cancellation) =>
                    [.. Rewards(requests, cancellation).Select(rewards => rewards.Zip(scales, (reward, scale) => (reward - scale.Mean) / scale.Deviation).ToArray())],
            };
        }

        // One that gives all the same has no scale.
        private static (double Mean, double Deviation) Scale(double[] rewards)
        {
            var mean = rewards.Average();
            var deviation = Math.Sqrt(rewards.Average(reward => (reward - mean) * (reward - mean)));
            return (mean, deviation > 0 ? deviation : 1);
        }
    }

    private sealed class Ensemble(Source[] sources, EnsembleOptions options) : IEnsembleScorer
    {
        public string Name => $"ensemble of {sources.Length}";

        public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            var rewards = sources.Select(source => source.Rewards(requests, cancellation)).ToArray();
            return [.. requests.Select((_, i) => Score([.. rewards.Select(of => of[i])]))];
        }

        private EnsembleScore Score(IReadOnlyList<double>[] rewards)
        {
            var members = rewards.SelectMany((of, source) => of.Select(reward => (Reward: reward, Weight: sources[source].Weight / of.Count))).ToArray();
            double[] all = [.. members.Select(member => member.Reward)];
            return new(Aggregation.Of(all, [.. members.Select(member => member.Weight)], options), all);
        }
    }
}
