using System.Text;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>The files an experiment leaves in its folder.</summary>
public static class ReportFiles
{
    /// <summary>
    /// Writes <c>results.json</c> and <c>report.html</c>, each beside its place and then renamed, and <c>experiment.json</c>,
    /// from which they can be written again.
    /// </summary>
    /// <param name="result">The finished experiment.</param>
    /// <param name="folder">Where; null for the experiment's own output folder. Made if missing.</param>
    /// <returns>The paths of the two.</returns>
    /// <exception cref="RewardKitException">The folder cannot be written.</exception>
    public static IReadOnlyList<string> Write(ExperimentResult result, string? folder = null)
    {
        folder ??= result.Spec.OutputFolder;
        var kept = Path.Combine(folder, ExperimentFile.Name);
        if (ExperimentFile.Write(result, folder) is { } content) AtomicFile.Write(kept, content);
        else File.Delete(kept);
        return Write((ReportContent)result, folder);
    }

    /// <summary>Writes <c>results.json</c> and <c>report.html</c> again, from what lies in an experiment's folder.</summary>
    /// <param name="folder">The experiment's folder.</param>
    /// <param name="page">Where to write the page, and nothing else; null: both to their places in the folder.</param>
    /// <returns>The experiment's name, and the paths written.</returns>
    /// <exception cref="RewardKitException">What lies there does not suffice, or a file cannot be written.</exception>
    public static (string Experiment, IReadOnlyList<string> Files) Rewrite(string folder, string? page = null)
    {
        folder = Path.GetFullPath(folder);
        var content = ExperimentFile.Read(folder);
        return (content.Outline.Name, page is null ? Write(content, folder) : [WritePage(content, Path.GetFullPath(page))]);
    }

    private static string[] Write(ReportContent result, string folder)
    {
        return
        [
            AtomicFile.Write(Path.Combine(folder, "results.json"), ResultsJson.Write(result)),
            WritePage(result, Path.Combine(folder, "report.html")),
        ];
    }

    /// <summary>Writes the report page alone, beside its place and then renamed.</summary>
    /// <param name="result">The finished experiment.</param>
    /// <param name="path">The file, absolute. Its folder is made if missing.</param>
    /// <returns>The path.</returns>
    /// <exception cref="RewardKitException">The file cannot be written.</exception>
    public static string WritePage(ReportContent result, string path) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(ReportPage.Write(result)));
}
