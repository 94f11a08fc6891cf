using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Reasoning;

/// <summary>Options of <c>arc</c>, <c>openbookqa</c> and <c>gsm8k</c>.</summary>
[PluginOptions]
public sealed record ReasoningOptions
{
    /// <summary>The questions: JSON Lines or a JSON array, plain or gzip.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";

    /// <summary>The most tokens of an answer.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 768;
}

/// <summary>Judges what the model under evaluation answers.</summary>
internal static class OwnAnswers
{
    /// <summary>Has all questions answered, without sampling, and says how many are right.</summary>
    public static async Task<EvaluationReport> JudgeAsync(
        IReadOnlyList<Question> questions, ReasoningOptions options, EvaluationContext context, CancellationToken cancellation)
    {
        var how = new GenerationOptions { MaxTokens = options.MaxTokens };
        var replies = await context.Writer.GenerateAsync([.. questions.Select(q => new TextRequest(Conversation.User(q.Prompt), how))], cancellation);
        bool?[] right = [.. questions.Zip(replies, (question, reply) => question.IsRight(reply.Text))];
        double[] accuracy = [.. right.Select(r => r == true ? 1.0 : 0)], silent = [.. right.Select(r => r is null ? 1.0 : 0)];
        return new(
            new Dictionary<string, Measurement>
            {
                ["accuracy"] = new(accuracy.Average(), accuracy, questions.Average(q => q.Chance)),
                ["without-answer"] = new(silent.Average(), silent),
            },
            []);
    }
}

/// <summary>
/// ARC (Clark et al., "Think you have Solved Question Answering? Try ARC, the AI2 Reasoning Challenge", arXiv:1803.05457): the
/// share of questions to which the model's own answer ends in the right letter.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("arc", Paper = "arXiv:1803.05457", OwnData = true)]
public sealed class ArcEvaluator(ReasoningOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) =>
        OwnAnswers.JudgeAsync(Question.WithChoices(options.File), options, context, cancellation);
}

/// <summary>
/// OpenBookQA (Mihaylov et al., "Can a Suit of Armor Conduct Electricity? A New Dataset for Open Book Question Answering",
/// arXiv:1809.02789), likewise.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("openbookqa", Paper = "arXiv:1809.02789", OwnData = true)]
public sealed class OpenBookQaEvaluator(ReasoningOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) =>
        OwnAnswers.JudgeAsync(Question.WithChoices(options.File), options, context, cancellation);
}

/// <summary>
/// GSM8K (Cobbe et al., "Training Verifiers to Solve Math Word Problems", arXiv:2110.14168): the share of word problems to which
/// the model's own answer ends in the right number.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("gsm8k", Paper = "arXiv:2110.14168", OwnData = true)]
public sealed class Gsm8kEvaluator(ReasoningOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) =>
        OwnAnswers.JudgeAsync(Question.WithNumbers(options.File), options, context, cancellation);
}
