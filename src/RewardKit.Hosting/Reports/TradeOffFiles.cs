using System.Text;
using System.Text.Json;
using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// What a trade-off leaves: <c>NAME.html</c> and <c>NAME.json</c>. The latter is an object with <c>title</c>, <c>x</c> and <c>y</c>
/// (<c>{"name", "higherIsBetter"}</c>), <c>prompts</c> (how many), <c>reference</c> (the corner of hypervolumes, X and Y),
/// <c>series</c> (<c>{"name", "hypervolume": {"value", "low", "high"}, "points": [{"name", "x", "xLow", "xHigh", "y", "yLow",
/// "yHigh", "nonDominated"}]}</c>), <c>prices</c> (<c>{"level", "series", "x", "low", "high", "difference", "differenceLow",
/// "differenceHigh"}</c>: what X each system pays for a level of Y, and how much more than the first; null where it does not reach
/// it) and <c>notes</c>.
/// </summary>
public static class TradeOffFiles
{
    private static readonly JsonSerializerOptions Indented = new(StoreJson.Options) { WriteIndented = true, NewLine = "\n" };

    /// <summary>Writes both, each beside its place and then renamed.</summary>
    /// <param name="of">The trade-off.</param>
    /// <param name="path">The place without an ending, absolute; its folder is made if missing.</param>
    /// <returns>The paths written.</returns>
    /// <exception cref="RewardKitException">As <see cref="TradeOffSummary.Of"/>, or they cannot be written.</exception>
    public static IReadOnlyList<string> Write(TradeOff of, string path)
    {
        var summary = TradeOffSummary.Of(of);
        return
        [
            AtomicFile.Write(path + ".json", Json(of, summary)),
            AtomicFile.Write(path + ".html", Encoding.UTF8.GetBytes(TradeOffPage.Write(of, summary))),
        ];
    }

    private static byte[] Json(TradeOff of, TradeOffSummary summary) =>
    [
        .. JsonSerializer.SerializeToUtf8Bytes(new
        {
            of.Title,
            of.X,
            of.Y,
            Prompts = summary.Rows[0].Point.Prompts.Count,
            Reference = new[] { summary.Reference.X, summary.Reference.Y },
            Series = summary.Hypervolumes.Select(v => new
            {
                v.Series.Name,
                Hypervolume = new { v.Volume.Value, v.Volume.Interval?.Low, v.Volume.Interval?.High },
                Points = summary.Rows.Where(r => r.Series == v.Series).Select(r => new
                {
                    r.Point.Name, r.X, XLow = r.XInterval.Low, XHigh = r.XInterval.High, r.Y, YLow = r.YInterval.Low, YHigh = r.YInterval.High, NonDominated = r.IsOnFront,
                }),
            }),
            Prices = summary.Prices.Select(p => new
            {
                p.Level, Series = p.Series.Name, X = p.Price?.Value, p.Price?.Interval?.Low, p.Price?.Interval?.High,
                Difference = p.Difference?.Value, DifferenceLow = p.Difference?.Interval?.Low, DifferenceHigh = p.Difference?.Interval?.High,
            }),
            of.Notes,
        }, Indented),
        (byte)'\n',
    ];
}
