using RewardKit.Plugins.Steps;

namespace RewardKit.Plugins.ProcessReward;

/// <summary>Options of the composer <c>process-reward</c>.</summary>
[PluginOptions]
public sealed record SolutionRewardOptions
{
    /// <summary>What the steps' probabilities make together; Math-Shepherd takes the least, Lightman et al. the product.</summary>
    public StepReward Aggregate { get; init; } = StepReward.Min;

    /// <summary>What stands between two steps, <c>\n</c> being a new line. It belongs to neither.</summary>
    public string Separator { get; init; } = "\\n";
}

/// <summary>
/// A solution's reward from those of its steps: at the end of each the members are asked for the log-odds that all is right so far, their
/// probabilities are averaged by weight, and a way of RewardMATH (arXiv:2410.01729) makes one number of the steps'.
/// </summary>
/// <param name="options">Its settings.</param>
[Composer("process-reward", Paper = "arXiv:2305.20050; arXiv:2312.08935", Traits = PluginTraits.ScoresOtherTexts)]
public sealed class ProcessRewardComposer(SolutionRewardOptions options) : IScorerComposer
{
    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (options.Separator.Length == 0) throw RewardKitException.Input("process-reward: separator is empty; it must be what stands between two steps, as \"\\n\".");
        if (members.Any(member => member.Weight < 0) || members.All(member => member.Weight == 0))
            throw RewardKitException.Input("process-reward needs members with weights of 0 or more, at least one of them above 0: Members.arm (\"ARM\") with an arm trained by Loss.processReward ().");
        ScorerMember[] counted = [.. members.Where(member => member.Weight > 0)];
        if (counted.FirstOrDefault(member => member.Scorer is not IPlaceScorer) is { } other)
            throw RewardKitException.Input($"process-reward: \"{other.Scorer.Name}\" has no rewards within a response; its members are models with a reward head, as Loss.processReward () trains them.");
        var sum = counted.Sum(member => member.Weight);
        return new SolutionScorer([.. counted.Select(member => ((IPlaceScorer)member.Scorer, member.Weight / sum))], options);
    }

    private sealed class SolutionScorer((IPlaceScorer Scorer, double Share)[] members, SolutionRewardOptions options) : IStepScorer, IPlaceScorer
    {
        public string Name => $"process-reward of {string.Join(", ", members.Select(member => member.Scorer.Name))}";

        // What has no step has nothing right.
        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            [.. ScoreSteps(requests, cancellation).Select(steps => steps.Count == 0 ? 0 : StepRewards.Of([.. steps.Select(step => Probability.Of(step.Reward))], options.Aggregate))];

        public IReadOnlyList<IReadOnlyList<PlacedReward>> ScoreSteps(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
        {
            PlaceRequest[] places = [.. requests.Select(request => new PlaceRequest(request.Prompt, request.Response, Ends(request.Response.LastContent)))];
            return [.. places.Zip(ScoreAt(places, cancellation), (place, rewards) => place.Ends.Zip(rewards, (end, reward) => new PlacedReward(end, reward)).ToArray())];
        }

        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default)
        {
            var each = members.Select(member => (member.Share, Rewards: member.Scorer.ScoreAt(requests, cancellation))).ToArray();
            if (each is [var (_, only)]) return only;
            return [.. requests.Select((request, i) => request.Ends.Select((_, place) => Probability.LogOdds(each.Sum(of => of.Share * Probability.Of(of.Rewards[i][place])))).ToArray())];
        }

        private int[] Ends(string text)
        {
            var (ends, from, separator) = (new List<int>(), 0, options.Separator.Replace("\\n", "\n", StringComparison.Ordinal));
            foreach (var piece in text.Split(separator))
            {
                if (!string.IsNullOrWhiteSpace(piece)) ends.Add(from + piece.TrimEnd().Length);
                from += piece.Length + separator.Length;
            }
            return [.. ends];
        }
    }
}

/// <summary>Log-odds and probabilities; never 0 or 1, of which there are no log-odds.</summary>
internal static class Probability
{
    private const double Least = 1e-15;

    public static double Of(double logOdds) => Math.Clamp(1 / (1 + Math.Exp(-logOdds)), Least, 1 - Least);

    public static double LogOdds(double probability) => Math.Log(probability / (1 - probability));
}
