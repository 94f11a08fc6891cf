using System.Text;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>The two files an experiment leaves in its folder.</summary>
public static class ReportFiles
{
    /// <summary>Writes <c>results.json</c> and <c>report.html</c>, each beside its place and then renamed.</summary>
    /// <param name="result">The finished experiment.</param>
    /// <param name="folder">Where; null for the experiment's own output folder. Made if missing.</param>
    /// <returns>The paths written.</returns>
    /// <exception cref="RewardKitException">The folder cannot be written.</exception>
    public static IReadOnlyList<string> Write(ExperimentResult result, string? folder = null)
    {
        folder ??= result.Spec.OutputFolder;
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
    public static string WritePage(ExperimentResult result, string path) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(ReportPage.Write(result)));
}
