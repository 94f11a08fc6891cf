using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.BestOfN;

/// <summary>Options of <c>best-of-n-win-rate</c>.</summary>
[PluginOptions]
public sealed record BestOfNWinRateOptions
{
    /// <summary>Prompts with responses, one prompt a record: JSON array or JSON Lines.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";

    /// <summary>How many responses the text generator writes to each prompt that has none; 0: none.</summary>
    [Range(0, 1024)]
    public int Samples { get; init; }

    /// <summary>The temperature of these responses; the judge's is 0.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>The most tokens of a response, and of a judge's answer.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 1024;
}

/// <summary>
/// Best-of-N against the generator alone: a judge, which is the experiment's text generator, compares the response that the
/// scorer picks of the first N with the first one, in both orders.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("best-of-n-win-rate", Paper = "arXiv:2506.16507", OwnData = true)]
public sealed class BestOfNWinRateEvaluator(BestOfNWinRateOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Generator;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the layout.</exception>
    public async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var prompts = await ReadAsync(context, cancellation);
        var picks = Picks.Of(context.Scorer, prompts, cancellation);
        int[] sizes = [.. Picks.Sizes(prompts[0].Responses.Count).Where(n => n > 1)];
        // A pick that is the first response is no better than it: nobody is asked.
        (int Prompt, int Pick)[] asked = [.. from n in sizes from i in Enumerable.Range(0, prompts.Count) let pick = picks.Among(i, n)[0] where Text(i, pick) != Text(i, 0) select (i, pick)];
        asked = [.. asked.Distinct()];
        var how = new GenerationOptions { MaxTokens = options.MaxTokens };
        var replies = await context.Generator.GenerateAsync([.. asked.SelectMany(a => new[] { Ask(a.Prompt, a.Pick, 0), Ask(a.Prompt, 0, a.Pick) })], cancellation);
        var verdicts = asked.Index().ToDictionary(a => a.Item, a => (
            Picked: Ranking.Parse(replies[2 * a.Index].Text), First: Ranking.Parse(replies[2 * a.Index + 1].Text)));

        var metrics = new Dictionary<string, Measurement>();
        foreach (var n in sizes)
        {
            // For the pick in both orders, or in one with no difference in the other.
            int[] sums = [.. Enumerable.Range(0, prompts.Count).Select(i => verdicts.TryGetValue((i, picks.Among(i, n)[0]), out var v) ? Math.Sign((v.Picked ?? 0) - (v.First ?? 0)) : 0)];
            foreach (var (name, sign) in new[] { ("win", 1), ("loss", -1), ("tie", 0) })
            {
                double[] items = [.. sums.Select(s => s == sign ? 1.0 : 0)];
                metrics[$"{name}@{n}"] = new(items.Average(), items);
            }
        }
        metrics["unreadable verdicts"] = new(verdicts.Values.Sum(v => (v.Picked is null ? 1 : 0) + (v.First is null ? 1 : 0)));
        return new(metrics, []);

        string Text(int prompt, int response) => prompts[prompt].Responses[response].LastContent;

        TextRequest Ask(int prompt, int first, int second) =>
            new(Conversation.User(Ranking.Question(prompts[prompt].Prompt.LastContent, Text(prompt, first), Text(prompt, second))), how);
    }

    private async Task<IReadOnlyList<Candidates>> ReadAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var records = BenchmarkRecord.Read(options.File);
        BenchmarkRecord.RefuseTwins(records, r => r.Text("prompt"));
        Candidates[] prompts = [.. records.Select(r => new Candidates(r.Text("prompt"), r.Has("responses") ? r.Texts("responses") : []))];
        int[] missing = [.. Enumerable.Range(0, prompts.Length).Where(i => prompts[i].Responses.Count == 0)];
        if (missing.Length > 0 && options.Samples == 0)
            throw records[missing[0]].Wrong("has no list \"responses\"; or let the text generator write some, with the option samples");
        GenerationOptions how = new() { MaxTokens = options.MaxTokens, Temperature = options.Temperature };
        var replies = missing.Length == 0 ? [] : await context.Generator.GenerateAsync(
            [.. missing.SelectMany(i => Question.Requests(prompts[i].Prompt.LastContent, options.Samples, context.Seed, how))], cancellation);
        foreach (var (i, written) in missing.Zip(replies.Chunk(Math.Max(1, options.Samples))))
            prompts[i] = new(prompts[i].Prompt, [.. written.Select(reply => Conversation.Assistant(reply.Text))]);
        var odd = Array.FindIndex(prompts, p => p.Responses.Count != prompts[0].Responses.Count);
        if (odd >= 0) throw records[odd].Wrong($"has {prompts[odd].Responses.Count} responses, record {records[0].Number} has {prompts[0].Responses.Count}; all must have as many");
        return prompts[0].Responses.Count > 1 ? prompts : throw records[0].Wrong("has one response; there must be several to pick from");
    }
}
