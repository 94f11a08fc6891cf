using System.Globalization;
using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>A page on a trade-off: the points in a chart, the numbers in tables, texts side by side. One file that opens offline.</summary>
public static class TradeOffPage
{
    private const int PromptsShown = 4;
    private const int Characters = 500;

    /// <summary>The page's text.</summary>
    /// <param name="of">The trade-off.</param>
    /// <exception cref="RewardKitException">As <see cref="TradeOffSummary.Of"/>.</exception>
    public static string Write(TradeOff of) => Write(of, TradeOffSummary.Of(of));

    internal static string Write(TradeOff of, TradeOffSummary summary)
    {
        var data = new
        {
            arms = of.Series.Select(series => series.Name),
            x = of.X.Name,
            y = of.Y.Name,
            points = summary.Rows.Select(r => new
            {
                arm = Place(of, r.Series),
                name = r.Point.Name,
                x = Round(r.X, r.XInterval),
                y = Round(r.Y, r.YInterval),
                front = r.IsOnFront,
            }),
        };
        return PageFrame.Write("tradeoff.html", of.Title, data, ["charts.js", "tradeoff.js"], new()
        {
            ["lead"] = Lead(of, summary),
            ["points"] = Points(of, summary),
            ["volumes"] = Volumes(of, summary),
            ["prices"] = Prices(of, summary),
            ["texts"] = Texts(of, summary),
            ["notes"] = Html.Each(of.Notes, note => Html.Of($"<li>{note}</li>")),
        });
    }

    private static int Place(TradeOff of, TradeOffSeries series) => of.Series.ToList().IndexOf(series);

    private static double[] Round(double value, Interval interval) => [Math.Round(value, 5), Math.Round(interval.Low, 5), Math.Round(interval.High, 5)];

    private static Html Lead(TradeOff of, TradeOffSummary summary)
    {
        var prompts = summary.Rows[0].Point.Prompts.Count;
        var best = summary.Hypervolumes.MaxBy(v => v.Volume.Value);
        var prices = summary.Prices.Where(p => p.Difference is { Interval: not null }).ToArray();
        var (cheaper, dearer) = (Apart(p => p.High < 0), Apart(p => p.Low > 0));
        var first = of.Series[0].Name;
        return Html.Of($"""
            {(of.Series.Count == 1 ? "One system" : $"{of.Series.Count} systems")} under {summary.Rows.Count} settings on {prompts} prompts. Largest hypervolume: <b>{best.Series.Name}</b>.
            {(dearer == "" ? "" : $"Pays more than {first} for the same {of.Y.Name}, with the whole interval: {dearer}.")}
            {(cheaper == "" ? "" : $"Pays less than {first}: {cheaper}.")}
            """);

        string Apart(Func<Interval, bool> is_) => string.Join("; ", prices.Where(p => is_(p.Difference!.Interval!.Value)).GroupBy(p => p.Series.Name)
            .Select(g => $"{g.Key} (at {string.Join(", ", g.Select(p => Number(p.Level)))})"));
    }

    private static Html Points(TradeOff of, TradeOffSummary summary) => Html.Of($"""
        <div class="scroll"><table><thead><tr><th>system</th><th>setting</th><th>{of.X.Name}</th><th>95 % interval</th><th>{of.Y.Name}</th><th>95 % interval</th><th>non-dominated</th></tr></thead><tbody>
        {Html.Each(summary.Rows, r => Html.Of($"""<tr><td><span class="swatch"{Colour.Of(Place(of, r.Series))}>{r.Series.Name}</span></td><td class="name">{r.Point.Name}</td><td>{Number(r.X)}</td><td>{Range(r.XInterval)}</td><td>{Number(r.Y)}</td><td>{Range(r.YInterval)}</td><td>{(r.IsOnFront ? "yes" : "")}</td></tr>"""))}
        </tbody></table></div>
        """);

