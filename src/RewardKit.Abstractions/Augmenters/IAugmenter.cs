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

    /// <summary>What the model that the run starts from writes: <see cref="AugmentationContext.Writer"/>.</summary>
    Writer = 4,

    /// <summary>
    /// How likely the model that the run starts from, and others that the script names (<see cref="IAugmenter.Policies"/>), are
    /// to give a response: <see cref="AugmentationContext.Policy"/>.
    /// </summary>
    Policies = 8,
}

/// <summary>
/// Makes further training examples from given ones. A stream in, a stream out: originals pass through unchanged, so that
/// augmenters chain (one that means to replace or to drop some says so, <see cref="PluginTraits.ReplacesExamples"/> and
/// <see cref="PluginTraits.DropsExamples"/>). The same input and seed give the same output, in the same order.
/// </summary>
public interface IAugmenter
{
    /// <summary>What <see cref="AugmentAsync"/> uses from its context. Asked once, before it runs.</summary>
    AugmenterNeeds Needs { get; }

    /// <summary>
    /// The names under which it asks for further language models, beside the one that the run starts from; a script gives each
    /// (<c>Policy.named "previous" model</c>). Only with <see cref="AugmenterNeeds.Policies"/>.
    /// </summary>
    IReadOnlyList<string> Policies => [];

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
/// <param name="writer">What the model that the run starts from writes, or null where nobody asked for it.</param>
/// <param name="policies">Language models by name, that of the run itself as <see cref="Start"/>; null for none.</param>
/// <param name="measured">Told numbers that are no counts; null for nobody.</param>
/// <param name="decided">Told what became of examples that were judged; null for nobody.</param>
public sealed class AugmentationContext(
    int seed, IScorer? baseline, Action<string, long> report, ITextGenerator? generator = null, ITextGenerator? writer = null,
    IReadOnlyDictionary<string, IPolicy>? policies = null, Action<string, double>? measured = null,
    Action<ExampleDecision>? decided = null)
{
    /// <summary>The name of the model that the run starts from, among the policies.</summary>
    public const string Start = "start";

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

    /// <summary>What the model that the run starts from writes: samples of its own policy.</summary>
    /// <exception cref="InvalidOperationException">The augmenter did not ask for it.</exception>
    public ITextGenerator Writer => writer ?? throw new InvalidOperationException(
        $"The augmenter reads {nameof(Writer)} but did not ask for it: add {nameof(AugmenterNeeds)}.{nameof(AugmenterNeeds.Writer)} to its Needs.");

    /// <summary>A language model that says how likely it is to give a response.</summary>
    /// <param name="name">One of <see cref="IAugmenter.Policies"/>, or <see cref="Start"/>.</param>
    /// <exception cref="InvalidOperationException">The augmenter did not ask for it.</exception>
    public IPolicy Policy(string name) => policies?.GetValueOrDefault(name) ?? throw new InvalidOperationException(
        $"The augmenter reads the policy \"{name}\" but did not ask for it: add {nameof(AugmenterNeeds)}.{nameof(AugmenterNeeds.Policies)} to its Needs, and the name to its Policies.");

    /// <summary>Says how many examples a reason applies to, as <c>("iqn.kept", 812)</c>; shown in the report.</summary>
    /// <param name="reason">A short dotted name.</param>
    /// <param name="count">How many.</param>
    public void Count(string reason, long count) => report(reason, count);

    /// <summary>Says a number that is no count, as <c>("cream.consistency", 0.81)</c>; shown in the report. A name is said once.</summary>
    /// <param name="name">A short dotted name.</param>
    /// <param name="value">The number.</param>
    public void Measure(string name, double value) => measured?.Invoke(name, value);

    /// <summary>
    /// Says what became of an example that was judged, and why. The run's folder keeps it in <c>decisions.jsonl</c>; the report
    /// shows how often each happened, with samples.
    /// </summary>
    /// <param name="decision">The example and the decision. Not kept.</param>
    public void Decide(ExampleDecision decision) => decided?.Invoke(decision);
}

/// <summary>What became of an example that an augmenter judged.</summary>
/// <param name="Original">The example as it came in.</param>
/// <param name="Result">The example as it goes on; null where it is dropped.</param>
/// <param name="Action">What was done, in a word: <c>keep</c>, <c>swap</c>, <c>drop</c>.</param>
/// <param name="Category">Why, in a few words: <c>empty answer</c>.</param>
/// <param name="Votes">What was said of it, as <c>agree</c>; may be empty.</param>
public sealed record ExampleDecision(
    PreferenceExample Original, PreferenceExample? Result, string Action, string Category, IReadOnlyList<string> Votes);
