namespace RewardKit;

/// <summary>
/// Makes one scorer of several: an ensemble, a hierarchy. The new scorer's reward of a response depends on that response
/// only, as any scorer's; it calls the members, and need not be disposed.
/// </summary>
public interface IScorerComposer
{
    /// <summary>Composes scorers.</summary>
    /// <param name="members">The scorers, at least one, in the order that the user names them.</param>
    /// <param name="context">What the composition may rest on.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">The number of members, or their weights, make no sense for this method.</exception>
    IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation);
}

/// <summary>A scorer among those that are composed.</summary>
/// <param name="Scorer">The scorer.</param>
/// <param name="Weight">Its weight, as the user gives it; how it is used is the method's affair.</param>
public sealed record ScorerMember(IScorer Scorer, double Weight = 1);

/// <summary>What a composition may rest on.</summary>
/// <param name="Reference">
/// Responses whose scores tell the members' scales apart, for methods that normalise; empty where the user gives none.
/// </param>
/// <param name="Seed">Decides every random choice.</param>
public sealed record CompositionContext(IReadOnlyList<ScoreRequest> Reference, int Seed);
