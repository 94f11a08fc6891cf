using System.Globalization;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>
/// A language model as a scorer (Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", arXiv:2306.05685): it
/// rates an answer, or says which of two is better. It trains nothing and has no members; the experiment's generator is the judge.
/// </summary>
[Composer("llm-judge", Paper = "arXiv:2306.05685", Traits = PluginTraits.NoMembers)]
public sealed class LlmJudgeComposer : IScorerComposer
{
    // The prompts, each with the placeholders it must have.
    private static readonly Dictionary<string, string[]> s_placeholders = new()
    {
        ["rate"] = ["conversation", "answer", "least", "most"],
        ["compare"] = ["conversation", "answer_a", "answer_b"],
        ["choose"] = ["conversation", "answer_a", "answer_b"],
    };

    private readonly LlmJudgeOptions _options;
    private readonly PromptFiles _prompts;

    /// <summary>A judge.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The range of ratings is empty, or a prompt lacks something.</exception>
    public LlmJudgeComposer(LlmJudgeOptions options)
    {
        if (options.ScoreMin >= options.ScoreMax)
            throw RewardKitException.Input(FormattableString.Invariant($"llm-judge: scoreMin is {options.ScoreMin} and scoreMax {options.ScoreMax}; scoreMin must be the lower one."));
        _options = options;
        _prompts = new("llm-judge", s_placeholders, options.Prompts);
    }

    /// <inheritdoc/>
    public ComposerNeeds Needs => ComposerNeeds.Generator;

    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (members.Count > 0)
            throw RewardKitException.Input(
                $"llm-judge scores by what the experiment's text generator says, and would ignore {string.Join(" and ", members.Select(m => m.Scorer.Name).Distinct())}. "
                + "Give it an arm of its own, without loss and members: arm \"judge\" [ Score.llmJudge () ].");
        var judge = new JudgeModel(context.Generator, _options, context.Seed);
        if (_options.Mode == Mode.Pointwise) return new RatingJudge(judge, _options, Rate);
        var comparison = new Comparison(judge, _options, Compare);
        return _options.Orders == Orders.One ? new OneOrderJudge(comparison, context.Seed) : new BothOrdersJudge(comparison, agree: _options.Orders == Orders.Agree);
    }

    private Conversation Rate(ScoreRequest request) => Conversation.User(_prompts.Fill(
        "rate", ("conversation", PromptFiles.Show(request.Prompt)), ("answer", PromptFiles.Show(request.Response)),
        ("least", Number(_options.ScoreMin)), ("most", Number(_options.ScoreMax))));

    private Conversation Compare(PairRequest request) => Conversation.User(_prompts.Fill(
        _options.Ties ? "compare" : "choose",
        ("conversation", PromptFiles.Show(request.Prompt)), ("answer_a", PromptFiles.Show(request.First)), ("answer_b", PromptFiles.Show(request.Second))));

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
