using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.CriticRm;

/// <summary>
/// How a model of Critic-RM scores (Yu et al., "Self-Generated Critiques Boost Reward Modeling for Language Models",
/// arXiv:2411.16646): it writes m critiques of the answer and reads the reward behind each; the mean of the rewards, not of
/// probabilities, is the answer's. A critique depends on prompt and answer alone.
/// </summary>
[Composer("critic-rm", Paper = "arXiv:2411.16646", Traits = PluginTraits.ScoresOtherTexts)]
public sealed class CriticComposer(CriticScoreOptions options) : IScorerComposer
{
    private readonly Prompts _prompts = new(options.Prompts);

    /// <inheritdoc/>
    public ComposerNeeds Needs => options.Critic == Critic.Own ? ComposerNeeds.Writers : ComposerNeeds.Generator;

    /// <inheritdoc/>
    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        if (members.Any(member => member.Weight < 0) || members.All(member => member.Weight == 0))
            throw RewardKitException.Input("critic-rm needs scorers with weights of 0 or more, at least one of them above 0.");
        var used = members.Where(member => member.Weight > 0).ToArray();
        var total = used.Sum(member => member.Weight);
        Critical[] critics = [.. used.Select(member => new Critical(
            member.Scorer, options.Critic == Critic.Own ? member.Writer ?? throw Mute(member.Scorer) : context.Generator, options, _prompts, context.Seed))];
        return critics is [var only] ? only : new Mean(critics, [.. used.Select(member => member.Weight / total)]);
    }

    private static RewardKitException Mute(IScorer scorer) => RewardKitException.Input(
        $"critic-rm: {scorer.Name} writes no text, so it cannot write the critiques that it is to score by. Have the experiment's generator write them: critic = CriticRm.Critic.Generator.");

    /// <summary>A scorer that reads critiques of what it scores.</summary>
    private sealed class Critical(IScorer scorer, ITextGenerator critic, CriticScoreOptions options, Prompts prompts, int seed) : IScorer
    {
        private readonly int _samples = options.Temperature == 0 ? 1 : options.Samples;

        public string Name => scorer.Name;

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            if (requests.Count == 0) return [];
            ScoreRequest[] asked = [.. requests.SelectMany(request => Enumerable.Repeat(request, _samples))];
            var replies = critic.GenerateAsync([.. asked.Select((request, i) => Ask(request, i % _samples))], cancellation).GetAwaiter().GetResult();
            var rewards = scorer.Score([.. asked.Zip(replies, (request, reply) => request with { Response = CritiqueTurns.After(request.Response, Read(reply), options.LeadIn) })], cancellation);
            return [.. rewards.Chunk(_samples).Select(some => some.Average())];
        }

        private TextRequest Ask(ScoreRequest request, int sample) => new(
            options.Critic == Critic.Own
                ? CritiqueTurns.Before(request.Prompt, request.Response, options.LeadIn)
                : prompts.Critic(request.Prompt, request.Response, options.ScoreMin, options.ScoreMax),
            new()
            {
                MaxTokens = options.MaxTokens,
                Temperature = options.Temperature,
                Seed = Seeds.Of(seed, request.Prompt, request.Response, sample),
            });

        // What was cut off is a critique, too; where nothing was written the answer is scored alone.
        private string Read(TextReply reply) => options.Critic == Critic.Own ? reply.Text.Trim() : Judge.Critique(reply.Text);
    }

    private sealed class Mean(Critical[] critics, double[] weights) : IScorer
    {
        public string Name => string.Join(" and ", critics.Select(critic => critic.Name));

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            var scores = critics.Select(critic => critic.Score(requests, cancellation)).ToArray();
            return [.. requests.Select((_, i) => scores.Select((each, k) => weights[k] * each[i]).Sum())];
        }
    }
}
