using System.Collections.Concurrent;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board;

/// <summary>Held-out pairs with the rewards that some lines gave them.</summary>
internal static class PairList
{
    private const int Most = 100;
    private const int FilesKept = 32;

    private static readonly ConcurrentDictionary<string, (DateTime Written, IReadOnlyDictionary<string, EvaluationSample[]> Samples)> s_read = [];

    /// <summary>What an evaluator looked at in the lines' runs, some of it at a time.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="evaluator">The evaluator; null for the first.</param>
    /// <param name="order">
    /// <c>apart</c>: first those whose margins lie furthest apart; <c>wrong</c>: first those with the lowest margin of all; else as
    /// they are stored. Margins count in standard deviations of their line: losses have scales of their own.
    /// </param>
    /// <param name="from">The first, from 0.</param>
    /// <param name="count">How many at most.</param>
    public static object Of(IReadOnlyList<RunLine> lines, string? evaluator, string? order, int from, int count)
    {
        var samples = lines.Select(line => line.Runs.Select(Samples).ToArray()).ToArray();
        string[] evaluators = [.. samples.SelectMany(line => line).SelectMany(run => run.Keys).Distinct()];
        evaluator ??= evaluators.FirstOrDefault();
        var scored = samples.Select(line => Line(line, evaluator)).ToArray();
        var examples = samples.SelectMany(line => line).SelectMany(run => evaluator is null ? [] : run.GetValueOrDefault(evaluator, []))
            .Select(sample => sample.Example).DistinctBy(example => example.Id);
        var ordered = order switch
        {
            "apart" => examples.OrderByDescending(e => Scaled(scored, e) is { Length: > 1 } margins ? margins.Max() - margins.Min() : -1),
            "wrong" => examples.OrderBy(e => Scaled(scored, e) is { Length: > 0 } margins ? margins.Min() : double.PositiveInfinity),
            _ => examples,
        };
        var all = ordered.ToArray();
        return new
        {
            Evaluators = evaluators,
            Evaluator = evaluator,
            Total = all.Length,
            Pairs = all.Skip(from).Take(Math.Min(count, Most)).Select(example => new
            {
                example.Id,
                Tie = example.Relation == Relation.Tie,
                Prompt = example.Prompt.Messages.Select(Turn),
                Chosen = example.Chosen.Messages.Select(Turn),
                Rejected = example.Rejected.Messages.Select(Turn),
                Lines = scored.Select(line => line.Of.TryGetValue(example.Id, out var scores) ? new
                {
                    Chosen = scores.Average(s => s.Chosen),
                    Rejected = scores.Average(s => s.Rejected),
                    Margin = scores.Average(s => s.Margin),
                    Right = scores.Count(s => s.Margin > 0),
                    Seeds = scores.Length,
                } : null),
            }),
        };
    }

    private static object Turn(Message message) => new { message.Role, message.Content };

    private static double[] Scaled(IEnumerable<(IReadOnlyDictionary<string, PairScore[]> Of, double Scale)> lines, PreferenceExample example) =>
        [.. lines.Where(line => line.Of.ContainsKey(example.Id)).Select(line => line.Of[example.Id].Average(s => s.Margin) / line.Scale).Where(double.IsFinite)];

    // By pair the scores of the runs that have it.
    private static (IReadOnlyDictionary<string, PairScore[]> Of, double Scale) Line(IEnumerable<IReadOnlyDictionary<string, EvaluationSample[]>> runs, string? evaluator)
    {
        var scores = runs.SelectMany(run => evaluator is null ? [] : run.GetValueOrDefault(evaluator, []))
            .GroupBy(sample => sample.Example.Id).ToDictionary(g => g.Key, g => g.Select(sample => sample.Score).ToArray());
        double[] margins = [.. scores.Values.SelectMany(s => s).Select(s => s.Margin).Where(double.IsFinite)];
        var mean = margins.Length == 0 ? 0 : margins.Average();
        var deviation = margins.Length == 0 ? 0 : Math.Sqrt(margins.Average(m => (m - mean) * (m - mean)));
        return (scores, deviation > 0 ? deviation : 1);
    }

    // A file of a large benchmark takes a while to read, and is asked for page by page.
    private static IReadOnlyDictionary<string, EvaluationSample[]> Samples(RunRow run)
    {
        var written = Directory.GetLastWriteTimeUtc(run.Folder);
        if (s_read.TryGetValue(run.Folder, out var known) && known.Written == written) return known.Samples;
        if (s_read.Count >= FilesKept) s_read.Clear();
        var samples = RunFiles.Samples(run);
        s_read[run.Folder] = (written, samples);
        return samples;
    }
}
