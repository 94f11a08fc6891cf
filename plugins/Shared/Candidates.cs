namespace RewardKit.Plugins.Benchmarks;

/// <summary>A prompt with the responses to judge, in the benchmark's order.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Responses">The responses.</param>
internal sealed record Candidates(Conversation Prompt, IReadOnlyList<Conversation> Responses)
{
    /// <summary>A prompt of one user turn with responses of one assistant turn each.</summary>
    public Candidates(string prompt, IEnumerable<string> responses)
        : this(Conversation.User(prompt), [.. responses.Select(Conversation.Assistant)]) { }

    /// <summary>Scores all responses of all prompts; those of a prompt follow each other, so that the prompt is computed once.</summary>
    /// <returns>The rewards of each prompt's responses, in their order.</returns>
    public static double[][] Score(IScorer scorer, IReadOnlyList<Candidates> all, CancellationToken cancellation)
    {
        var rewards = scorer.Score([.. all.SelectMany(c => c.Responses.Select(r => new ScoreRequest(c.Prompt, r)))], cancellation);
        var next = 0;
        return [.. all.Select(c => c.Responses.Select(_ => rewards[next++]).ToArray())];
    }

    /// <summary>Two of the responses with their rewards, for the reports.</summary>
    public EvaluationSample Sample(string id, string source, int record, int chosen, int rejected, double[] rewards) => new(
        new(id, Prompt, Responses[chosen], Responses[rejected], new(source, record)), new(rewards[chosen], rewards[rejected]));
}
