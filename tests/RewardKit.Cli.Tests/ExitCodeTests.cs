using System.Diagnostics;

namespace RewardKit.Cli.Tests;

/// <summary>What every command ends with, and that what it prints is plain where it does not go to a terminal.</summary>
public class ExitCodeTests : CommandFixture
{
    private static string Model => Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");

    private static string Fixture(string name) => Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", name);

    [Test]
    public void Zero_for_what_is_done_and_two_for_wrong_input()
    {
        Write("pairs.csv", "prompt,chosen,rejected\np,a,b\n");
        Write("wrong.fsx", "let x = 1 +");
        Write("runs/one/a/seed-1/training.json", """{"key": "k", "parts": {}, "steps": 3, "seconds": 2.5}""");
        Write("none", "");
        (int ExitCode, string Arguments)[] table =
        [
            (0, "--help"), (0, "--version"), (0, "init place"), (0, "new"), (0, "plugin list"), (0, "plugin list --json"), (0, "plugin show dpo"), (0, "completion fish"),
            (0, "runs"), (0, "runs --json"), (0, "runs show runs/one/a/seed-1"), (0, "data inspect pairs.csv"), (0, "data inspect pairs.csv --json"), (0, $"model inspect {Model}"),
            (0, $"model convert {Model} copy --dtype bf16"), (0, $"tokenize {Model}"), (0, $"generate {Model}"), (0, $"chat {Model}"), (0, "doctor"),
            (2, ""), (2, "run nowhere.fsx"), (2, "run wrong.fsx"), (2, "run wrong.fsx --processes 0"), (2, "check nowhere.fsx"), (2, "check wrong.fsx"), (2, "watch nowhere.fsx"),
            (2, "new nowhere"), (2, "runs --runs nowhere"), (2, "runs show zz"), (2, "runs compare zz zz"), (2, "runs rm zz --yes"), (2, "compare zz"), (2, "report nowhere"), (2, "report ."),
            (2, "plugin show nowhere"), (2, "plugin remove Nowhere"), (2, "plugin list --plugins nowhere"), (2, "data inspect nowhere.csv"), (2, "data inspect pairs.csv --prompt question"),
            (2, "model inspect nowhere"), (2, "model convert nowhere out"), (2, $"model convert {Model} out --dtype f8"), (2, $"model merge-adapter {Model} out"), (2, "model merge nowhere a b --out out"),
            (2, "tokenize nowhere"), (2, "generate nowhere"), (2, "chat nowhere"), (2, $"chat {Model} --guide {Model}"), (2, "score nowhere"), (2, $"score {Model} --set beta=1"),
            (2, $"evaluate {Model} --evaluator nowhere"), (2, "conformance nowhere"), (2, "conformance haf-rm --set alpha=-1"), (2, "completion tcsh"),
        ];
        var wrong = table.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(row => (row, Outcome: Pipe("", row.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))))
            .Where(r => r.Outcome.ExitCode != r.row.ExitCode || (r.Outcome.Error.Length > 0) != (r.row.ExitCode == 2)
                || (r.Outcome.Output + r.Outcome.Error).Contains('\u001b') || r.Outcome.Error.Contains("   at RewardKit", StringComparison.Ordinal))
            .Select(r => $"{r.row.Arguments}: {r.Outcome.ExitCode} instead of {r.row.ExitCode}\n{r.Outcome.Output}{r.Outcome.Error}").ToArray();
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void One_for_what_failed_at_work()
    {
        var rules = Call("conformance", Fixture("Nonconforming"), "--json");
        Assert.That(rules.ExitCode, Is.EqualTo(1), rules.Error);
        Assert.That(System.Text.Json.JsonDocument.Parse(rules.Output).RootElement.GetProperty("passed").GetBoolean(), Is.False);
        Environment["REWARDKIT_TORCH_LIBRARY"] = PathOf("nowhere.so");
        foreach (var arguments in new[] { $"generate {Model}", $"chat {Model}", "doctor", "doctor --json" })
            Assert.That(Pipe("{\"text\": \"a\"}", arguments.Split(' ')).ExitCode, Is.EqualTo(1), arguments);
    }

    [Test]
    public void A_hundred_and_thirty_for_what_is_interrupted_also_while_it_waits_for_a_line()
    {
        using var process = StartReading("tokenize", Model);
        process.StandardInput.Write("{\"text\": \"a\"}\n");
        process.StandardInput.Flush();
        Assert.That(process.StandardOutput.ReadLine(), Does.StartWith("{\"ids\":"), "what came of a line is there before the next");
        Process.Start("kill", ["-INT", $"{process.Id}"])!.WaitForExit();
        Assert.That(process.WaitForExit(60_000), Is.True, "it waits for a line that does not come");
        Assert.That((process.ExitCode, process.StandardError.ReadToEnd()), Is.EqualTo((130, "stopped\n")));
    }

    [TestCase("TERM=dumb")]
    [TestCase("NO_COLOR=1 TERM=xterm")]
    public void On_a_terminal_that_asks_for_it_output_is_plain(string environment)
    {
        if (!File.Exists("/usr/bin/script")) Assert.Ignore("skipped: no script(1) here to make a terminal");
        foreach (var arguments in new[] { "plugin list", $"conformance {Fixture("Good")}" })
        {
            var outcome = Shell($"script -qec \"env {environment} '{Command}' {arguments}\" /dev/null < /dev/null");
            // The runtime's own greeting, which has neither colour nor movement.
            Assert.That(outcome.Output.Replace("\u001b[?1h\u001b=", "", StringComparison.Ordinal), Is.Not.Empty.And.Not.Contains("\u001b"), arguments);
        }
        Assert.That(Shell($"script -qec \"env TERM=xterm-256color '{Command}' conformance {Fixture("Good")}\" /dev/null < /dev/null").Output, Does.Contain("\u001b[3"), "elsewhere it has colours");
    }
}
