namespace RewardKit;

/// <summary>What an augmenter asks of the host.</summary>
[Flags]
public enum AugmenterNeeds
{
    /// <summary>Nothing but data and a seed.</summary>
    None = 0,

    /// <summary>A reward model trained on the original pairs: <see cref="AugmentationContext.Baseline"/>.</summary>
    Baseline = 1,

    /// <summary>A text generator: <see cref="AugmentationContext.Generator"/>.</summary>
    Generator = 2,
}

/// <summary>
/// Makes further training examples from given ones. A stream in, a stream out: originals pass through unchanged, so that
/// augmenters chain (one that means to replace them says so, <see cref="PluginTraits.ReplacesExamples"/>). The same input and seed give the same output, in the same order.
/// </summary>
public interface IAugmenter
{
    /// <summary>What <see cref="AugmentAsync"/> uses from its context. Asked once, before it runs.</summary>
    AugmenterNeeds Needs { get; }

    /// <summary>Augments a stream of examples.</summary>
    /// <param name="examples">The examples so far. May be read as a whole before the first result.</param>
    /// <param name="context">Seed, services, and where to say what was done.</param>
    /// <param name="cancellation">Stops the stream.</param>
    IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, CancellationToken cancellation);
}

/// <summary>What an augmenter works with.</summary>
/// <param name="seed">Decides every random choice.</param>
/// <param name="baseline">The baseline reward model, or null where the arm names none.</param>
/// <param name="report">Told how many examples were made, kept or dropped, by reason.</param>
/// <param name="generator">What writes text, or null where the script names nothing.</param>
public sealed class AugmentationContext(int seed, IScorer? baseline, Action<string, long> report, ITextGenerator? generator = null)
{
    /// <summary>Decides every random choice.</summary>
    public int Seed { get; } = seed;

    /// <summary>
    /// The reward model trained on the original pairs by the arm that the script names as the baseline.
    /// </summary>
    /// <exception cref="RewardKitException">The arm names no baseline.</exception>
    public IScorer Baseline => baseline ?? throw RewardKitException.Input(
        "This augmenter filters with a baseline reward model, but its arm names none. "
        + "Add Baseline.arm \"NAME\" with the name of an earlier arm, or turn the filter off in the augmenter's options.");

    /// <summary>What writes rewrites, critiques and verdicts.</summary>
    /// <exception cref="RewardKitException">The script names none.</exception>
    public ITextGenerator Generator => generator ?? throw RewardKitException.Input(
        "This augmenter has text written by a language model, but the script names none. "
        + "Add generator (Generator.server (url = \"…\", model = \"…\")) to the experiment.");

    /// <summary>Says how many examples a reason applies to, as <c>("iqn.kept", 812)</c>; shown in the report.</summary>
    /// <param name="reason">A short dotted name.</param>
    /// <param name="count">How many.</param>
    public void Count(string reason, long count) => report(reason, count);
}
