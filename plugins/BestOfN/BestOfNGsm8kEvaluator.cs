using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.BestOfN;

/// <summary>Options of <c>best-of-n-gsm8k</c>.</summary>
[PluginOptions]
public sealed record BestOfNGsm8kOptions
{
    /// <summary>Questions with responses, one question a record: JSON array or JSON Lines.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";

    /// <summary>How many responses the text generator writes to each question that has none; 0: none.</summary>
    [Range(0, 1024)]
    public int Samples { get; init; }

    /// <summary>The temperature of what is generated.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>The most tokens of a generated response.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 1024;
}

/// <summary>Best-of-N on word problems: of the first N responses the scorer picks one; how often is its result right?</summary>
/// <param name="options">Its settings.</param>
[Evaluator("best-of-n-gsm8k", Paper = "arXiv:2110.14168", OwnData = true)]
public sealed class BestOfNGsm8kEvaluator(BestOfNGsm8kOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => options.Samples > 0 ? EvaluatorNeeds.Generator : EvaluatorNeeds.None;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the layout.</exception>
    public async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var questions = await Question.ReadAsync(options.File, options.Samples == 0 ? null : prompts => Write(prompts, context, cancellation));
        Candidates[] candidates = [.. questions.Select(q => new Candidates(q.Text, q.Responses.Select(r => r.Text)))];
        var picks = Picks.Of(context.Scorer, candidates, cancellation);
        var all = questions[0].Responses.Count;
        double[] right = [.. questions.Select(q => (double)q.Responses.Count(r => r.IsRight))];

        var metrics = new Dictionary<string, Measurement>();
        foreach (var n in Picks.Sizes(all))
        {
            double[] of = [.. questions.Select((q, i) => picks.Mean(i, n, place => q.Responses[place].IsRight ? 1 : 0))];
            // Of one response every scorer picks the same: that is no chance, but the generator's own accuracy.
            metrics[$"accuracy@{n}"] = new(of.Average(), of, n == 1 ? null : questions.Average(q => q.Responses.Take(n).Average(r => r.IsRight ? 1.0 : 0)));
        }
        foreach (var n in Picks.Sizes(all))
        {
            AddMean($"oracle@{n}", questions.Select(q => q.Responses.Take(n).Any(r => r.IsRight) ? 1.0 : 0));
            AddMean($"majority@{n}", questions.Select(q => BestOfNScore.Majority([.. q.Responses.Take(n).Select(r => (r.Result, r.IsRight))])));
            AddMean($"pass@{n}", right.Select(c => BestOfNScore.PassAt(all, (int)c, n)));
        }
        return new(metrics, []);

        void AddMean(string name, IEnumerable<double> values)
        {
            double[] items = [.. values];
            metrics[name] = new(items.Average(), items);
        }
    }

    private async Task<IReadOnlyList<IReadOnlyList<TextReply>>> Write(IReadOnlyList<string> prompts, EvaluationContext context, CancellationToken cancellation)
    {
        GenerationOptions how = new() { MaxTokens = options.MaxTokens, Temperature = options.Temperature };
        var replies = await context.Generator.GenerateAsync([.. prompts.SelectMany(p => Question.Requests(p, options.Samples, context.Seed, how))], cancellation);
        return [.. replies.Chunk(options.Samples)];
    }
}
