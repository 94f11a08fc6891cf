using System.Text.RegularExpressions;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Reports;
using RewardKit.Models;
using Spectre.Console;

namespace RewardKit.Hosting.Tests.Reports;

public class ReportPageTests
{
    private const string Hostile = "<script>alert('x')</script>{{title}}";

    [Test]
    public void The_page_loads_nothing_from_anywhere()
    {
        var page = ReportPage.Write(Results.Of(("a", 1, [1, 1, 0])));
        Assert.That(Regex.Matches(page, """<link|<img|<iframe|<object|@import|url\(|\bsrc\s*=|\bhref\s*=(?!"#)|fetch\(|XMLHttpRequest|import\(""").Select(m => m.Value), Is.Empty);
    }

    [Test]
    public void Text_from_data_and_scripts_is_escaped()
    {
        var pair = Results.Pair(Hostile, Hostile, Hostile, Hostile);
        var run = Results.Run(Hostile, 1, [1, 0]) with
        {
            Samples = new Dictionary<string, IReadOnlyList<EvaluationSample>> { [Hostile] = [new(pair, new(1, 0)), new(pair, new(0, 1))] },
            Measurements = new Dictionary<string, Measurement> { [Hostile] = new(0.5, [1, 0], 0.5) },
        };
        var plain = Results.Of((Hostile, 1, [1, 0]));
        var page = ReportPage.Write(plain with
        {
            Spec = plain.Spec with { Name = Hostile },
            Runs = [run],
            Notes = [Hostile],
            Failures = [new(Hostile, 2, Hostile, Hostile)],
            Environment = new Dictionary<string, string> { [Hostile] = Hostile },
        });
        Assert.That(page, Does.Not.Contain("<script>alert"));
        Assert.That(page, Does.Contain("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;{{title}}"));
    }

    [Test]
    public void The_page_says_what_was_found()
    {
        double[] good = [.. Enumerable.Range(0, 50).Select(i => i < 40 ? 1.0 : 0)];
        var page = ReportPage.Write(Results.Of(("a", 1, good), ("b", 1, good)) with
        {
            Trivial = [Results.Run("longer wins", null, good)],
            Failures = [new("c", 1, "The arm \"c\" broke.", "")],
        });
        Assert.That(page, Does.Contain("Failed, and missing here: c (seed 1).").And.Contain("<li>The arm &quot;c&quot; broke.</li>"));
        Assert.That(page, Does.Contain("<b>80.0 %</b> <small>68.0 to 90.0 %</small>"));
        Assert.That(page, Does.Contain("a and b cannot be told apart on these 50 pairs."));
        Assert.That(page, Does.Contain(">longer wins<"));
        Assert.That(page, Does.Contain("80.0 % above zero"), "the margin histogram's caption");
        Assert.That(page, Does.Contain("""{"name":"loss","more":false,"arms":[{"arm":0,"x":[1],"seeds":[[0.69]]},{"arm":1,"x":[1],"seeds":[[0.69]]}]}"""));
    }

    [Test]
    public void Where_members_disagree_stands_on_the_page_of_an_ensemble_alone()
    {
        ExperimentResult With(double? disagreement) => Results.Of(("a", 1, [1, 1, 0])) with
        {
            Runs = [Results.Run("a", 1, [1, 0]) with
            {
                Samples = new Dictionary<string, IReadOnlyList<EvaluationSample>>
                {
                    ["accuracy"] = [.. Enumerable.Range(0, 10).Select(i => new EvaluationSample(Results.Pair($"{i}", "q", "c", "r"), new(i < 8 ? 1 : -1, 0) { Disagreement = disagreement * i }))],
                },
            }],
        };
        Assert.That(ReportPage.Write(With(1)), Does.Contain("Disagreement and error").And.Contain("<td>1.000</td>").And.Contain("spread 8.500"));
        Assert.That(ReportPage.Write(With(null)), Does.Not.Contain("Disagreement and error"));
    }

    [Test]
    public void The_page_says_what_model_was_asked_for()
    {
        var plain = Results.Of(("a", 1, [1, 0]));
        var model = new ModelSpec
        {
            Folder = "model",
            Dtype = "bfloat16",
            LabelTokens = new("A", "B"),
            Lora = new() { Rank = 4, Targets = ["q_proj", "v_proj"] },
        };
        var page = ReportPage.Write(plain with { Spec = plain.Spec with { Model = model } });
        foreach (var (name, value) in new[] { ("dtype", "bfloat16"), ("labelTokens.first", "A"), ("lora.rank", "4"), ("lora.targets", "q_proj, v_proj") })
            Assert.That(page, Does.Contain($"<tr><th>{name}</th><td>{value}</td></tr>"));
    }

    [Test]
    public void Sample_pairs_stand_behind_a_toggle_with_a_warning()
    {
        var page = ReportPage.Write(Results.Of(("a", 1, [1, 1, 0, 0])));
        var toggle = page.IndexOf("<details class=\"pairs\">", StringComparison.Ordinal);
        var warning = page.IndexOf("offensive and harmful", StringComparison.Ordinal);
        var text = page.IndexOf("because", toggle, StringComparison.Ordinal);
        var end = page.IndexOf("</details>", toggle, StringComparison.Ordinal);
        Assert.That(new[] { toggle, warning, text, end }, Is.Ordered.And.All.GreaterThan(0));
        Assert.That(page.IndexOf("because", StringComparison.Ordinal), Is.EqualTo(text), "no sample text outside the toggle");
    }

