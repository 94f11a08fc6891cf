using System.Globalization;
using System.Text;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>A page with one plot and its numbers. One file that opens offline.</summary>
public static class PlotPage
{
    /// <summary>Writes the page beside its place, then renamed.</summary>
    /// <param name="plot">The plot.</param>
    /// <param name="path">The file, absolute. Its folder is made if missing.</param>
    /// <returns>The path.</returns>
    /// <exception cref="RewardKitException">There is nothing to draw, a number is not finite, or the file cannot be written.</exception>
    public static string WriteFile(Plot plot, string path) => AtomicFile.Write(path, Encoding.UTF8.GetBytes(Write(plot)));

    /// <summary>The page's text.</summary>
    /// <param name="plot">The plot.</param>
    /// <exception cref="RewardKitException">There is nothing to draw, or a number is not finite.</exception>
    public static string Write(Plot plot)
    {
        if (plot.Series.Count == 0) throw RewardKitException.Input($"The plot \"{plot.Title}\" has no series; give it at least one.");
        foreach (var series in plot.Series)
        {
            if (series.Points.Count == 0) throw RewardKitException.Input($"The plot \"{plot.Title}\": the series \"{series.Name}\" has no point.");
            foreach (var point in series.Points)
                if (!double.IsFinite(point.X) || !double.IsFinite(point.Y))
                    throw RewardKitException.Input($"The plot \"{plot.Title}\": the series \"{series.Name}\" has the point ({Number(point.X)}, {Number(point.Y)}); a point has two finite numbers.");
        }
        var colours = Colours(plot.Series);
        var data = new
        {
            plot = new
            {
                title = "",
                x = plot.X,
                y = plot.Y,
                lines = true,
                tall = true,
                series = plot.Series.Zip(colours, (s, colour) => new { name = s.Name, ink = colour, dashed = s.Dashed, points = s.Points.Select(p => new double?[] { p.X, p.Y, p.Low, p.High }) }),
            },
        };
        return PageFrame.Write("plot.html", plot.Title, data, ["charts.js", "plot.js", "plotpage.js"], new()
        {
            ["numbers"] = Html.Of($"""
                <div class="scroll"><table><thead><tr><th>series</th><th>{plot.X}</th><th>{plot.Y}</th><th>interval</th></tr></thead><tbody>
                {Html.Each(plot.Series.Zip(colours), s => Html.Each(s.First.Points, p => Html.Of($"""<tr><td><span class="{(s.First.Dashed ? "swatch ring" : "swatch")}"{Colour.Of(s.Second)}>{s.First.Name}</span></td><td>{Number(p.X)}</td><td>{Number(p.Y)}</td><td>{(p.Low is { } low && p.High is { } high ? $"{Number(low)} to {Number(high)}" : "")}</td></tr>""")))}
                </tbody></table></div>
                """),
            ["notes"] = Html.Each(plot.Notes, note => Html.Of($"<li>{note}</li>")),
        });
    }

    // By series, the place of its group among the groups in their order.
    private static int[] Colours(IReadOnlyList<PlotSeries> series)
    {
        (string? Group, int Alone)[] keys = [.. series.Select((one, i) => (one.Group, one.Group is null ? i : -1))];
        var groups = keys.Distinct().ToList();
        return [.. keys.Select(key => groups.IndexOf(key))];
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture).Replace('-', '−');
}
