using System.Globalization;
using System.Text;
using RewardKit.Hosting.Reports;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board;

/// <summary>Training curves in the reports' form.</summary>
internal static class CurveData
{
    /// <summary>The curves of some lines; of files that are as they were, nothing is read.</summary>
    /// <param name="lines">What is drawn.</param>
    /// <param name="known">The tag of what the browser has.</param>
    public static Reply Of(IReadOnlyList<RunLine> lines, string? known)
    {
        var tag = Reply.TagOf(Encoding.UTF8.GetBytes(string.Join('\n', lines.SelectMany(line => line.Runs, (line, run) => $"{line.Place} {run.Id} {Stamps(run)}"))));
        return tag == known
            ? new("application/json", tag, null)
            : Reply.Json(TrainingCurves.Data(lines.SelectMany(line => line.Runs, (line, run) => RunFiles.Curve(run, line.Place)))) with { Tag = tag };
    }

    private static string Stamps(RunRow run) => string.Join(' ', RunFiles.CurveFiles(run).Select(path => new FileInfo(path)).Where(file => file.Exists)
        .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}")));
}
