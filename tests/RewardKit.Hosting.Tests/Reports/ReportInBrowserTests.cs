using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Reports;
using RewardKit.Training;

namespace RewardKit.Hosting.Tests.Reports;

/// <summary>The page as Chromium shows it, in a frame as wide as a phone and one as wide as a desk.</summary>
public class ReportInBrowserTests
{
    private static readonly string? Chromium = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    // Put before everything else on the page: what goes wrong, how wide it is, and what was drawn, told to the frame's parent.
    private const string Probe = """
        <script>
        const errors = [];
        addEventListener("error", e => errors.push(e.message));
        addEventListener("load", () => {
          document.querySelectorAll("details").forEach(d => { d.open = true; });
          setTimeout(() => {
            const drawn = [...document.querySelectorAll(".chart")].map(place => {
              const canvas = place.querySelector("canvas");
              if (!canvas) return 0;
              const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              // What has a colour, not a grey: the axes do not count.
              let coloured = 0;
              for (let i = 0; i < dots.length; i += 4) if (dots[i + 3] > 20 && Math.max(dots[i], dots[i + 1], dots[i + 2]) - Math.min(dots[i], dots[i + 1], dots[i + 2]) > 40) coloured++;
              return coloured;
            });
            const root = document.documentElement, seen = { errors, width: innerWidth, content: root.scrollWidth, drawn, dark: getComputedStyle(document.body).backgroundColor };
            document.querySelector("#legend button")?.click();
            (document.getElementById("smooth") ?? document.getElementById("wide"))?.click();
            const over = document.querySelector(".u-over"), box = over.getBoundingClientRect();
            for (const type of ["mouseenter", "mousemove"]) over.dispatchEvent(new MouseEvent(type, { clientX: box.left + box.width / 2, clientY: box.top + 9, bubbles: true }));
            setTimeout(() => parent.postMessage({ ...seen, readout: document.querySelector(".readout").textContent }, "*"), 200);
          }, 300);
        });
        </script>
        """;

    private sealed record Seen(string[] Errors, int Width, int Content, int[] Drawn, string Dark, string Readout);

    [TestCase(390, true)]
    [TestCase(1280, false)]
    public void The_page_fits_its_charts_are_drawn_and_no_script_fails(int width, bool dark)
    {
        if (Chromium is null) Assert.Ignore("Chromium is not installed.");
        var seen = Look(ReportPage.Write(Experiment()), width, dark);
        Assert.That(seen.Errors, Is.Empty);
        Assert.That(seen.Width, Is.EqualTo(width));
        Assert.That(seen.Content, Is.LessThanOrEqualTo(width), "no scrolling to the side");
        // Loss, norm, rate and the method's own; then a diagram and a map for each of three arms.
        Assert.That(seen.Drawn, Has.Length.EqualTo(4 + 6).And.All.GreaterThan(100));
        Assert.That(seen.Readout, Does.Match(@"^step \d+ 0\.\d+ 0\.\d+$"), "two of three arms, the first being switched off");
        Assert.That(seen.Dark, Is.EqualTo(dark ? "rgb(21, 24, 28)" : "rgb(252, 252, 251)"));
    }

    [TestCase(390, false)]
    [TestCase(1280, true)]
    public void A_trade_off_fits_its_chart_is_drawn_and_no_script_fails(int width, bool dark)
    {
        if (Chromium is null) Assert.Ignore("Chromium is not installed.");
        var random = new Random(1);
        var of = Decoding.TradeOffTests.Of(
            [("a system with a name of some length", [(0, 0), (1, 1), (3, 2)]), ("b", [(0, 0), (4, 1)])], [.. Enumerable.Range(0, 40).Select(_ => random.NextDouble())], level: 0.5);
        var seen = Look(TradeOffPage.Write(of), width, dark);
        Assert.That(seen.Errors, Is.Empty);
        Assert.That(seen.Content, Is.LessThanOrEqualTo(width), "no scrolling to the side");
        Assert.That(seen.Drawn, Has.Length.EqualTo(1).And.All.GreaterThan(200));
        Assert.That(seen.Dark, Is.EqualTo(dark ? "rgb(21, 24, 28)" : "rgb(252, 252, 251)"));
    }

