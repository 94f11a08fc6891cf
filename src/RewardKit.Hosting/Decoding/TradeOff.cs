using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Decoding;

/// <summary>What is paid for what: systems under several settings, each measured in two ways on the same prompts.</summary>
/// <param name="Title">The title.</param>
/// <param name="X">What the horizontal axis means.</param>
/// <param name="Y">What the vertical axis means.</param>
/// <param name="Series">The systems.</param>
public sealed record TradeOff(string Title, TradeOffAxis X, TradeOffAxis Y, IReadOnlyList<TradeOffSeries> Series)
{
    /// <summary>Values of Y of which the report says what X each system pays for them; empty: four of its own choice. For an X of which less is better.</summary>
    public IReadOnlyList<double> Levels { get; init; } = [];

    /// <summary>The corner from which hypervolume is measured, as X and Y; null: the worst means of all points.</summary>
    public (double X, double Y)? Reference { get; init; }

    /// <summary>What the reader should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>An axis.</summary>
/// <param name="Name">What is measured, with its unit.</param>
/// <param name="HigherIsBetter">Whether more of it is better.</param>
public sealed record TradeOffAxis(string Name, bool HigherIsBetter);

/// <summary>One system under several settings.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Points">The settings, in any order.</param>
public sealed record TradeOffSeries(string Name, IReadOnlyList<TradeOffPoint> Points);

/// <summary>One system under one setting.</summary>
/// <param name="Name">The setting.</param>
/// <param name="Prompts">The prompts, the same ones for all points.</param>
/// <param name="X">By prompt.</param>
/// <param name="Y">By prompt.</param>
public sealed record TradeOffPoint(string Name, IReadOnlyList<Conversation> Prompts, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>By prompt an answer, to be shown; empty for none.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];
}

/// <summary>A point's means with their 95 % intervals, by the bootstrap over prompts.</summary>
/// <param name="Series">The system.</param>
/// <param name="Point">The setting.</param>
/// <param name="X">Mean of X.</param>
/// <param name="XInterval">Its interval.</param>
/// <param name="Y">Mean of Y.</param>
/// <param name="YInterval">Its interval.</param>
/// <param name="IsOnFront">Whether no other point of any system is better in one and not worse in the other.</param>
public sealed record TradeOffRow(TradeOffSeries Series, TradeOffPoint Point, double X, Interval XInterval, double Y, Interval YInterval, bool IsOnFront);

/// <summary>A number with its 95 % interval.</summary>
/// <param name="Value">The number.</param>
/// <param name="Interval">Its interval; null where too few resamples have it.</param>
public sealed record Estimate(double Value, Interval? Interval);

/// <summary>What a system pays for a level of Y: X on the line through its points, between two of them by distance.</summary>
/// <param name="Level">The level.</param>
/// <param name="Series">The system.</param>
/// <param name="Price">The least X at which the level is reached; null where it is not.</param>
/// <param name="Difference">The same less the first system's; null where either does not reach it, and for the first itself.</param>
public sealed record TradeOffPrice(double Level, TradeOffSeries Series, Estimate? Price, Estimate? Difference);

/// <summary>
/// A trade-off's numbers. All intervals are of one bootstrap over prompts (10,000 resamples, the same ones for all points), so that
/// systems are compared on the same prompts.
/// </summary>
public sealed class TradeOffSummary
{
    // Of what not all resamples have, an interval says something only while nearly all of them do.
    private const double Nearly = 0.975;

    private readonly TradeOff _of;
    private readonly List<(TradeOffSeries Series, TradeOffPoint Point, IReadOnlyList<double> X, IReadOnlyList<double> Y)> _drawn = [];

    private TradeOffSummary(TradeOff of)
    {
        _of = of;
        var points = of.Series.SelectMany(series => series.Points.Select(point => (Series: series, Point: point))).ToArray();
        var draws = new Resampling([.. points.SelectMany(p => new[] { p.Point.X.ToArray(), [.. p.Point.Y] })]);
        foreach (var (place, (series, point)) in points.Index()) _drawn.Add((series, point, draws.Drawn(2 * place), draws.Drawn(2 * place + 1)));
        (double, double)[] means = [.. points.Select(p => (Statistics.Mean([.. p.Point.X]), Statistics.Mean([.. p.Point.Y])))];
        Rows = [.. points.Select((p, i) => new TradeOffRow(
            p.Series, p.Point, means[i].Item1, draws.Mean(2 * i), means[i].Item2, draws.Mean(2 * i + 1), IsOnFront(means[i], means, of.X.HigherIsBetter, of.Y.HigherIsBetter)))];
        Reference = of.Reference ?? (Worst(of.X, Rows.Select(r => r.X)), Worst(of.Y, Rows.Select(r => r.Y)));
        Hypervolumes = [.. of.Series.Select(series => (series, Volume(series)))];
        Prices = of.X.HigherIsBetter ? [] : [.. Levels().SelectMany(Priced)];
    }

    /// <summary>The points, system by system.</summary>
    public IReadOnlyList<TradeOffRow> Rows { get; }

    /// <summary>The corner from which hypervolume is measured.</summary>
    public (double X, double Y) Reference { get; }

    /// <summary>The area that each system's points dominate.</summary>
    public IReadOnlyList<(TradeOffSeries Series, Estimate Volume)> Hypervolumes { get; }

    /// <summary>What each system pays for some levels of Y; empty where more of X is better.</summary>
    public IReadOnlyList<TradeOffPrice> Prices { get; }

