using RewardKit.Hosting.Experiments;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Scoring;

/// <summary>Makes one scorer of several that a script names outside of an experiment's arms.</summary>
internal static class ComposedScorers
{
    /// <summary>What members have there: a model's log-probabilities and outputs, but neither texts nor the model that it was trained from.</summary>
    private const ComposerNeeds Given = ComposerNeeds.Policies | ComposerNeeds.Heads | ComposerNeeds.Reference;

    /// <summary>Composes.</summary>
    /// <param name="spec">The composer and its members.</param>
    /// <param name="methods">Where composers come from.</param>
    /// <param name="open">A model as a member, with what is needed of it.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">It needs what there is in an experiment alone, or refuses its members.</exception>
    public static IScorer Compose(ComposedScorerSpec spec, MethodSource methods, Func<ModelScorerSpec, ComposerNeeds, ScorerMember> open, CancellationToken cancellation)
    {
        var composer = methods.CreateComposer(methods.Complete(spec.Composer));
        if ((composer.Needs & ~Given) != 0)
            throw RewardKitException.Input($"The composer {spec.Composer.Id} has text written, which it is given in an experiment's arm alone: name it among an arm's steps.");
        ScorerMember[] members = [.. spec.Members.Select(member => Member(member.Scorer) with { Weight = member.Weight })];
        return composer.Compose(members, new(spec.Reference is { } pairs && composer.Needs.HasFlag(ComposerNeeds.Reference) ? References(new PairLoader().Load(pairs).Examples) : [], seed: 0), cancellation);

        ScorerMember Member(ScorerSpec scorer) => scorer switch
        {
            ModelScorerSpec model => open(model, composer.Needs),
            ComposedScorerSpec inner => new(Compose(inner, methods, open, cancellation)),
            _ => new((IScorer)scorer),
        };
    }

    /// <summary>The responses of pairs, each once.</summary>
    public static IReadOnlyList<ScoreRequest> References(IReadOnlyList<PreferenceExample> pairs) =>
        [.. pairs.SelectMany(pair => (ScoreRequest[])[new(pair.Prompt, pair.Chosen), new(pair.Prompt, pair.Rejected)]).Distinct()];
}
