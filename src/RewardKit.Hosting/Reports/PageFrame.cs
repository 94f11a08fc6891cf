using System.Reflection;
using System.Text.Json;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// Pages that are one file and open offline in any browser. Their bodies, styles and scripts are files under <c>assets/</c>, kept
/// as resources; uPlot (MIT) draws their charts.
/// </summary>
public static class PageFrame
{
    /// <summary>A whole page.</summary>
    /// <param name="body">The file of its body.</param>
    /// <param name="title">Its title.</param>
    /// <param name="data">What its scripts draw.</param>
    /// <param name="scripts">The files of its scripts, in order.</param>
    /// <param name="holes">What fills the body's holes, by name; the title is filled here.</param>
    /// <param name="kind">A class for the whole body.</param>
    internal static string Write(string body, string title, object data, string[] scripts, Dictionary<string, Html> holes, string kind = "")
    {
        holes["title"] = Html.Of($"{title}");
        return Fill(Asset("frame.html"), new()
        {
            ["title"] = holes["title"],
            ["style"] = new(Asset("uPlot.min.css") + "\n" + Asset("report.css")),
            ["kind"] = Html.Of($"{kind}"),
            ["body"] = new(Fill(Asset(body), holes).TrimEnd()),
            // The default encoder writes <, > and & as escapes, so the data cannot end the script element they stand in.
            ["data"] = new(JsonSerializer.Serialize(data)),
            ["licence"] = new(Asset("uPlot.LICENSE.txt")),
            ["uplot"] = new(Asset("uPlot.iife.min.js")),
            ["script"] = new(string.Join('\n', scripts.Select(Asset))),
        });
    }

    /// <summary>The text of a file under <c>assets/</c>: the board draws with the same ones.</summary>
    /// <param name="name">Its name.</param>
    public static string Asset(string name)
    {
        var assembly = Assembly.GetExecutingAssembly();
        using var stream = assembly.GetManifestResourceStream($"RewardKit.Hosting.Reports.assets.{name}")
            ?? throw new InvalidOperationException($"The resource {name} is not in {assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // One pass over the template: what fills a hole is never searched for holes itself.
    private static string Fill(string template, Dictionary<string, Html> holes)
    {
        var parts = template.Split("{{");
        return parts[0] + string.Concat(parts.Skip(1).Select(part =>
        {
            var end = part.IndexOf("}}", StringComparison.Ordinal);
            return holes[part[..end]].Text + part[(end + 2)..];
        }));
    }
}
