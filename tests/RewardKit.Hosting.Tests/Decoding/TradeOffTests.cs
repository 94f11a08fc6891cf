using System.Text.Json;
using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Reports;

namespace RewardKit.Hosting.Tests.Decoding;

public class TradeOffTests
{
    private static readonly (double X, double Y)[] Worked = [(0.2, 0.9), (0.5, 0.7), (0.8, 0.3), (0.4, 0.4)];

    // The worked example of rewarded soups' summary scores: three of four points are non-dominated, the area is 0.48.
    [Test]
    public void The_worked_front()
    {
        Assert.That(TradeOffSummary.Hypervolume(Worked, (0, 0)), Is.EqualTo(0.48).Within(1e-6));
        Assert.That(Worked.Select(p => TradeOffSummary.IsOnFront(p, Worked)), Is.EqualTo(new[] { true, true, true, false }));
        // Of a cost on the left: (0.8, 0.3) costs more than (0.5, 0.7) and brings less.
        Assert.That(Worked.Select(p => TradeOffSummary.IsOnFront(p, Worked, higherX: false)), Is.EqualTo(new[] { true, false, false, false }));
    }

    [Test]
    public void Points_below_the_corner_add_nothing_and_equal_points_count_once()
    {
        Assert.That(TradeOffSummary.Hypervolume([(1, 1), (1, 1), (2, -1), (-1, 3)], (0, 0)), Is.EqualTo(1));
        Assert.That(TradeOffSummary.Hypervolume([], (0, 0)), Is.Zero);
        Assert.That(TradeOffSummary.IsOnFront((1, 1), [(1, 1), (1, 1)]), Is.True);
    }

    // Against counting the cells of a grid that lie below some point.
    [Test]
    public void The_area_is_that_of_the_union_of_rectangles()
    {
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            (double X, double Y)[] points = [.. Enumerable.Range(0, random.Next(6)).Select(_ => ((double)random.Next(9), (double)random.Next(9)))];
            var cells = Enumerable.Range(0, 8).Sum(x => Enumerable.Range(0, 8).Count(y => points.Any(p => p.X > x && p.Y > y)));
            Assert.That(TradeOffSummary.Hypervolume(points, (0, 0)), Is.EqualTo(cells), string.Join(' ', points));
        }
    }

    [Test]
    public void A_price_is_read_off_the_line_through_the_points()
    {
        (double, double)[] points = [(4, 3), (0, 1), (2, 2)];
        Assert.That(TradeOffSummary.Price(points, 1.5), Is.EqualTo(1).Within(1e-12));
        Assert.That(TradeOffSummary.Price(points, 2.5), Is.EqualTo(3).Within(1e-12));
        Assert.That(TradeOffSummary.Price(points, 0.5), Is.Zero, "the first point is there already");
        Assert.That(TradeOffSummary.Price(points, 3.5), Is.Null);
    }

    [Test]
    public void Intervals_are_of_the_same_resamples_of_prompts()
    {
        var random = new Random(1);
        double[] noise = [.. Enumerable.Range(0, 60).Select(_ => random.NextDouble())];
        // The second system pays one nat more on every prompt: its own price is uncertain, the difference is not.
        var summary = TradeOffSummary.Of(Of([("a", [(0, 0), (2, 1)]), ("b", [(0, 0), (4, 1)])], noise, level: 0.75));
        Assert.That(summary.Prices.Select(p => p.Series.Name), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(summary.Prices[1].Difference!.Value, Is.EqualTo(1.5).Within(0.3));
        Assert.That(summary.Prices[1].Difference!.Interval!.Value.Low, Is.Positive);
        Assert.That(summary.Rows[1].XInterval.High - summary.Rows[1].XInterval.Low, Is.GreaterThan(0.05));
        Assert.That(summary.Hypervolumes[0].Volume.Value, Is.GreaterThan(summary.Hypervolumes[1].Volume.Value));
        Assert.That(summary.Reference, Is.EqualTo((summary.Rows.Max(r => r.X), summary.Rows.Min(r => r.Y))));
    }

    [Test]
    public void What_cannot_be_compared_is_refused()
    {
        var point = new TradeOffPoint("p", [Conversation.User("a")], [1], [2]);
        void Refused(string message, params TradeOffPoint[] points) => Assert.That(
            () => TradeOffSummary.Of(new("t", new("x", true), new("y", true), [new("s", points)])), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
        Refused("has no point");
        Refused("\"q\" of \"s\" has other prompts", point, point with { Name = "q", Prompts = [Conversation.User("b")] });
        Refused("has 2 and 1 numbers for 1 prompts", point with { X = [1, 2] });
        Refused("not finite", point with { Y = [double.NaN] });
    }

    [Test]
    public void The_files_say_what_the_summary_says()
    {
        var folder = Directory.CreateTempSubdirectory("trade-off").FullName;
        try
        {
            var of = Of([("a <b>", [(0, 0), (2, 1)]), ("c", [(0, 0), (4, 1)])], [0.1, 0.4, 0.2], level: 0.5) with { Notes = ["a note & more"] };
            var paths = TradeOffFiles.Write(of, Path.Combine(folder, "made", "t"));
            Assert.That(paths.Select(Path.GetFileName), Is.EqualTo(new[] { "t.json", "t.html" }));
            using var json = JsonDocument.Parse(File.ReadAllBytes(paths[0]));
            var summary = TradeOffSummary.Of(of);
            Assert.That(json.RootElement.GetProperty("series")[1].GetProperty("points")[1].GetProperty("x").GetDouble(), Is.EqualTo(summary.Rows[3].X));
            Assert.That(json.RootElement.GetProperty("prices")[0].GetProperty("x").GetDouble(), Is.EqualTo(summary.Prices[0].Price!.Value));
            Assert.That(json.RootElement.GetProperty("prompts").GetInt32(), Is.EqualTo(3));
            Assert.That(File.ReadAllText(paths[1]), Does.Contain("a &lt;b&gt;").And.Contain("a note &amp; more").And.Not.Contain("{{"));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Systems whose points have these means, but for noise that grows with the cost.</summary>
    internal static TradeOff Of((string Name, (double X, double Y)[] Points)[] systems, double[] noise, double level) => new(
        "Reward and cost", new("KL, nats", false), new("reward", true),
        [.. systems.Select(system => new TradeOffSeries(system.Name, [.. system.Points.Select((p, i) => new TradeOffPoint(
            $"weight {i}", [.. noise.Select((_, n) => Conversation.User($"prompt {n}"))], [.. noise.Select(n => p.X * (0.5 + n))], [.. noise.Select(n => p.Y * (0.5 + n))])
        {
            Texts = [.. noise.Select((_, n) => $"What {system.Name} says to prompt {n}.")],
        })]))])
    { Levels = [level] };
}
