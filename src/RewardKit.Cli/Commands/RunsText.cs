using System.Globalization;
using System.Text;
using RewardKit.Hosting.Runs;

namespace RewardKit.Cli.Commands;

/// <summary>Runs as text for a terminal.</summary>
internal static class RunsText
{
    /// <summary>What stands where there is nothing.</summary>
    public const string None = "-";

    /// <summary>A state's name.</summary>
    public static string Of(RunState state) => state.ToString().ToLowerInvariant();

    /// <summary>A line a run.</summary>
    public static string List(IReadOnlyList<RunRow> rows) => rows.Count == 0
        ? "no runs\n"
        : Table(
        [
            ["ID", "STATE", "EXPERIMENT", "ARM", "SEED", "STARTED", "TOOK", "FIRST METRIC"],
            .. rows.Select(r => new[]
            {
                r.Id, Of(r.State), r.Experiment, r.Arm, Number(r.Seed), Time(r.Started), Took(r),
                r.State == RunState.Failed ? FirstLine(r.Error) : r.Metrics.Count > 0 ? $"{r.Metrics.First().Key} {Number(r.Metrics.First().Value)}" : None,
            }),
        ]);

    /// <summary>All of a run.</summary>
    public static string Show(RunRow row)
    {
        var text = new StringBuilder(Table(
        [
            ["run", row.Id], ["state", Of(row.State)], ["experiment", row.Experiment], ["arm", row.Arm], ["seed", Number(row.Seed)],
            ["folder", row.Folder + (Directory.Exists(row.Folder) ? "" : Directory.Exists(row.Folder + ".partial") ? ".partial" : " (gone)")],
            ["started", Time(row.Started)], ["ended", row.Ended is { } ended ? Time(ended) : None], ["took", Took(row)],
            ["steps", row.Steps is { } steps ? $"{Number(steps)} in {Number(row.Seconds ?? 0)} s" : None],
            ["process", row.Process is { } process ? $"{process.Id} on {process.Host}" : None], ["key", row.Key],
        ]));
        if (row.Error is { } error) text.Append(CultureInfo.InvariantCulture, $"\nerror\n{Clean(error)}\n");
        Section("measurements", row.Metrics.Select(m => (m.Key, Number(m.Value))));
        Section("about", row.About.Select(a => (a.Key, a.Value)));
        Section("settings", RunSettings.Of(row).Select(s => (s.Key, s.Value)));
        return text.ToString();

        void Section(string title, IEnumerable<(string, string)> lines)
        {
            string[][] table = [.. lines.Select(l => new[] { "  " + l.Item1, l.Item2 })];
            if (table.Length > 0) text.Append('\n').Append(title).Append('\n').Append(Table(table));
        }
    }

    /// <summary>How long a run took.</summary>
    public static string Took(RunRow row) => (row.Ended ?? (row.IsLive ? DateTimeOffset.UtcNow : null)) - row.Started is not { } took
        ? None
        : took.TotalMinutes < 1 ? $"{took.Seconds} s" : took.TotalHours < 1 ? $"{took.Minutes} min {took.Seconds} s" : $"{(int)took.TotalHours} h {took.Minutes} min";

    private static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>A measurement.</summary>
    public static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static string FirstLine(string? text) => Clean((text ?? "").Split('\n')[0]) is { Length: > 80 } line ? line[..80] + "…" : Clean((text ?? "").Split('\n')[0]);

    // What a plugin says must not steer the terminal.
    private static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? ' ' : c));

    /// <summary>Columns as wide as their widest value; the last one ends where it ends.</summary>
    public static string Table(IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(r => r[column].Length)).ToArray();
        return string.Concat(rows.Select(r => string.Join("  ", r.Select((value, column) => Clean(value).PadRight(widths[column]))).TrimEnd() + "\n"));
    }
}
