namespace RewardKit.Plugins.Alarm;

/// <summary>
/// ALaRM (Lai et al., "ALaRM: Align Language Models via Hierarchical Rewards Modeling", arXiv:2403.06754). The first member is the
/// holistic scorer, the others are aspects: w_h·ĥ with ĥ = (h − μ_h)/s_h stands at the end of the response, and where ĥ reaches the
/// threshold each aspect adds w_k·σ(a_k) at the places where it speaks. The reward is the sum over the places.
/// </summary>
/// <param name="options">Its settings.</param>
[Composer("alarm", Paper = "arXiv:2403.06754", Traits = PluginTraits.OrderedMembers)]
public sealed class AlarmComposer(AlarmOptions options) : IScorerComposer
{
    /// <inheritdoc/>
    public ComposerNeeds Needs => options is { Mean: not null, Deviation: not null, Aspects: 0 } ? ComposerNeeds.None : ComposerNeeds.Reference;

    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (members.Any(member => member.Weight < 0) || members.All(member => member.Weight == 0))
            throw RewardKitException.Input("alarm needs a holistic scorer, then aspects, with weights of 0 or more, at least one of them above 0.");
        if (members.FirstOrDefault(member => member.Scorer is IPairScorer) is { } pairwise)
            throw RewardKitException.Input($"alarm: {pairwise.Scorer.Name} compares two responses and has no reward for one; its members need one each.");
        var holistic = members[0];
        ScorerMember[] aspects = [.. members.Skip(1).Where(member => member.Weight > 0)];
        if (Needs == ComposerNeeds.None) return new Alarm(holistic, aspects, options.Mean!.Value, options.Deviation!.Value, options);

        if (context.Reference.Count < 2)
            throw RewardKitException.Input(
                $"alarm tells the holistic scorer's scale by reference responses, and there are {context.Reference.Count}. Name pairs, Members.reference pairs.Train, or the scale: mean and deviation.");
        var rewards = holistic.Scorer.Score(context.Reference, cancellation);
        var mean = rewards.Average();
        var deviation = Math.Sqrt(rewards.Average(reward => (reward - mean) * (reward - mean)));
        if (options.Deviation is null && deviation == 0)
            throw RewardKitException.Input($"alarm: the holistic scorer {holistic.Scorer.Name} gives all reference responses the same reward, which is no scale. Name other pairs, or deviation.");
        if (options.Aspects > 0) aspects = Selected(aspects, context, rewards, cancellation);
        return new Alarm(holistic, aspects, options.Mean ?? mean, options.Deviation ?? deviation, options);
    }

    // Those that the holistic scorer contradicts least; the earlier one where two are alike.
    private ScorerMember[] Selected(ScorerMember[] aspects, CompositionContext context, IReadOnlyList<double> holistic, CancellationToken cancellation)
    {
        var found = aspects.Select(aspect =>
        {
            double[] rewards = [.. Aspect.Places(aspect.Scorer, context.Reference, cancellation).Select(places => places.Sum(place => place.Reward))];
            var inconsistency = Inconsistency.Of(context.Reference, rewards, holistic)
                ?? throw RewardKitException.Input("alarm: aspects = " + options.Aspects + " chooses by responses to one prompt that the holistic scorer tells apart, and no reference prompt has two. Name other pairs.");
            context.Report($"inconsistency of {aspect.Scorer.Name}", inconsistency);
            return (aspect, inconsistency);
        }).ToArray();
        return [.. found.OrderBy(each => each.inconsistency).Take(options.Aspects).Select(each => each.aspect)];
    }

    private sealed class Alarm(ScorerMember holistic, ScorerMember[] aspects, double mean, double deviation, AlarmOptions options) : IStepScorer
    {
        public string Name => $"{holistic.Scorer.Name} with {(aspects.Length == 0 ? "no aspect" : string.Join(", ", aspects.Select(aspect => aspect.Scorer.Name)))}";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. ScoreSteps(requests, cancellation).Select(places => places.Sum(place => place.Reward))];

        public IReadOnlyList<IReadOnlyList<PlacedReward>> ScoreSteps(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            double[] whole = [.. holistic.Scorer.Score(requests, cancellation).Select(reward => (reward - mean) / deviation)];
            var spoken = options.Mode == AlarmMode.HolisticOnly ? [] : aspects.Select(aspect => (aspect.Weight, Of: Aspect.Places(aspect.Scorer, requests, cancellation))).ToArray();
            return [.. requests.Select((request, i) =>
            {
                var places = new SortedDictionary<int, double>();
                Add(request.Response.LastContent.Length, holistic.Weight * whole[i]);
                if (options.Mode == AlarmMode.WeightedSum || whole[i] >= options.Threshold)
                    foreach (var (weight, aspect) in spoken)
                        foreach (var place in aspect[i]) Add(place.End, weight * (options.Shaping ? 1 / (1 + Math.Exp(-place.Reward)) : place.Reward));
                return places.Select(place => new PlacedReward(place.Key, place.Value)).ToArray();

                void Add(int end, double reward) => places[end] = places.GetValueOrDefault(end) + reward;
            })];
        }
    }
}
