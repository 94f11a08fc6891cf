using System.Text.Json;

namespace RewardKit.Cli.Tests;

/// <summary>What is done with an experiment once it is finished: its models judged again, its report written again, its arms compared.</summary>
public class EvaluateTests : ExperimentFixture
{
    [Test]
    public void A_checkpoint_has_the_numbers_that_its_experiment_gave_it()
    {
        Assert.That(Call(Run("--", "second=bradley-terry", "third=")).ExitCode, Is.Zero);
        using var results = JsonDocument.Parse(File.ReadAllBytes(PathOf("runs/small/results.json")));
        string[] checkpoints = ["runs/small/first/seed-1/checkpoint", "runs/small/third/seed-1/checkpoint"];
        string[] command = ["evaluate", .. checkpoints, "--evaluator", "pair-accuracy", "--data", Path.Combine(Data, "test.jsonl")];

        var outcome = Call([.. command, "--json"]);

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        using var judged = JsonDocument.Parse(outcome.Output);
        Assert.Multiple(() =>
        {
            foreach (var (arm, checkpoint) in new[] { ("first", checkpoints[0]), ("third", checkpoints[1]), ("longer wins", "longer wins") })
            {
                Assert.That(Rows(judged, checkpoint), Is.Not.Empty.And.EqualTo(Rows(results, arm)), $"{arm}, to the last digit");
                Assert.That(Metrics(judged, checkpoint), Is.EqualTo(Metrics(results, arm)));
            }
            var table = Call(command);
            Assert.That((table.ExitCode, table.Error), Is.EqualTo((0, "")));
            Assert.That(table.Output, Does.Contain("pair-accuracy/accuracy").And.Match($"{checkpoints[0]} +[\\d.]+ % +[\\d.]+ to [\\d.]+ %").And.Contain("longer wins").And.Not.Contain("\u001b"));
        });

        static string[] Rows(JsonDocument results, string arm) =>
        [
            .. results.RootElement.GetProperty("summary").EnumerateArray().Where(row => row.GetProperty("arm").GetString() == arm)
                .Select(row => string.Join(' ', row.EnumerateObject().Skip(1).Select(p => p.ToString()))),
        ];

        static string Metrics(JsonDocument results, string arm) =>
            results.RootElement.GetProperty("arms").EnumerateArray().Single(a => a.GetProperty("name").GetString() == arm).GetProperty("metrics").GetRawText().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal);
    }

    [Test]
    public void A_report_is_written_again_byte_for_byte_without_plugins_models_and_data()
    {
        Assert.That(Call(Run("--", "second=bradley-terry", "third=throwing")).ExitCode, Is.EqualTo(1));
        var (page, results) = (File.ReadAllBytes(PathOf("runs/small/report.html")), File.ReadAllBytes(PathOf("runs/small/results.json")));
        File.Delete(PathOf("runs/small/report.html"));
        File.WriteAllText(PathOf("runs/small/results.json"), "{}");
        Directory.Move(PathOf("runs"), PathOf("elsewhere"));
        foreach (var checkpoint in Directory.GetDirectories(PathOf("elsewhere"), "checkpoint", SearchOption.AllDirectories)) Directory.Delete(checkpoint, recursive: true);

        var outcome = Call("report", "elsewhere/small");

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        Assert.That(outcome.Output, Is.EqualTo($"wrote {PathOf("elsewhere/small/results.json")}\nwrote {PathOf("elsewhere/small/report.html")}\n"));
        Assert.That(File.ReadAllBytes(PathOf("elsewhere/small/report.html")), Is.EqualTo(page));
        Assert.That(File.ReadAllBytes(PathOf("elsewhere/small/results.json")), Is.EqualTo(results));
        using var json = JsonDocument.Parse(Call("report", "elsewhere/small", "--out", "copy.html", "--json").Output);
        Assert.That(json.RootElement.GetProperty("files")[0].GetString(), Is.EqualTo(PathOf("copy.html")));
        Assert.That(File.ReadAllBytes(PathOf("copy.html")), Is.EqualTo(page));

        // What is not as it was is told, and not reported.
        Refused("elsewhere", $"{PathOf("elsewhere")} is no folder of a finished experiment: it has no experiment.json. Name one that an experiment wrote, as runs/quickstart.\n");
        var run = PathOf("elsewhere/small/first/seed-1");
        File.WriteAllText(Path.Combine(run, "run.json"), File.ReadAllText(Path.Combine(run, "run.json")).Replace("\"key\":\"", "\"key\":\"0", StringComparison.Ordinal));
        Refused("elsewhere/small", $"The run of first with seed 1 in {run} is of another experiment by now. Run this experiment's script once more.\n");
        Directory.Delete(run, recursive: true);
        Refused("elsewhere/small", $"The run of first with seed 1 is not whole any more: {run}. Run the experiment's script once more: what is missing is computed again.\n");
        File.Delete(PathOf("elsewhere/small/experiment.json"));
        Refused("elsewhere/small", $"{PathOf("elsewhere/small")} is of a RewardKit that kept no experiment.json, without which its report cannot be written again. Run its script once more: what is finished is found again.\n");

        void Refused(string folder, string message)
        {
            var refused = Call("report", folder);
            Assert.That((refused.ExitCode, refused.Output, refused.Error), Is.EqualTo((2, "", message)));
        }
    }

    [Test]
    public void Runs_and_experiments_are_compared_item_by_item()
    {
        Assert.That(Call(Run("--", "second=bradley-terry", "third=")).ExitCode, Is.Zero);
        Assert.That(Call(Run("--", "name=other", "second=haf-rm", "third=")).ExitCode, Is.Zero);
        using var results = JsonDocument.Parse(File.ReadAllBytes(PathOf("runs/small/results.json")));

        using var arms = JsonDocument.Parse(Call("compare", "runs/small", "--json").Output);
        var expected = results.RootElement.GetProperty("comparisons").EnumerateArray().ToArray();
        Assert.That(arms.RootElement.GetProperty("comparisons").EnumerateArray().Select(Figures), Is.EqualTo(expected.Select(Figures)), "those of the experiment");

        var text = Call("compare", "runs/small/second/seed-1", "runs/other/second/seed-1");
        Assert.That((text.ExitCode, text.Error), Is.EqualTo((0, "")));
        Assert.That(text.Output, Does.Match("(?m)^loss +bradley-terry +haf-rm$").And.Match("(?m)^experiment +small +other$")
            .And.Match("(?m)^pair-accuracy/accuracy +[\\d.]+ +[\\d.]+$").And.Contain("pair-accuracy/accuracy, the same 4 items").And.Contain("told apart"));
        Assert.That(Call("runs", "compare", "runs/small/second/seed-1", "runs/other/second/seed-1").Output, Is.EqualTo(text.Output));

        // On other pairs there is nothing to pair.
        var run = PathOf("runs/other/second/seed-1/run.json");
        File.WriteAllText(run, File.ReadAllText(run).Replace("\"pairs 1\":\"", "\"pairs 1\":\"other ", StringComparison.Ordinal));
        using var apart = JsonDocument.Parse(Call("compare", "runs/small/second/seed-1", "runs/other/second/seed-1", "--json").Output);
        Assert.That(apart.RootElement.GetProperty("comparisons").GetArrayLength(), Is.Zero);
        Assert.That(apart.RootElement.GetProperty("apart")[0].GetString(), Does.StartWith("Not judged alike by pair-accuracy, with other pairs or options: "));

        var alone = Call("compare", "runs/small/second/seed-1");
        Assert.That(alone.ExitCode, Is.EqualTo(2));
        Assert.That(alone.Error, Does.StartWith("There is one run, ").And.EndsWith("Name another, or an experiment with several arms.\n"));
        Assert.That(Call("compare", "runs", "runs").Error, Does.Contain("is neither a run's folder, as runs/quickstart/crome/seed-1, nor an experiment's, as runs/quickstart."));

        static string Figures(JsonElement comparison) =>
            string.Join(' ', new[] { "difference", "low", "high", "p", "correctedP", "n" }.Select(name => comparison.GetProperty(name).GetRawText()));
    }

    [Test]
    public void What_cannot_be_judged_is_refused()
    {
        Refused(["evaluate", "nowhere", "--evaluator", "pair-accuracy", "--data", Path.Combine(Data, "test.jsonl")], "There is no model folder nowhere.\n");
        Refused(["evaluate", Model, "--evaluator", "pair-acuracy"], "There is no evaluator \"pair-acuracy\". Did you mean \"pair-accuracy\"? Installed: ");
        Refused(["evaluate", Model, "--evaluator", "pair-accuracy"], "The evaluator \"pair-accuracy\" judges by held-out pairs: name a file of them with --data FILE.\n");
        Refused(["evaluate", Model, "--evaluator", "reward-math", "--data", "x"], "The evaluator \"reward-math\" brings its own data: leave out --data.\n");
        Refused(["evaluate", Model, "--evaluator", "pair-accuracy", "--evaluator", "calibration", "--set", "bins=3", "--data", "x"], "--set bins=3: for which of pair-accuracy, calibration? Write its id in front, as pair-accuracy.bins=3.\n");
        Refused(["evaluate", Model, "--evaluator", "pair-accuracy", "--data", Path.Combine(Data, "test.jsonl")], $"{Model}/model.safetensors: no score.weight here: this is a language model, not a trained reward model.\n");

        void Refused(string[] arguments, string message)
        {
            var outcome = Call(arguments);
            Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")), outcome.Error);
            Assert.That(outcome.Error, Does.StartWith(message));
        }
    }
}
