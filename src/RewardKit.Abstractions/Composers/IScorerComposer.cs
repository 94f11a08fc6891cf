namespace RewardKit;

/// <summary>What a composer asks of the host.</summary>
[Flags]
public enum ComposerNeeds
{
    /// <summary>Nothing but scorers.</summary>
    None = 0,

    /// <summary>What the members' own language models write: <see cref="ScorerMember.Writer"/>.</summary>
    Writers = 1,

    /// <summary>A text generator: <see cref="CompositionContext.Generator"/>.</summary>
    Generator = 2,

    /// <summary>
    /// How likely the members' own language models, and the models that they started from, are to give a response:
    /// <see cref="ScorerMember.Policy"/> and <see cref="ScorerMember.Reference"/>. A member need not have a reward then.
    /// </summary>
    Policies = 4,

    /// <summary>Responses that tell the members' scales apart: <see cref="CompositionContext.Reference"/>.</summary>
    Reference = 8,

    /// <summary>All outputs of members whose head has several: <see cref="ScorerMember.Heads"/>.</summary>
    Heads = 16,
}

/// <summary>
/// Makes one scorer of several: an ensemble, a hierarchy; or another scorer of one: an average over critiques. The new
/// scorer's reward of a response depends on that response only, as any scorer's; it calls the members, and need not be
/// disposed. One that can tell its members' rewards apart is an <see cref="IEnsembleScorer"/>: reports then show where they disagree.
/// </summary>
public interface IScorerComposer
{
    /// <summary>What <see cref="Compose"/> and its scorer use. Asked once, before.</summary>
    ComposerNeeds Needs => ComposerNeeds.None;

    /// <summary>Composes scorers.</summary>
    /// <param name="members">
    /// The scorers: first the model that the arm trains, where it trains one, then those that the user names, in their order. None
    /// where there are neither: a scorer that needs no other, as a judge, is composed of nothing.
    /// </param>
    /// <param name="context">What the composition may rest on.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">The number of members, or their weights, make no sense for this method.</exception>
    IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation);
}

/// <summary>A scorer among those that are composed.</summary>
/// <param name="Scorer">The scorer.</param>
/// <param name="Weight">Its weight, as the user gives it; how it is used is the method's affair.</param>
public sealed record ScorerMember(IScorer Scorer, double Weight = 1)
{
    /// <summary>
    /// What its own language-model head writes, in the weights that score; null where the composer does not need it
    /// (<see cref="ComposerNeeds.Writers"/>).
    /// </summary>
    public ITextGenerator? Writer { get; init; }

    /// <summary>
    /// Its own language model; null where the composer does not need it (<see cref="ComposerNeeds.Policies"/>).
    /// </summary>
    public IPolicy? Policy { get; init; }

    /// <summary>The model that its training started from, likewise; null also where that is not known any more.</summary>
    public IPolicy? Reference { get; init; }

    /// <summary>
    /// The outputs of its head as members of their own, the first being <see cref="Scorer"/>; null where it has one output only, and
    /// where the composer does not need it (<see cref="ComposerNeeds.Heads"/>).
    /// </summary>
    public IEnsembleScorer? Heads { get; init; }
}

/// <summary>What a composition may rest on.</summary>
/// <param name="reference">Responses whose scores tell the members' scales apart, for methods that normalise.</param>
/// <param name="seed">Decides every random choice.</param>
/// <param name="generator">What writes text, or null where the script names nothing.</param>
/// <param name="report">Told what the composer measured; null for nobody.</param>
public sealed class CompositionContext(
    IReadOnlyList<ScoreRequest> reference, int seed, ITextGenerator? generator = null, Action<string, double>? report = null)
{
    /// <summary>
    /// Responses whose scores tell the members' scales apart, for methods that normalise: those of the pairs that the user names, else
    /// of the arm's training pairs. Empty where there are neither, and where the composer does not need them
    /// (<see cref="ComposerNeeds.Reference"/>).
    /// </summary>
    public IReadOnlyList<ScoreRequest> Reference { get; } = reference;

    /// <summary>Decides every random choice.</summary>
    public int Seed { get; } = seed;

    /// <summary>Says what was found while composing, as the inconsistency of a member; it stands among the arm's measurements.</summary>
    /// <param name="name">What it is, in a few words.</param>
    /// <param name="value">The number.</param>
    public void Report(string name, double value) => report?.Invoke(name, value);

    /// <summary>What writes text for the composer.</summary>
    /// <exception cref="RewardKitException">The script names none.</exception>
    public ITextGenerator Generator => generator ?? throw RewardKitException.Input(
        "This composer has text written by a language model, but the script names none. "
        + "Add generator (Generator.server (url, model)) to the experiment.");
}
