using System.Globalization;

namespace RewardKit.Hosting.Experiments;

/// <summary>What a summary says, in sentences; the same in the terminal and in the report.</summary>
public static class Findings
{
    private const int MostNamed = 4;

    /// <summary>The sentences on one metric with a chance level: above chance, the trivial baselines, who can be told apart.</summary>
    /// <param name="summary">The summary.</param>
    /// <param name="metric">One of <see cref="Summary.Accuracies"/>.</param>
    public static IReadOnlyList<string> Of(Summary summary, string metric)
    {
        var sentences = new List<string>();
        var arms = summary.Rows.Where(r => r.Metric == metric && !r.Trivial).ToArray();
        var judged = arms.Where(r => r.AboveChance is not null).ToArray();
        if (judged.Length > 0)
        {
            var chance = Number(judged[0].Chance!.Value, true);
            var above = judged.Where(r => r.AboveChance == true).Select(r => r.Arm).ToArray();
            var notAbove = judged.Where(r => r.AboveChance == false).Select(r => r.Arm).ToArray();
            if (above.Length > 0) sentences.Add($"Above chance ({chance}) with the whole interval: {List(above)}.");
            if (notAbove.Length > 0) sentences.Add($"Not shown to be above chance ({chance}): {List(notAbove)}.");
        }
        var best = summary.Rows.Where(r => r.Metric == metric && r.Trivial).MaxBy(r => r.Mean);
        if (best is not null && arms.Length > 0)
        {
            var below = arms.Where(r => r.Mean <= best.Mean).Select(r => r.Arm).ToArray();
            sentences.Add(below.Length == 0
                ? $"Every arm's mean is above the best trivial baseline, {best.Arm} ({Number(best.Mean, true)})."
                : $"No better in the mean than the trivial baseline {best.Arm} ({Number(best.Mean, true)}): {List(below)}.");
        }
        sentences.AddRange(Apart(summary.Comparisons.Where(c => c.Metric == metric).ToArray()));
        return sentences;
    }

    /// <summary>Which runs failed, in a sentence; null where none did.</summary>
    /// <param name="result">The finished experiment.</param>
    public static string? Failed(ReportContent result)
    {
        if (result.Failures.Count == 0) return null;
        var names = result.Failures.GroupBy(f => f.Arm).Select(arm => arm.Key + arm.Select(f => f.Seed).OfType<int>().ToArray() switch
        {
            [] => "",
            [var seed] => $" (seed {seed})",
            var seeds => $" (seeds {List([.. seeds.Select(s => s.ToString(CultureInfo.InvariantCulture))])})",
        });
        return $"Failed, and missing here: {List([.. names])}.";
    }

    /// <summary>A number as the reports print it: a share as <c>63.3 %</c>, anything else with four significant digits.</summary>
    public static string Number(double value, bool share) =>
        share ? (100 * value).ToString("0.0", CultureInfo.InvariantCulture) + " %"
        : value.ToString(Math.Abs(value) is >= 1e5 or (< 1e-3 and > 0) ? "0.00e+0" : "0.###", CultureInfo.InvariantCulture);

    /// <summary>An interval as the reports print it: <c>58.1 to 68.2 %</c>.</summary>
    public static string Range(Interval interval, bool share) => share
        ? $"{Number(interval.Low, true)[..^2]} to {Number(interval.High, true)}"
        : $"{Number(interval.Low, false)} to {Number(interval.High, false)}";

    /// <summary>A p value as the reports print it.</summary>
    public static string P(double p) => p < 0.001 ? "< 0.001" : p.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>What a comparison says, in words.</summary>
    public static string Verdict(Comparison comparison) =>
        comparison.Distinct ? $"{(comparison.Difference > 0 ? comparison.First : comparison.Second)} is better"
        : comparison.LostToCorrection ? "not told apart once corrected"
        : "not told apart";

    private static IEnumerable<string> Apart(IReadOnlyList<Comparison> comparisons)
    {
        if (comparisons.Count == 0) yield break;
        var items = comparisons[0].Items;
        if (!comparisons.Any(c => c.Distinct || c.LostToCorrection))
        {
            yield return $"{List([.. comparisons.SelectMany(c => new[] { c.First, c.Second }).Distinct()])} "
                + $"cannot be told apart on these {items} pairs.";
            yield break;
        }
        Comparison[] distinct = [.. comparisons.Where(c => c.Distinct).Select(Positive)];
        Comparison[] lost = [.. comparisons.Where(c => c.LostToCorrection).Select(Positive)];
        foreach (var better in distinct.GroupBy(c => c.First))
        {
            if (distinct.Length > MostNamed && better.Count() > 1)
            {
                yield return $"{better.Key} is better than {List([.. better.Select(c => c.Second)])} by "
                    + $"{Range(new(better.Min(c => c.Difference), better.Max(c => c.Difference)), true)[..^2]} points "
                    + $"(corrected p at most {Ceiling(better.Max(c => c.CorrectedP))}) on these {items} pairs.";
                continue;
            }
            foreach (var c in better)
            {
                var p = comparisons.Count == 1 ? $"p {Sign(c.P)}" : $"corrected p {Sign(c.CorrectedP)}";
                yield return $"{c.First} is better than {c.Second} by {Number(c.Difference, true)[..^2]} points "
                    + $"({Range(c.Interval, true)[..^2]}; {p}) on these {items} pairs.";
            }
        }
        if (lost.Length > MostNamed)
        {
            yield return $"{lost.Length} more differences have p below {Comparison.Level.ToString(CultureInfo.InvariantCulture)}, "
                + $"which does not hold up among {comparisons.Count} comparisons.";
        }
        else
        {
            foreach (var c in lost)
            {
                yield return $"{c.First} is {Number(c.Difference, true)[..^2]} points above {c.Second} ({Range(c.Interval, true)[..^2]}; p {Sign(c.P)}), "
                    + $"which does not hold up among {comparisons.Count} comparisons (corrected p {Sign(c.CorrectedP)}).";
            }
        }
        var rest = comparisons.Where(c => !c.Distinct && !c.LostToCorrection).ToArray();
        if (rest.Length > MostNamed) yield return $"Of the other {rest.Length} pairs of arms none can be told apart on these {items} pairs.";
        else
            foreach (var c in rest) yield return $"{c.First} and {c.Second} cannot be told apart on these {items} pairs.";
    }

    // The arm with the higher mean first.
    private static Comparison Positive(Comparison c) => c.Difference > 0 ? c : c with
    {
        First = c.Second,
        Second = c.First,
        Difference = -c.Difference,
        Interval = new(-c.Interval.High, -c.Interval.Low),
    };

    private static string Ceiling(double p) => P(Math.Max(0.001, Math.Ceiling(1000 * p) / 1000));

    private static string Sign(double p) => P(p) is ['<', ..] text ? text : "= " + P(p);

    private static string List(string[] names) => names.Length switch
    {
        1 => names[0],
        _ => string.Join(", ", names[..^1]) + " and " + names[^1],
    };
}
