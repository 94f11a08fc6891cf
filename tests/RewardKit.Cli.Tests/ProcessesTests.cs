using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RewardKit.Cli.Tests;

/// <summary><c>run --processes 2</c>: what one process shows and leaves, whatever becomes of one of the two.</summary>
public class ProcessesTests : CommandFixture
{
    private string _shared = "";

    protected override string Cache => Path.Combine(_shared, "cache");

    private string Script => Path.Combine(_shared, "two.fsx");

    [OneTimeSetUp]
    public void WriteExperiment()
    {
        _shared = Directory.CreateTempSubdirectory("rewardkit-cli-two-").FullName;
        ExperimentFixture.WritePairs(Path.Combine(_shared, "data"));
        File.WriteAllText(Script, """
            #load "rewardkit.fsx"
            open RewardKit

            let pairs = Data.hhRlhf "data"
            let folder = Script.arguments.Head
            let rank = System.Environment.GetEnvironmentVariable "RANK"

            /// The margin; in the fourth step something befalls one process.
            let own =
                Inline.loss
                    "own"
                    { new ILoss with
                        member _.Needs = ForwardNeeds.Rewards

                        member _.Compute(batch, forward) =
                            if batch.Step.Step = 3 then
                                if rank <> "1" then
                                    System.IO.File.WriteAllText(System.IO.Path.Combine(folder, "under way"), "")

                                match System.Environment.GetEnvironmentVariable "TEST_MODE" with
                                | "throws" when rank = "1" -> failwith "boom"
                                | "dies" when rank = "1" -> System.Diagnostics.Process.GetCurrentProcess().Kill()
                                | "all" -> failwith "boom in all"
                                | "waits" -> Script.cancellation.WaitHandle.WaitOne 60_000 |> ignore
                                | _ -> ()

                            LossResult((forward.Rewards.select (1L, 1L) - forward.Rewards.select (1L, 0L)).mean ()) }

            let result =
                experiment "two" {
                    model (Model.load (System.Environment.GetEnvironmentVariable "TEST_MODEL"))
                    train pairs.Train
                    training (Training.settings (epochs = 2, batchSize = 3))
                    checkpoints (Checkpoints.every (steps = 2))
                    output folder
                    arm "own" [ own ]
                    evaluate [ Evaluate.pairAccuracy pairs.Test ]
                    seeds [ 1 ]
                }
                |> Experiment.run

            Report.html (System.IO.Path.Combine(folder, "further.html")) result
            System.IO.File.WriteAllText(System.IO.Path.Combine(folder, $"end of {rank}"), string result.Runs[0].Log.Steps.Count)
            """);
    }

    [OneTimeTearDown]
    public void RemoveExperiment() => Directory.Delete(_shared, recursive: true);

    [SetUp]
    public void NameTheModel() => Environment["TEST_MODEL"] = Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");

    // Where the native part cannot do it, that is said, and there is nothing to test.
    private static Outcome Supported(Outcome outcome)
    {
        if (outcome.Error.Contains("libgloo-dev", StringComparison.Ordinal)) Assert.Ignore(outcome.Error);
        return outcome;
    }

    // What befalls them is no argument, because arguments are part of what identifies a run.
    private string[] Run(string folder, string mode = "")
    {
        Environment["TEST_MODE"] = mode;
        return ["run", Script, "--processes", "2", "--", PathOf(folder)];
    }

    [Test]
    public void Two_processes_leave_what_one_leaves()
    {
        var two = Supported(Call(Run("two")));
        var one = Call("run", Script, "--", PathOf("one"));
        Assert.Multiple(() =>
        {
            Assert.That((two.ExitCode, two.Error), Is.EqualTo((0, "")));
            Assert.That(two.Output.Split("own, seed 1: done"), Has.Length.EqualTo(2), "one process talks");
            Assert.That(File.ReadAllText(PathOf("two/end of 1")), Is.EqualTo("6"), "the other one has the result, too");
            Assert.That(Files("two").Where(f => !f.StartsWith("end of ", StringComparison.Ordinal)), Is.EqualTo(Files("one").Where(f => !f.StartsWith("end of ", StringComparison.Ordinal))));
        });
        var (expected, losses) = (Losses("one"), Losses("two"));
        Assert.That(losses, Has.Length.EqualTo(6));
        foreach (var (a, b) in expected.Zip(losses)) Assert.That(b, Is.EqualTo(a).Within(1e-5));

        string[] Files(string folder) =>
        [
            .. Directory.EnumerateFiles(PathOf(folder), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(PathOf(folder), f))
                .Select(f => f.Contains("events.out") ? "events" : f).Order(StringComparer.Ordinal),
        ];
    }

    [Test]
    public void One_that_throws_ends_the_other_and_the_same_command_goes_on()
    {
        var outcome = Supported(Call(Run("runs", "throws")));
        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Does.StartWith("process 1 of 2 failed: The arm \"own\" with seed 1 failed: Exception: boom\n  at ").And.EndsWith("two.fsx:21\n"));
        NobodyIsLeft();
        var rest = Supported(Call(Run("runs")));
        Assert.That((rest.ExitCode, rest.Error), Is.EqualTo((0, "")));
        Assert.That(rest.Output.Split('\n'), Does.Contain("own, seed 1: Goes on from step 2 of 6.").And.Contain("own, seed 1: done"));
    }

    [Test]
    public void One_that_dies_ends_the_other()
    {
        var outcome = Supported(Call(Run("runs", "dies")));
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((1, "process 1 of 2 was killed (SIGKILL). When memory runs out, the system does that.\n")));
        NobodyIsLeft();
    }

    [Test]
    public void What_befalls_both_is_the_runs_failure_alone()
    {
        var outcome = Supported(Call(Run("runs", "all")));
        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Does.StartWith("The arm \"own\" with seed 1 failed: Exception: boom in all").And.Not.Contain("process"));
    }

    [TestCase("INT", 130)]
    [TestCase("KILL", 137)]
    public void A_signal_to_the_one_that_started_them_ends_all_with_a_checkpoint(string signal, int exitCode)
    {
        using var process = Start(Run("runs", "waits"));
        var underWay = PathOf("runs/under way");
        SpinWait.SpinUntil(() => File.Exists(underWay) || process.HasExited, TimeSpan.FromMinutes(2));
        Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        var outcome = Supported(End(process));
        Assert.That(outcome.ExitCode, Is.EqualTo(exitCode), outcome.Error);
        Assert.That(outcome.Error, Is.EqualTo("stopped at step 4 of 6; the same command goes on from there\n"));
        NobodyIsLeft();
    }

    [Test]
    public void Variables_that_make_no_sense_are_named()
    {
        Environment["RANK"] = "2";
        Environment["WORLD_SIZE"] = "2";
        var outcome = Call(Run("runs"));
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((2, "RANK is \"2\"; expected a whole number from 0 to 1.\n")));
    }

    private double[] Losses(string folder) =>
    [
        .. File.ReadLines(PathOf($"{folder}/own/seed-1/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble()),
    ];

    // The test's folder stands in the command line of all of them.
    private void NobodyIsLeft()
    {
        var folder = PathOf("");
        string[] Left() =>
        [
            .. Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)).Where(p =>
            {
                try
                {
                    return File.ReadAllText(Path.Combine(p, "cmdline")).Contains(folder, StringComparison.Ordinal);
                }
                catch (IOException)
                {
                    return false;
                }
            }),
        ];
        SpinWait.SpinUntil(() => Left().Length == 0, TimeSpan.FromSeconds(30));
        Assert.That(Left(), Is.Empty);
    }
}
