using TorchSharp;

namespace RewardKit;

/// <summary>
/// Says how a step's tokens are chosen, from what the models say. Runs in a dispose scope that ends with the step.
/// </summary>
/// <param name="step">The rows that go on, and the models' views of them.</param>
public delegate TokenChoice TokenRule(IDecodingStep step);

/// <summary>What a decoder works with.</summary>
public interface IDecodingContext
{
    /// <summary>The model that is decoded from.</summary>
    ILanguageModel Base { get; }

    /// <summary>
    /// The models that steer, in the order of <see cref="DecodingRequest.Weights"/>. They share the base's tokens; each has
    /// its own chat template.
    /// </summary>
    IReadOnlyList<ILanguageModel> Guides { get; }

    /// <summary>Scores whole responses.</summary>
    /// <exception cref="RewardKitException">The user named none.</exception>
    IScorer Scorer { get; }

    /// <summary>Scores unfinished responses; shares the base's tokens.</summary>
    /// <exception cref="RewardKitException">The user named none.</exception>
    IPrefixScorer PrefixScorer { get; }

    /// <summary>Scores whole responses by the reward that the base is aligned to.</summary>
    /// <exception cref="RewardKitException">The user named none.</exception>
    IScorer BaselineScorer => throw RewardKitException.Input("This decoder needs the reward that the base model is aligned to, and none is named.");

    /// <summary>Lengths, temperature, cuts and stops, as the user wants them.</summary>
    GenerationOptions Options { get; }

    /// <summary>
    /// Answers prompts token by token by a rule. Rows with the same prompt compute it once. Temperature, cuts and penalty of
    /// the options apply to the rule's scores; temperature 0 takes the best.
    /// </summary>
    /// <param name="requests">The prompts.</param>
    /// <param name="rule">How tokens are chosen.</param>
    /// <param name="options">Other options than <see cref="Options"/>; null: those.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>
    /// One answer a request, in their order. The log-probabilities are those of the rule's own scores: before temperature
    /// and cuts.
    /// </returns>
    /// <exception cref="RewardKitException">A prompt does not fit a model, or the models do not share their tokens.</exception>
    IReadOnlyList<GeneratedText> Generate(
        IReadOnlyList<DecodingRequest> requests, TokenRule rule, GenerationOptions? options = null, CancellationToken cancellation = default);
}

/// <summary>
/// One step of the host's loop: the rows that go on, each at its own place. A model is run only when it is asked; a model
/// that is not asked costs nothing.
/// </summary>
public interface IDecodingStep
{
    /// <summary>By row, which request it answers.</summary>
    IReadOnlyList<int> Requests { get; }

    /// <summary>By row, the tokens of its answer so far.</summary>
    IReadOnlyList<IReadOnlyList<int>> Tokens { get; }

    /// <summary>The requests' weights by row, <c>[rows, weights]</c>, float32, on the base's device.</summary>
    torch.Tensor Weights { get; }

    /// <summary>
    /// A model's scores of the next token, <c>[rows, vocabulary]</c>, float32, over the tokens that all models share, on the
    /// base's device.
    /// </summary>
    /// <param name="model">The base or a guide.</param>
    torch.Tensor Logits(ILanguageModel model);

    /// <summary>Natural log-probabilities of the next token: the logits' log-softmax, over the tokens that all models share.</summary>
    /// <param name="model">The base or a guide.</param>
    torch.Tensor LogProbs(ILanguageModel model) => Logits(model).log_softmax(-1);

    /// <summary>The reward of each row as if its answer ended after a continuation, without an end token.</summary>
    /// <param name="scorer">The prefix scorer.</param>
    /// <param name="continuations">By row, the same number of continuations, each at least one token.</param>
    /// <returns>Rewards, <c>[rows, continuations]</c>, float32, on the base's device.</returns>
    torch.Tensor Rewards(IPrefixScorer scorer, IReadOnlyList<IReadOnlyList<int[]>> continuations);

    /// <summary>Goes on from each row with each of its continuations, by one model alone, and leaves the rows as they are.</summary>
    /// <param name="model">The base or a guide.</param>
    /// <param name="continuations">By row, the tokens to begin with; an empty one begins with the model's own choice.</param>
    /// <param name="options">How; the number of tokens counts what comes after the continuation, 0 for none.</param>
    /// <returns>By row and continuation, the whole answer: the tokens so far, the continuation, and what followed.</returns>
    IReadOnlyList<IReadOnlyList<GeneratedText>> RollOut(
        ILanguageModel model, IReadOnlyList<IReadOnlyList<int[]>> continuations, GenerationOptions options);
}

/// <summary>What a rule offers the rows of a step; the host chooses from it by the options' temperature and cuts.</summary>
public sealed class TokenChoice
{
    private TokenChoice(torch.Tensor scores, IReadOnlyList<IReadOnlyList<int[]>>? among) => (Scores, Among) = (scores, among);

    /// <summary>
    /// Scores in the log domain: <c>[rows, vocabulary]</c>, or <c>[rows, choices]</c> where <see cref="Among"/> lists them.
    /// </summary>
    public torch.Tensor Scores { get; }

    /// <summary>By row, the choices: a token or several each; null where each token of the vocabulary is one.</summary>
    public IReadOnlyList<IReadOnlyList<int[]>>? Among { get; }

    /// <summary>Any token of the vocabulary.</summary>
    /// <param name="scores">Scores, <c>[rows, vocabulary]</c>; a constant added to a row changes nothing.</param>
    public static TokenChoice Of(torch.Tensor scores) => new(scores, null);

    /// <summary>One of some continuations; the log-probability of a longer one stands at its first token.</summary>
    /// <param name="choices">By row, the same number of choices, each at least one token.</param>
    /// <param name="scores">Their scores, <c>[rows, choices]</c>; the first of equals is the better one.</param>
    public static TokenChoice Of(IReadOnlyList<IReadOnlyList<int[]>> choices, torch.Tensor scores) => new(scores, choices);
}