    private static Html Volumes(TradeOff of, TradeOffSummary summary) => Html.Of($"""
        <div class="scroll"><table><thead><tr><th>system</th><th>hypervolume</th><th>95 % interval</th><th>points on the common front</th></tr></thead><tbody>
        {Html.Each(summary.Hypervolumes, v => Html.Of($"""<tr><td><span class="swatch"{Colour.Of(Place(of, v.Series))}>{v.Series.Name}</span></td><td>{Number(v.Volume.Value)}</td><td>{Range(v.Volume.Interval)}</td><td>{summary.Rows.Count(r => r.Series == v.Series && r.IsOnFront)} of {v.Series.Points.Count}</td></tr>"""))}
        </tbody></table></div>
        <p class="footnote">The area between a system's points and the corner at {of.X.Name} {Number(summary.Reference.X)}, {of.Y.Name} {Number(summary.Reference.Y)}.</p>
        """);

    private static Html Prices(TradeOff of, TradeOffSummary summary)
    {
        if (summary.Prices.Count == 0) return default;
        var first = of.Series[0].Name;
        return Html.Of($"""
            <h3>{of.X.Name} for the same {of.Y.Name}</h3>
            {Table(p => p.Price, "not reached", _ => true)}
            <h3>The same, less that of {first}</h3>
            {Table(p => p.Difference, "–", series => series != of.Series[0])}
            <p class="footnote">A column is a level of {of.Y.Name}; the numbers are read off the lines through each system's points, and stand with their 95&nbsp;% intervals. No interval where more than 2.5&nbsp;% of the resamples do not reach the level.</p>
            """);

        Html Table(Func<TradeOffPrice, Estimate?> what, string otherwise, Func<TradeOffSeries, bool> shown) => Html.Of($"""
            <div class="scroll"><table><thead><tr><th>system</th>{Html.Each(summary.Prices.Select(p => p.Level).Distinct(), level => Html.Of($"<th>{Number(level)}</th>"))}</tr></thead><tbody>
            {Html.Each(of.Series.Where(shown), series => Html.Of($"""<tr><td><span class="swatch"{Colour.Of(Place(of, series))}>{series.Name}</span></td>{Html.Each(summary.Prices.Where(p => p.Series == series), p => what(p) is { } of_ ? Html.Of($"<td>{Number(of_.Value)}<br><small>{Range(of_.Interval)}</small></td>") : Html.Of($"<td><small>{otherwise}</small></td>"))}</tr>"""))}
            </tbody></table></div>
            """);
    }

    // Of each system the setting that costs about as much as the others can: their texts can be compared.
    private static Html Texts(TradeOff of, TradeOffSummary summary)
    {
        var shown = of.Series.Select(series => summary.Rows.Where(r => r.Series == series && r.Point.Texts.Count > 0).ToArray()).Where(rows => rows.Length > 0).ToArray();
        if (shown.Length == 0) return default;
        var budget = shown.Min(rows => rows.Max(r => r.X));
        var chosen = shown.Select(rows => of.X.HigherIsBetter ? rows[rows.Length / 2] : rows.MinBy(r => Math.Abs(r.X - budget))!).ToArray();
        return Html.Each(Enumerable.Range(0, Math.Min(PromptsShown, chosen[0].Point.Prompts.Count)), prompt => Html.Of($"""
            <article><div class="turns"><p>{Shorten(chosen[0].Point.Prompts[prompt].LastContent)}</p></div>
            <div class="responses">{Html.Each(chosen, r => Html.Of($"""<div><h5><span class="swatch"{Colour.Of(Place(of, r.Series))}>{r.Series.Name}</span> {r.Point.Name}</h5><p>{Shorten(r.Point.Texts[prompt])}</p><small>{of.X.Name} {Number(r.Point.X[prompt])}, {of.Y.Name} {Number(r.Point.Y[prompt])}</small></div>"""))}</div></article>

            """));
    }

    private static string Shorten(string text) => text.Length <= Characters ? text : text[..(char.IsHighSurrogate(text[Characters - 1]) ? Characters - 1 : Characters)] + " […]";

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "0.0" : "0.00", CultureInfo.InvariantCulture).Replace('-', '−');

    private static string Range(Interval? interval) => interval is { } i ? $"{Number(i.Low)} to {Number(i.High)}" : "–";
}