    [Test]
    public void Two_arms_disagree_on_the_pairs_that_one_has_right_and_the_other_wrong()
    {
        // Of four pairs b has the first two wrong that a has right, and none the other way round.
        var page = ReportPage.Write(Results.Of(("a", 1, [1, 1, 1, 0]), ("a", 2, [1, 1, 1, 0]), ("b", 1, [0, 0, 1, 0]), ("b", 2, [0, 0, 1, 0])));
        var section = page[page.IndexOf("Where two arms disagree", StringComparison.Ordinal)..page.IndexOf("What all arms have right", StringComparison.Ordinal)];
        Assert.That(Regex.Replace(section, "<[^>]*>", ""), Does.Contain("a right, b wrong: 2 of 4 pairs").And.Not.Contain("b right"));
        Assert.That(Regex.Matches(section, "pair-[0-9]").Select(m => m.Value), Is.EquivalentTo(new[] { "pair-0", "pair-1" }));
        Assert.That(section, Does.Contain("<td>2 of 2</td>").And.Contain("<td>0 of 2</td>"), "seeds that are right");
    }

    [Test]
    public void Comparisons_stand_in_a_table_with_corrected_values_where_there_are_several()
    {
        double[] good = [.. Enumerable.Range(0, 50).Select(i => i < 40 ? 1.0 : 0)];
        double[] poor = [.. Enumerable.Range(0, 50).Select(i => i < 20 ? 1.0 : 0)];
        Assert.That(ReportPage.Write(Results.Of(("a", 1, good), ("b", 1, poor))),
            Does.Contain("""<td>a − b</td><td class="name right">a is better</td><td>+40.0 points</td>""").And.Not.Contain("<th>corrected p</th>"));
        Assert.That(ReportPage.Write(Results.Of(("a", 1, good), ("b", 1, poor), ("c", 1, poor))),
            Does.Contain("<th>corrected p</th>").And.Contain("""<td>b − c</td><td class="name">not told apart</td><td>0.0 points</td>"""));
    }

    [Test]
    public void What_is_of_a_part_stands_folded_and_not_in_the_terminal()
    {
        var result = Results.Of(("one", 1, [1, 0, 1]));
        var run = result.Runs[0];
        result = result with
        {
            Runs = [run with { Measurements = new Dictionary<string, Measurement>(run.Measurements) { ["pair-accuracy/subset.a"] = new(1, [1, 1], 0.5), ["pair-accuracy/subset.b.drop"] = new(0.25), ["pair-accuracy/margin"] = new(0.5) } }],
        };
        var page = ReportPage.Write(result);
        Assert.That(page, Does.Match("(?s)<h3>pair-accuracy/accuracy</h3>.*<details><summary>pair-accuracy by part: 1 more</summary><h3>pair-accuracy/subset.a</h3>"));
        Assert.That(page, Does.Not.Contain("<h3>pair-accuracy/subset.b.drop</h3>").And.Contain("<td>pair-accuracy/subset.b.drop</td>"));

        using var text = new StringWriter();
        ResultTerminal.Print(result, [], AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) }));
        Assert.That(text.ToString(), Does.Contain("pair-accuracy/accuracy").And.Match(@"pair-accuracy/margin\s+0\.5\s").And.Not.Contain("subset.").And.Contain("In the report: 2 more numbers of pair-accuracy, by subset"));
    }

    [Test]
    public void A_run_that_diverged_leaves_the_page_whole()
    {
        var result = Results.Of(("a", 1, [1, 1, 0]), ("b", 1, [1, 0, 0]));
        var broken = result.Runs[1] with
        {
            Samples = new Dictionary<string, IReadOnlyList<EvaluationSample>>
            {
                ["pair-accuracy"] = [.. result.Runs[1].Samples["pair-accuracy"].Select(s => s with { Score = new(double.NaN, 0) })],
            },
            Log = new([new(1, 1e-3, double.NaN, new Dictionary<string, double> { ["loss"] = double.NaN })], 0, 0, 1),
        };
        var page = ReportPage.Write(result with { Runs = [result.Runs[0], broken] });
        Assert.That(page, Does.Contain("reward margins of a\"").And.Not.Contain("reward margins of b\"").And.Contain("""{"arm":1,"x":[1],"seeds":[[null]]}"""));
        Assert.That(page, Does.Contain("b, seed 1, has rewards that are no finite numbers"));
    }

    [Test]
    public void A_failed_write_leaves_no_half_file()
    {
        var folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(Path.Combine(folder, "results.json"));
        Assert.That(() => ReportFiles.Write(Results.Of(("a", 1, [1, 0])), folder),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("results.json").And.Property("ExitCode").EqualTo(1));
        Assert.That(Directory.GetFiles(folder), Is.Empty);
        Directory.Delete(folder, true);
    }
}