    [Test]
    public void A_sweep_has_a_chart_for_each_number_that_was_varied_and_its_arms_stand_the_best_first()
    {
        if (Chromium is null) Assert.Ignore("Chromium is not installed.");
        var plain = Experiment();
        var result = plain with
        {
            Spec = plain.Spec with
            {
                Arms = [.. plain.Spec.Arms.Select((a, i) => a with
                {
                    Values = [new("rate", Math.Pow(10, i - 5)), new("layers", 1 + i), new("kind", i == 1 ? "b" : "a"), new("fixed", 0.5)],
                })],
            },
        };
        var page = ReportPage.Write(result);
        var seen = Look(page, 390, true);
        Assert.That(seen.Errors, Is.Empty);
        Assert.That(seen.Content, Is.LessThanOrEqualTo(390), "no scrolling to the side");
        Assert.That(seen.Drawn, Has.Length.EqualTo(2 + 4 + 6).And.All.GreaterThan(60), "of rate and layers, and what the report has otherwise");
        var means = Regex.Matches(Regex.Match(page, "<section id=\"sweep\">.*?</section>", RegexOptions.Singleline).Value, @"<td>([\d.]+) %</td>").Select(m => double.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.That(means, Has.Length.EqualTo(3).And.Ordered.Descending);
    }

    [TestCase(390)]
    [TestCase(1280)]
    public void A_plot_fits_is_drawn_and_no_script_fails(int width)
    {
        if (Chromium is null) Assert.Ignore("Chromium is not installed.");
        var seen = Look(PlotPage.Write(new(
            "Accuracy & rate", "rate", "accuracy",
            [new("a series with a name of some length", [new(1e-5, 0.5, 0.4, 0.6), new(1e-3, 0.7, null, null)]), new("b", [new(1e-4, 0.6, 0.5, 0.7)]) { Dashed = true }])), width, true);
        Assert.That(seen.Errors, Is.Empty);
        Assert.That(seen.Content, Is.LessThanOrEqualTo(width), "no scrolling to the side");
        Assert.That(seen.Drawn, Has.Length.EqualTo(1).And.All.GreaterThan(200));
    }

    [Test]
    public void Series_of_a_group_have_one_colour_and_a_dashed_one_has_rings()
    {
        PlotPoint[] points = [new(0, 1, null, null)];
        var page = PlotPage.Write(new(
            "p", "x", "y",
            [new("one", points) { Group = "one" }, new("alone", points), new("one's promise", points) { Group = "one", Dashed = true }, new("alone", points)]));
        Assert.That(
            Regex.Matches(page, @"<span class=""([\w ]+)"" style=""--ink: var\(--(c\d)\)""").Select(m => (m.Groups[1].Value, m.Groups[2].Value)),
            Is.EqualTo(new[] { ("swatch", "c0"), ("swatch", "c1"), ("swatch ring", "c0"), ("swatch", "c2") }));
        Assert.That(Regex.Matches(page, @"""ink"":(\d),""dashed"":(\w+)").Select(m => (m.Groups[1].Value, m.Groups[2].Value)), Is.EqualTo(new[] { ("0", "false"), ("1", "false"), ("0", "true"), ("2", "false") }));
    }

    [Test]
    public void A_plot_of_nothing_or_of_no_number_is_refused()
    {
        Assert.That(Assert.Throws<RewardKitException>(() => PlotPage.Write(new("p", "x", "y", [])))!.Message, Does.Contain("has no series"));
        Assert.That(
            Assert.Throws<RewardKitException>(() => PlotPage.Write(new("p", "x", "y", [new("a", [new(1, double.NaN, null, null)])])))!.Message,
            Is.EqualTo("The plot \"p\": the series \"a\" has the point (1, NaN); a point has two finite numbers."));
    }

    private static Seen Look(string page, int width, bool dark)
    {
        var folder = Directory.CreateTempSubdirectory("report").FullName;
        try
        {
            var framed = page.Replace("<head>", "<head>" + Probe, StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, "page.html"), $$"""
                <!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><body>
                <script>addEventListener("message", e => { document.title = JSON.stringify(e.data); });</script>
                <iframe style="border: 0; width: {{width}}px; height: 900px" srcdoc="{{WebUtility.HtmlEncode(framed)}}"></iframe>
                """);
            var start = new ProcessStartInfo(Chromium!) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in new[]
            {
                "--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={Path.Combine(folder, "profile")}", "--window-size=1400,1000",
                "--virtual-time-budget=5000", $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}", "--dump-dom",
                new Uri(Path.Combine(folder, "page.html")).AbsoluteUri,
            }) start.ArgumentList.Add(argument);
            using var browser = Process.Start(start)!;
            var errors = browser.StandardError.ReadToEndAsync();
            var text = browser.StandardOutput.ReadToEndAsync();
            if (!browser.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                browser.Kill(entireProcessTree: true);
                Assert.Fail("Chromium did not come to an end.");
            }
            var title = Regex.Match(text.Result, "<title>(.*?)</title>");
            Assert.That(title.Success, Is.True, $"Chromium showed nothing: {errors.Result}");
            return JsonSerializer.Deserialize<Seen>(WebUtility.HtmlDecode(title.Groups[1].Value), JsonSerializerOptions.Web)!;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    // Three arms, two seeds, and an arm's name longer than a phone is wide.
    private static ExperimentResult Experiment()
    {
        var random = new Random(1);
        string[] arms = ["bradley-terry", "crome with neutrals, filtered by the model of the same seed and then some", "c"];
        var plain = Results.Of([.. arms.SelectMany(a => new[] { 1, 2 }.Select(seed => (a, seed, Items())))]);
        return plain with
        {
            Runs = [.. plain.Runs.Select((r, of) => r with
            {
                Samples = new Dictionary<string, IReadOnlyList<EvaluationSample>>
                {
                    ["pair-accuracy"] = [.. r.Measurements[Results.Metric].Items!.Select((v, i) => new EvaluationSample(
                        Results.Pair($"{i}", "why?", new('x', 1 + i % 7 * 40), new('y', 1 + i % 11 * 30)), new((v - 0.4) * (1 + i % 5), 0.01 * (i % 13))))],
                },
                Log = new([.. Enumerable.Range(1, 40).Select(step => new StepLog(step, 1e-3 / step, 1 + random.NextDouble(),
                    new Dictionary<string, double> { ["loss"] = 0.7 - 0.01 * step + 0.1 * random.NextDouble(), ["part"] = 1 + 0.1 * of + step }))], 0, 0, 1),
            })],
            Trivial = [Results.Run("longer wins", null, Items())],
        };

        double[] Items() => [.. Enumerable.Range(0, 200).Select(_ => random.NextDouble() < 0.6 ? 1.0 : 0)];
    }
}