    /// <summary>Takes a trade-off's points together.</summary>
    /// <param name="of">The trade-off.</param>
    /// <exception cref="RewardKitException">There is no point, or the points are not of the same prompts, or a number is not finite.</exception>
    public static TradeOffSummary Of(TradeOff of)
    {
        var points = of.Series.SelectMany(series => series.Points.Select(point => (Series: series.Name, Point: point))).ToArray();
        if (points.Length == 0 || points[0].Point.Prompts.Count == 0) throw RewardKitException.Input($"The trade-off \"{of.Title}\" has no point, or a point without prompts.");
        foreach (var (series, point) in points)
        {
            var name = $"\"{point.Name}\" of \"{series}\"";
            if (!point.Prompts.SequenceEqual(points[0].Point.Prompts))
                throw RewardKitException.Input($"{name} has other prompts than the first point: answer the same prompts in the same order everywhere.");
            if (point.X.Count != point.Prompts.Count || point.Y.Count != point.Prompts.Count)
                throw RewardKitException.Input($"{name} has {point.X.Count} and {point.Y.Count} numbers for {point.Prompts.Count} prompts; expected one each.");
            if (!point.X.Concat(point.Y).All(double.IsFinite)) throw RewardKitException.Input($"{name} has a number that is not finite.");
        }
        return new(of);
    }

    /// <summary>
    /// The area between a corner and the points that are better than it in both, each point counting the rectangle up to it; both
    /// coordinates are to be high.
    /// </summary>
    /// <param name="points">The points.</param>
    /// <param name="corner">The corner.</param>
    public static double Hypervolume(IEnumerable<(double X, double Y)> points, (double X, double Y) corner)
    {
        var (area, height) = (0.0, corner.Y);
        foreach (var (x, y) in points.Where(p => p.X > corner.X).OrderByDescending(p => p.X).ThenByDescending(p => p.Y))
        {
            if (y <= height) continue;
            area += (x - corner.X) * (y - height);
            height = y;
        }
        return area;
    }

    /// <summary>Whether no other point is better in one and not worse in the other.</summary>
    /// <param name="point">The point.</param>
    /// <param name="all">All points.</param>
    /// <param name="higherX">Whether more of X is better.</param>
    /// <param name="higherY">Whether more of Y is better.</param>
    public static bool IsOnFront((double X, double Y) point, IEnumerable<(double X, double Y)> all, bool higherX = true, bool higherY = true)
    {
        var (x, y) = (higherX ? point.X : -point.X, higherY ? point.Y : -point.Y);
        return !all.Select(p => (X: higherX ? p.X : -p.X, Y: higherY ? p.Y : -p.Y)).Any(p => p.X >= x && p.Y >= y && (p.X > x || p.Y > y));
    }

    /// <summary>The least X at which a line through points reaches a level; null where it does not.</summary>
    /// <param name="points">The points, in any order.</param>
    /// <param name="level">The level of Y, reached from below.</param>
    public static double? Price(IEnumerable<(double X, double Y)> points, double level)
    {
        (double X, double Y)? before = null;
        foreach (var point in points.OrderBy(p => p.X))
        {
            if (point.Y >= level)
                return before is { } low && point.Y > low.Y ? low.X + (level - low.Y) / (point.Y - low.Y) * (point.X - low.X) : point.X;
            before = point;
        }
        return null;
    }

    private static double Worst(TradeOffAxis axis, IEnumerable<double> values) => axis.HigherIsBetter ? values.Min() : values.Max();

    private Estimate Volume(TradeOffSeries series)
    {
        var (x, y) = (_of.X.HigherIsBetter ? 1 : -1, _of.Y.HigherIsBetter ? 1 : -1);
        var corner = (x * Reference.X, y * Reference.Y);
        var drawn = _drawn.Where(d => d.Series == series).ToArray();
        return new(
            Hypervolume(Rows.Where(r => r.Series == series).Select(r => (x * r.X, y * r.Y)), corner),
            Resampling.Middle([.. Enumerable.Range(0, Resampling.Draws).Select(i => Hypervolume(drawn.Select(d => (x * d.X[i], y * d.Y[i])), corner))]));
    }

    // From the lowest point to where two systems still come.
    private IReadOnlyList<double> Levels()
    {
        if (_of.Levels.Count > 0) return _of.Levels;
        double[] most = [.. Rows.GroupBy(r => r.Series).Select(g => g.Max(r => r.Y)).OrderDescending()];
        var (low, high) = (Rows.Min(r => r.Y), most[Math.Min(1, most.Length - 1)]);
        return high > low ? [.. Enumerable.Range(1, 4).Select(i => Math.Round(low + i * (high - low) / 4.5, 3))] : [];
    }

    private IEnumerable<TradeOffPrice> Priced(double level)
    {
        var sign = _of.Y.HigherIsBetter ? 1 : -1;
        double?[] first = [], own;
        foreach (var (place, series) in _of.Series.Index())
        {
            var drawn = _drawn.Where(d => d.Series == series).ToArray();
            own = [.. Enumerable.Range(0, Resampling.Draws).Select(i => Price(drawn.Select(d => (d.X[i], sign * d.Y[i])), sign * level))];
            if (place == 0) first = own;
            var price = Exact(series);
            var start = Exact(_of.Series[0]);
            yield return new(
                level, series, price is { } x ? new(x, Middle(own)) : null,
                place > 0 && price is { } p && start is { } s ? new(p - s, Middle([.. own.Zip(first, (a, b) => a - b)])) : null);
        }

        double? Exact(TradeOffSeries series) => Price(Rows.Where(r => r.Series == series).Select(r => (r.X, sign * r.Y)), sign * level);
    }

    private static Interval? Middle(double?[] draws)
    {
        double[] there = [.. draws.OfType<double>()];
        return there.Length >= Nearly * draws.Length ? Resampling.Middle(there) : null;
    }
}
