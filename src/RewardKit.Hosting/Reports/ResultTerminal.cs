using RewardKit.Hosting.Experiments;
using Spectre.Console;

namespace RewardKit.Hosting.Reports;

/// <summary>The result as the terminal shows it: a table, what it says in words, notes on the data, the files written.</summary>
public static class ResultTerminal
{
    private const int MostBeside = 6;

    /// <summary>Prints a finished experiment. Plain text where the console has no colours.</summary>
    /// <param name="result">The finished experiment.</param>
    /// <param name="files">The files to name at the end.</param>
    /// <param name="console">Where to print.</param>
    public static void Print(ReportContent result, IReadOnlyList<string> files, IAnsiConsole console)
    {
        var summary = Summary.Of(result);
        foreach (var metric in summary.Accuracies.Where(m => !Summary.IsPart(m)))
        {
            console.WriteLine();
            console.Write(Accuracy(summary, metric, bestFirst: result.Outline.Sweep.Count > 0));
            foreach (var sentence in Findings.Of(summary, metric)) console.WriteLine(sentence);
        }
        string[] others = [.. summary.Metrics.Except(summary.Accuracies).Where(m => !Summary.IsPart(m))];
        if (others.Length > 0)
        {
            console.WriteLine();
            console.Write(Others(summary, others));
        }
        console.WriteLine();
        if (summary.Metrics.Where(Summary.IsPart).GroupBy(m => m.Split('/')[0]).ToArray() is { Length: > 0 } parts)
            console.WriteLine($"In the report: {string.Join(", ", parts.Select(p => $"{p.Count()} more numbers of {p.Key}"))}, by subset and the like.");
        if (summary.Accuracies.Count > 0)
            console.WriteLine("Intervals are for 95 % and speak of the choice of pairs; stdev is over seeds."
                + (summary.Comparisons.Count > 0 ? " p is of a paired sign-flip test, corrected by Holm's method." : ""));
        if (Findings.Failed(result) is { } failed) console.WriteLine(failed);
        foreach (var note in result.Notes) console.WriteLine(note);
        foreach (var file in files) console.WriteLine($"wrote {file}");
    }

    // Of a sweep one looks for the best; other arms stand as the script has them.
    private static Table Accuracy(Summary summary, string metric, bool bestFirst)
    {
        var table = new Table().Border(TableBorder.Simple).Title(Markup.Escape(metric)).AddColumn(new TableColumn("arm").NoWrap());
        foreach (var heading in new[] { "mean", "95 % interval", "stdev", "above chance" })
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        var rows = summary.Rows.Where(r => r.Metric == metric);
        var arms = rows.Where(r => !r.Trivial);
        AddRows(table, bestFirst ? arms.OrderByDescending(r => r.Mean) : arms, rows.Where(r => r.Trivial), Cells);
        return table;

        static string[] Cells(SummaryRow row) =>
        [
            row.Arm,
            Findings.Number(row.Mean, true),
            row.Interval is { } interval ? Findings.Range(interval, true) : "",
            row.Deviation is { } deviation ? Findings.Number(deviation, true) : "",
            row.AboveChance switch { true => "yes", false => "not shown", null => "" },
        ];
    }

    // What is no share of right answers stands apart, without intervals: the metrics' scales differ. A row a metric, since there may
    // be many; or a row an arm, where there are many of those and they would not fit beside each other.
    private static Table Others(Summary summary, string[] metrics)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("").NoWrap());
        var arms = summary.Rows.GroupBy(r => (r.Arm, r.Trivial)).OrderBy(a => a.Key.Trivial).ToArray();
        if (arms.Length > MostBeside && metrics.Length < arms.Length)
        {
            foreach (var metric in metrics) table.AddColumn(Column(metric));
            foreach (var arm in arms) table.AddRow([new Text(arm.Key.Arm), .. metrics.Select(metric => Cell(arm, metric))]);
            return table;
        }
        foreach (var arm in arms) table.AddColumn(Column(arm.Key.Arm));
        foreach (var metric in metrics) table.AddRow([new Text(metric), .. arms.Select(arm => Cell(arm, metric))]);
        return table;

        static TableColumn Column(string heading) => new TableColumn(Markup.Escape(heading)).RightAligned();

        static Text Cell(IEnumerable<SummaryRow> arm, string metric) => new(arm.FirstOrDefault(r => r.Metric == metric) is { } row ? Findings.Number(row.Mean, false) : "");
    }

    private static void AddRows(Table table, IEnumerable<SummaryRow> arms, IEnumerable<SummaryRow> trivial, Func<SummaryRow, string[]> cells)
    {
        string[][] above = [.. arms.Select(cells)], below = [.. trivial.Select(cells)];
        foreach (var row in above) table.AddRow([.. row.Select(c => new Text(c))]);
        if (below.Length > 0)
            table.AddRow([.. table.Columns.Select((_, i) => new Text(new string('─', above.Concat(below).Max(r => r[i].Length))))]);
        foreach (var row in below) table.AddRow([.. row.Select(c => new Text(c))]);
    }
}
