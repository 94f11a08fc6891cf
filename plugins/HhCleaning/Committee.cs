using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.HhCleaning;

/// <summary>
/// Models that vote where people did not, as the committee of "How Reliable Is Human Feedback For Aligning Large Language Models?"
/// (arXiv:2410.01957): the baseline by its rewards, the text generator as a judge.
/// </summary>
internal sealed class Committee
{
    private readonly HhCleaningOptions _options;
    private readonly PromptFiles _prompts;

    public Committee(HhCleaningOptions options)
    {
        _options = options;
        _prompts = new("hh-cleaning", new Dictionary<string, string[]> { ["judge"] = ["conversation", "answer_a", "answer_b"] }, options.Prompts);
        if (options.Votes is null && Size is > 0 and < Cleaning.FewestVotes)
            throw RewardKitException.Input($"hh-cleaning: {(Size == 1 ? "1 vote" : $"{Size} votes")} a pair settle nothing; it takes {Cleaning.FewestVotes}. Set judges to at least {Cleaning.FewestVotes - (options.BaselineVotes ? 1 : 0)}, or name a file of votes.");
    }

    /// <summary>How many votes it has.</summary>
    public int Size => _options.Judges + (_options.BaselineVotes ? 1 : 0);

    /// <summary>What it needs for them.</summary>
    public AugmenterNeeds Needs =>
        (_options.BaselineVotes ? AugmenterNeeds.Baseline : AugmenterNeeds.None) | (_options.Judges > 0 ? AugmenterNeeds.Generator : AugmenterNeeds.None);

    /// <summary>The votes on each pair, and how many verdicts could not be read: those are no votes.</summary>
    public async Task<(Vote[][] Votes, int Unreadable)> VoteAsync(IReadOnlyList<PreferenceExample> pairs, AugmentationContext context, CancellationToken cancellation)
    {
        var votes = pairs.Select(_ => new List<Vote>()).ToArray();
        var unreadable = 0;
        if (pairs.Count == 0) return ([], 0);
        if (_options.BaselineVotes)
        {
            foreach (var (i, score) in context.Baseline.ScorePairs(pairs, cancellation).Index())
                votes[i].Add(score.Margin > 0 ? Vote.Agree : score.Margin < 0 ? Vote.Disagree : Vote.Tie);
        }
        if (_options.Judges > 0)
        {
            (int Pair, int Judge)[] asked = [.. Enumerable.Range(0, pairs.Count).SelectMany(i => Enumerable.Range(0, _options.Judges).Select(judge => (i, judge)))];
            var replies = await context.Generator.GenerateAsync([.. asked.Select(a => Ask(pairs[a.Pair], a.Judge, context.Seed))], cancellation);
            foreach (var ((pair, judge), reply) in asked.Zip(replies))
            {
                if (reply.IsComplete && Judge.Compared(reply.Text) is { } verdict) votes[pair].Add(Read(verdict, judge));
                else unreadable++;
            }
        }
        return ([.. votes.Select(v => v.ToArray())], unreadable);
    }

    private TextRequest Ask(PreferenceExample pair, int judge, int seed)
    {
        var (a, b) = ChosenFirst(judge) ? (pair.Chosen, pair.Rejected) : (pair.Rejected, pair.Chosen);
        var text = _prompts.Fill("judge", ("conversation", PromptFiles.Show(pair.Prompt)), ("answer_a", a.LastContent), ("answer_b", b.LastContent));
        return new(Conversation.User(text), new()
        {
            MaxTokens = _options.MaxTokens,
            Temperature = _options.Temperature,
            Seed = Seeds.Of(seed, "judge", judge, text),
        });
    }

    // Every other judge sees the answers the other way round, against the bias of position.
    private static bool ChosenFirst(int judge) => judge % 2 == 0;

    private static Vote Read(Verdict verdict, int judge) =>
        verdict == Verdict.Tie ? Vote.Tie : verdict == Verdict.A == ChosenFirst(judge) ? Vote.Agree : Vote.Disagree;
}
