using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.JudgeBench;

/// <summary>Options of <c>judge-bench</c>.</summary>
[PluginOptions]
public sealed record JudgeBenchOptions
{
    /// <summary>The benchmark's file of one response model's pairs (JSON Lines), or the folder of these files.</summary>
    [InputPath(InputKind.FileOrFolder)]
    public string Data { get; init; } = "";
}

/// <summary>JudgeBench: a right and a wrong answer of the same model to a hard question; which is right is known objectively.</summary>
/// <param name="options">Its settings.</param>
[Evaluator("judge-bench", Paper = "arXiv:2410.12784", OwnData = true)]
public sealed class JudgeBenchEvaluator(JudgeBenchOptions options) : IEvaluator
{
    private static readonly string[] Categories = ["knowledge", "reasoning", "math", "coding"];

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The data are not in the benchmark's layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        Item[] items = [.. Read(options.Data).Select(Item.Of)];
        BenchmarkRecord.RefuseTwins(items.Select(i => i.Record), r => r.Id("pair_id"));
        var scores = context.Scorer.ScorePairs([.. items.Select(i => i.Pair)], cancellation);
        // The authors ask a judge in both orders and count what is right on the whole; equal rewards are right in neither.
        double[] credit = [.. scores.Select(s => s.Chosen > s.Rejected ? 1.0 : 0)];

        var metrics = new Dictionary<string, Measurement> { ["accuracy"] = Mean(_ => true) };
        foreach (var category in Categories.Where(c => items.Any(i => i.Category == c))) metrics[category] = Mean(i => i.Category == category);
        string[] models = [.. items.Select(i => i.Model).Distinct().Order(StringComparer.Ordinal)];
        if (models.Length > 1)
            foreach (var model in models) metrics[$"model.{model}"] = Mean(i => i.Model == model);
        foreach (var source in items.Select(i => i.Source).Distinct().Order(StringComparer.Ordinal)) metrics[$"source.{source}"] = Mean(i => i.Source == source);
        return Task.FromResult(new EvaluationReport(metrics, [.. items.Zip(scores, (item, score) => new EvaluationSample(item.Pair, score))]));

        Measurement Mean(Func<Item, bool> among)
        {
            double[] of = [.. credit.Where((_, i) => among(items[i]))];
            return new(of.Average(), of, Chance: 0.5);
        }
    }

    private static IEnumerable<BenchmarkRecord> Read(string path)
    {
        if (!Directory.Exists(path)) return BenchmarkRecord.Read(path);
        string[] files = [.. Directory.GetFiles(path, "*.jsonl").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files.SelectMany(BenchmarkRecord.Read)
            : throw RewardKitException.Input($"{path} has no file that ends in .jsonl; JudgeBench's files are named dataset=judgebench,response_model=MODEL.jsonl.");
    }

    private sealed record Item(BenchmarkRecord Record, string Source, string Model, PreferenceExample Pair)
    {
        public string? Category => Source switch
        {
            _ when Source.StartsWith("mmlu-pro", StringComparison.Ordinal) => "knowledge",
            "livebench-reasoning" => "reasoning",
            "livebench-math" => "math",
            "livecodebench" => "coding",
            _ => null,
        };

        public static Item Of(BenchmarkRecord record)
        {
            var (a, b) = (Conversation.Assistant(record.Text("response_A")), Conversation.Assistant(record.Text("response_B")));
            var (chosen, rejected) = record.Text("label") switch
            {
                "A>B" => (a, b),
                "B>A" => (b, a),
                var other => throw record.Wrong($"\"label\" is \"{other}\", but must be \"A>B\" or \"B>A\""),
            };
            var source = record.Text("source");
            return new(record, source, record.Has("response_model") ? record.Text("response_model") : "",
                new($"judge-bench:{record.Id("pair_id")}", Conversation.User(record.Text("question")), chosen, rejected, new(source, record.Number)));
        }
    }
}
