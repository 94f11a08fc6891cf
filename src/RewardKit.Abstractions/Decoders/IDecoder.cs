namespace RewardKit;

/// <summary>What a decoder asks of the host, beside the model it decodes from.</summary>
[Flags]
public enum DecoderNeeds
{
    /// <summary>The base model alone.</summary>
    None = 0,

    /// <summary>At least one further language model that steers: <see cref="IDecodingContext.Guides"/>.</summary>
    Guides = 1,

    /// <summary>A scorer of whole responses: <see cref="IDecodingContext.Scorer"/>.</summary>
    Scorer = 2,

    /// <summary>A reward model that scores unfinished responses by their tokens: <see cref="IDecodingContext.PrefixScorer"/>.</summary>
    PrefixScorer = 4,

    /// <summary>
    /// A second scorer of whole responses, of the reward that the base is aligned to: <see cref="IDecodingContext.BaselineScorer"/>.
    /// </summary>
    BaselineScorer = 8,
}

/// <summary>
/// Answers prompts with a language model, steered by others. The rule is the decoder's; the loop is the host's
/// (<see cref="IDecodingContext.Generate"/>): caches, batches, sampling, ends of texts. A row's answer depends on its own
/// request only, never on the rows beside it. Called by one thread at a time; keeps nothing between calls. With every
/// weight zero it gives what the base model gives. Throw <see cref="RewardKitException"/> for what the user can mend.
/// </summary>
public interface IDecoder
{
    /// <summary>What <see cref="Decode"/> uses beside the base model. Asked once, before it.</summary>
    DecoderNeeds Needs { get; }

    /// <summary>Answers each prompt.</summary>
    /// <param name="requests">The prompts, with the weights of what steers and a seed each.</param>
    /// <param name="context">The models, the options, and the host's loop.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>One answer a request, in their order.</returns>
    IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation);
}

/// <summary>A prompt to answer.</summary>
/// <param name="Prompt">The turns before the answer.</param>
/// <param name="Seed">Decides what is sampled for it.</param>
/// <param name="Weights">
/// How strongly each guide steers (or the scorer, where there is no guide): one number each, 0 or more; empty: 1 each.
/// </param>
public sealed record DecodingRequest(Conversation Prompt, long Seed, IReadOnlyList<double> Weights);

/// <summary>A language model that the host holds: its weights, tokenizer and chat template.</summary>
public interface ILanguageModel
{
    /// <summary>A name for messages.</summary>
    string Name { get; }
}

/// <summary>A reward model that the host holds and that can score a response token by token as it grows.</summary>
public interface IPrefixScorer
{
    /// <summary>A name for messages.</summary>
    string Name { get; }
}
