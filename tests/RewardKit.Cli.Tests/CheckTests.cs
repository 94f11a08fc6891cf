namespace RewardKit.Cli.Tests;

public class CheckTests : ExperimentFixture
{
    private string[] Check(params string[] arguments) => ["check", .. Run(["--", .. arguments])[1..]];

    [Test]
    public void An_experiment_is_checked_and_not_run()
    {
        var outcome = Call(Check());
        Assert.That(outcome, Is.EqualTo(new Outcome(0, $"{Script}: no errors\nexperiment \"small\": 3 arms, 1 seed; of 3 runs 3 to train\n", "")));
        Assert.That(PathOf("runs"), Does.Not.Exist);
    }

    [Test]
    public void What_is_finished_already_is_told()
    {
        Assert.That(Call(Run()).ExitCode, Is.Zero);
        Assert.That(Call(Check()).Output, Does.EndWith("of 3 runs 3 finished already\n"));
        Assert.That(Call(Check("alpha=0.5", "second=haf-rm")).Output, Does.EndWith("of 3 runs 2 finished already, 1 to train\n"));
    }

    [Test]
    public void An_option_out_of_range_is_found()
    {
        var outcome = Call(Check("alpha=-1"));
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Output, Is.Empty);
        Assert.That(outcome.Error, Does.StartWith("The arm \"second\" cannot be run. The loss \"haf-rm\": option \"alpha\" is -1, "));
    }

    [Test]
    public void A_record_that_is_not_sound_is_found_at_its_line()
    {
        var broken = PathOf("broken");
        CopyFolder(Data, broken);
        File.AppendAllText(Path.Combine(broken, "test.jsonl"), "{\"chosen\": 1}\n");
        var outcome = Call("check", Script, "--", $"data={broken}", $"model={Model}");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("test.jsonl").And.Contain("5"));
    }

    [Test]
    public void What_comes_before_the_first_experiment_is_run_and_what_needs_its_results_is_not()
    {
        Write("a.fsx", $$"""
            #load "rewardkit.fsx"
            open RewardKit
            printfn "before"
            let pairs = Data.hhRlhf @"{{Data}}"
            experiment "a" {
                model (Model.load @"{{Model}}")
                train pairs.Train
                arm "b" [ Loss.bradleyTerry () ]
                evaluate [ Evaluate.pairAccuracy pairs.Test ]
                seeds [ 1; 2 ]
            }
            |> Experiment.run
            |> ignore
            printfn "after"
            """);
        Assert.That(Call("check", "a.fsx").Output, Is.EqualTo("before\na.fsx: no errors\nexperiment \"a\": 1 arm, 2 seeds; of 2 runs 2 to train\n"));
        Assert.That(Call("check", "a.fsx", "--compile-only").Output, Is.EqualTo("a.fsx: no errors\n"));
    }

    [Test]
    public void Answers_are_not_asked_for()
    {
        Write("a.fsx", $$"""
            #load "rewardkit.fsx"
            open RewardKit
            Decoding.answer (Model.load @"{{Model}}", [ "Once" ], maxTokens = 4) |> ignore
            """);
        Assert.That(Call("check", "a.fsx").Output, Is.EqualTo("a.fsx: no errors\nchecked as far as it asks for the answers \"stories260K\", before any experiment\n"));
        Assert.That(PathOf("runs"), Does.Not.Exist);
    }
}
