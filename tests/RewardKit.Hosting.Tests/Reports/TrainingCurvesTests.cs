using System.Text.Json;
using RewardKit.Hosting.Reports;
using RewardKit.Training;

namespace RewardKit.Hosting.Tests.Reports;

public class TrainingCurvesTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("curves").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [Test]
    public void What_the_run_was_watched_by_joins_what_it_logged()
    {
        // A line that was cut off ends what can be read; the log is whole all the same.
        File.WriteAllText(Path.Combine(_folder, "metrics.jsonl"), """
            {"step": 1, "loss": 9, "accuracy": 0.5, "epoch": 0.1, "seconds": 3, "tokens_per_second": 7}
            {"step": 2, "loss": 9, "accuracy": "NaN", "eval/accuracy": 0.75}
            {"step": 3, "accur
            """);
        Assert.That(Curves(("a", 1, _folder, [0.7, 0.6, 0.5])), Is.EqualTo(new[]
        {
            """{"name":"loss","more":false,"arms":[{"arm":0,"x":[1,2,3],"seeds":[[0.7,0.6,0.5]]}]}""",
            """{"name":"accuracy","more":false,"arms":[{"arm":0,"x":[1,2],"seeds":[[0.5,null]]}]}""",
            """{"name":"eval/accuracy","more":false,"arms":[{"arm":0,"x":[2],"seeds":[[0.75]]}]}""",
            """{"name":"grad_norm","more":false,"arms":[{"arm":0,"x":[1,2,3],"seeds":[[2,2,2]]}]}""",
            """{"name":"learning_rate","more":false,"arms":[{"arm":0,"x":[1,2,3],"seeds":[[0.001,0.001,0.001]]}]}""",
        }));
    }

    [Test]
    public void Seeds_of_different_length_end_with_the_shortest()
    {
        Assert.That(Curves(("a", 1, null, [3, 2, 1]), ("a", 2, null, [3, 2])).First(),
            Is.EqualTo("""{"name":"loss","more":false,"arms":[{"arm":0,"x":[1,2],"seeds":[[3,2],[3,2]]}]}"""));
    }

    [Test]
    public void What_was_validated_is_meaned_try_by_try_where_seeds_have_epochs_of_different_length()
    {
        StepLog[] Steps(params (int Step, double? Accuracy)[] steps) => [.. steps.Select(s => new StepLog(s.Step, 1e-3, 1,
            new Dictionary<string, double>(s.Accuracy is { } a ? [new("loss", 1), new("eval/accuracy", a)] : [new("loss", 1)])))];
        var plain = Results.Of(("a", 1, [1]), ("a", 2, [1]));
        var result = plain with
        {
            Runs =
            [
                plain.Runs[0] with { Log = new(Steps((1, null), (2, 0.5), (3, null), (4, 0.75)), 0, 0, 1) },
                plain.Runs[1] with { Log = new(Steps((1, null), (2, null), (3, null), (4, 0.25)), 0, 0, 1) },
            ],
        };
        Assert.That(TrainingCurves.Data(result).Select(c => JsonSerializer.Serialize(c)),
            Has.Member("""{"name":"eval/accuracy","more":false,"arms":[{"arm":0,"x":[3],"seeds":[[0.5],[0.25]]}]}"""));
    }

    [Test]
    public void A_long_run_is_drawn_by_the_means_of_its_stretches()
    {
        // 601 steps are more than twice 300 points: stretches of three, the last one of a single step.
        using var curve = JsonDocument.Parse(Curves(("a", 1, null, [.. Enumerable.Range(1, 601).Select(i => (double)i)])).First());
        var arm = curve.RootElement.GetProperty("arms")[0];
        var (x, y) = (arm.GetProperty("x").Deserialize<int[]>()!, arm.GetProperty("seeds")[0].Deserialize<double[]>()!);
        Assert.That(x, Has.Length.EqualTo(201));
        Assert.That((x[0], y[0], x[1], y[1], x[^1], y[^1]), Is.EqualTo((3, 2.0, 6, 5.0, 601, 601.0)));
    }

    private static string[] Curves(params (string Arm, int Seed, string? Folder, double[] Loss)[] runs)
    {
        var plain = Results.Of([.. runs.Select(r => (r.Arm, r.Seed, new double[] { 1 }))]);
        var result = plain with
        {
            Runs = [.. plain.Runs.Zip(runs, (r, of) => r with
            {
                Folder = of.Folder,
                Log = new([.. of.Loss.Select((l, i) => new StepLog(i + 1, 1e-3, 2, new Dictionary<string, double> { ["loss"] = l }))], 0, 0, 1),
            })],
        };
        return [.. TrainingCurves.Data(result).Select(c => JsonSerializer.Serialize(c))];
    }
}
