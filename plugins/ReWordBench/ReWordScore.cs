namespace RewardKit.Plugins.ReWordBench;

/// <summary>What a row got before and after a transformation.</summary>
/// <param name="Row">The row's place among the originals.</param>
/// <param name="Original">1 if the chosen response had the higher reward, else 0.</param>
/// <param name="Transformed">The same of the transformed row.</param>
public readonly record struct Outcome(int Row, double Original, double Transformed);

/// <summary>
/// reWordBench's arithmetic (arXiv:2503.11751): accuracy on the rows that a transformation changed, before and after, and the
/// drop between them. Over transformations, the plain mean over all changed rows (micro), and beside it the plain mean over
/// transformations (macro), which Crome reports.
/// </summary>
public static class ReWordScore
{
    /// <summary>A transformation's accuracy before and after, and the drop.</summary>
    /// <param name="metrics">Gets them.</param>
    /// <param name="prefix">Stands before their names.</param>
    /// <param name="outcomes">By transformation, its rows: at least one each.</param>
    public static void AddMicro(IDictionary<string, Measurement> metrics, string prefix, params IReadOnlyList<IReadOnlyList<Outcome>> outcomes)
    {
        metrics[$"{prefix}transformed"] = Mean(outcomes, o => o.Transformed, _ => 1, 0.5);
        metrics[$"{prefix}original"] = Mean(outcomes, o => o.Original, _ => 1);
        metrics[$"{prefix}drop"] = Mean(outcomes, o => o.Original - o.Transformed, _ => 1);
    }

    /// <summary>The means over transformations, and the drop as a share of the accuracy before where there is any.</summary>
    /// <param name="metrics">Gets them.</param>
    /// <param name="outcomes">By transformation, its rows: at least one each.</param>
    public static void AddMacro(IDictionary<string, Measurement> metrics, IReadOnlyList<IReadOnlyList<Outcome>> outcomes)
    {
        metrics["macro.transformed"] = Mean(outcomes, o => o.Transformed, rows => 1.0 / rows, 0.5);
        var original = metrics["macro.original"] = Mean(outcomes, o => o.Original, rows => 1.0 / rows);
        var drop = metrics["macro.drop"] = Mean(outcomes, o => o.Original - o.Transformed, rows => 1.0 / rows);
        if (original.Value > 0) metrics["macro.relative-drop"] = new(drop.Value / original.Value);
    }

    // One item an original row, whatever number of transformations changed it: these are not independent of each other.
    private static Measurement Mean(
        IReadOnlyList<IReadOnlyList<Outcome>> outcomes, Func<Outcome, double> of, Func<int, double> weight, double? chance = null)
    {
        var rows = outcomes.SelectMany(set => set.Select(o => (o.Row, Weight: weight(set.Count), Value: of(o)))).GroupBy(o => o.Row).OrderBy(g => g.Key).ToArray();
        var scale = rows.Length / rows.Sum(row => row.Sum(o => o.Weight));
        double[] items = [.. rows.Select(row => scale * row.Sum(o => o.Weight * o.Value))];
        return new(items.Average(), items, chance);
    }
}
