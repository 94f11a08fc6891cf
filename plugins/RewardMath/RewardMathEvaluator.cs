using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RewardMath;

/// <summary>Options of <c>reward-math</c>.</summary>
[PluginOptions]
public sealed record RewardMathOptions
{
    /// <summary>The benchmark in its direct layout, one solution a record: JSON array or JSON Lines.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";
}

/// <summary>
/// RewardMATH: one right solution of a problem against nine wrong ones from different models. Accuracy asks that it beats
/// them all; the mean reciprocal rank tells how near it came.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("reward-math", Paper = "arXiv:2410.01729", OwnData = true)]
public sealed class RewardMathEvaluator(RewardMathOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Rewards;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the benchmark's layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var problems = Problem.Read(options.File);
        var scores = Candidates.Score(context.Scorer, [.. problems.Select(p => p.Solutions)], cancellation);
        var correct = scores.Select(s => RewardMathScore.Accuracy(s)).ToArray();
        var ranks = scores.Select(s => RewardMathScore.ReciprocalRank(s)).ToArray();
        var chance = 1.0 / scores[0].Length;
        var metrics = new Dictionary<string, Measurement>
        {
            ["accuracy"] = new(correct.Average(), correct, chance),
            ["mrr"] = new(ranks.Average(), ranks),
        };
        foreach (var subject in problems.Index().Where(p => p.Item.Subject is not null).GroupBy(p => p.Item.Subject!).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            double[] of = [.. subject.Select(p => correct[p.Index])];
            metrics[$"accuracy.{subject.Key}"] = new(of.Average(), of, chance);
        }
        return Task.FromResult(new EvaluationReport(metrics,
            [.. problems.Select((p, i) => p.Solutions.Sample($"reward-math:{p.Id}", Path.GetFileName(options.File), i + 1, 0, 1, scores[i]))]));
    }

    private sealed record Problem(string Id, string? Subject, Candidates Solutions)
    {
        public static Problem[] Read(string file)
        {
            var records = BenchmarkRecord.Read(file);
            if (records[0].Has("eval_solution_A"))
                throw records[0].Wrong("is in the layout for judges of pairs (eval_solution_A, eval_solution_B); give the direct layout, one solution a record");
            if (records.Any(r => r.Has("id"))) BenchmarkRecord.RefuseTwins(records, r => r.Id("id"));
            Problem[] problems = [.. records.GroupBy(r => r.Id("problem_id")).Select(Of)];
            var wanted = problems[0].Solutions.Responses.Count;
            if (problems.FirstOrDefault(p => p.Solutions.Responses.Count != wanted) is { } odd)
                throw RewardKitException.Input(
                    $"{file}: problem {odd.Id} has {odd.Solutions.Responses.Count} solutions, the others have {wanted}; all must have as many (the benchmark has 10).");
            return problems;
        }

        private static Problem Of(IGrouping<string, BenchmarkRecord> group)
        {
            BenchmarkRecord? right = null;
            var wrong = new List<BenchmarkRecord>();
            foreach (var record in group)
            {
                if (record.Text("problem") != group.First().Text("problem"))
                    throw record.Wrong($"has another text in \"problem\" than record {group.First().Number}, whose problem_id {group.Key} it has");
                switch (record.Text("solution_type"))
                {
                    case "rejected": wrong.Add(record); break;
                    case "chosen" when right is null: right = record; break;
                    case "chosen": throw record.Wrong($"is a second right solution of problem {group.Key}, after record {right!.Number}; there must be one");
                    case var other: throw record.Wrong($"\"solution_type\" is \"{other}\", but must be \"chosen\" or \"rejected\"");
                }
            }
            if (right is null || wrong.Count == 0)
                throw group.First().Wrong($"problem {group.Key} has {(right is null ? "no right solution (solution_type chosen)" : "no wrong solution (solution_type rejected)")}");
            return new(group.Key, right.Has("subject") ? right.Text("subject") : null,
                new(right.Text("problem"), wrong.Prepend(right).Select(r => string.Join("\n", r.Texts("eval_solution")))));
        }
    }
}
