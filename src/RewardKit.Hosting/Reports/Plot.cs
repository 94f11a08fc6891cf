namespace RewardKit.Hosting.Reports;

/// <summary>Series of points by x and y.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Series">The series, in their order.</param>
public sealed record Plot(string Title, string X, string Y, IReadOnlyList<PlotSeries> Series)
{
    /// <summary>Sentences below the chart.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Points that belong together, joined by a line.</summary>
/// <param name="Name">What they are of.</param>
/// <param name="Points">The points.</param>
public sealed record PlotSeries(string Name, IReadOnlyList<PlotPoint> Points)
{
    /// <summary>Series of the same group have the same colour; null: a colour of its own.</summary>
    public string? Group { get; init; }

    /// <summary>Whether its line is dashed, and its points are rings.</summary>
    public bool Dashed { get; init; }
}

/// <summary>A point.</summary>
/// <param name="X">Where it lies.</param>
/// <param name="Y">How high.</param>
/// <param name="Low">The lower end of its interval; null for none.</param>
/// <param name="High">The upper end.</param>
public readonly record struct PlotPoint(double X, double Y, double? Low, double? High);
