using System.Diagnostics;
using System.Text.RegularExpressions;

namespace RewardKit.Cli.Tests;

/// <summary>Kills the command at moments that nobody chose, and gives it again, until it comes to its end.</summary>
public partial class KillTests : CommandFixture
{
    private const int Kills = 20;
    private const string Runs = "runs/killed";

    // Reference log-probabilities in one arm, torch's generator in the other; a checkpoint at every step.
    private static readonly string Script = $$"""
        #load "rewardkit.fsx"
        open RewardKit
        open TorchSharp

        let pairs = Data.hhRlhf "data"

        let noisy =
            Inline.loss
                "noisy"
                { new ILoss with
                    member _.Needs = ForwardNeeds.Rewards

                    member _.Compute(_, forward) =
                        let rewards = forward.Rewards + torch.randn_like forward.Rewards
                        let difference = rewards.select (1, 0L) - rewards.select (1, 1L)
                        LossResult((-torch.nn.functional.logsigmoid difference).mean ()) }

        experiment "killed" {
            model (Model.load "{{Path.Combine(RepositoryRoot, "scripts", "models", "stories260K")}}")
            train pairs.Train
            training (Training.settings (epochs = 3, batchSize = 2))
            checkpoints (Checkpoints.every (steps = 1))
            arm "haf-rm" [ Loss.hafRm () ]
            arm "noisy" [ noisy ]
            evaluate [ Evaluate.pairAccuracy pairs.Test ]
            seeds [ 1 ]
        }
        |> Experiment.run
        |> ignore
        """;

    [Test]
    public void Killed_at_twenty_random_moments_it_ends_with_the_same_files_as_if_it_had_not_been()
    {
        ExperimentFixture.WritePairs(PathOf("data"));
        Write("killed.fsx", Script);
        Assert.That(Call("run", "killed.fsx").Error, Is.Empty);
        Directory.Delete(PathOf(Runs), recursive: true);
        // Compiled before, it shows how long there is to kill it.
        var (_, whole) = Run(killAfter: null);
        var expected = Finished();
        Directory.Delete(PathOf(Runs), recursive: true);

        var random = new Random(1);
        var resumed = 0;
        for (var kills = 0; kills < Kills;)
        {
            var (output, _) = Run(killAfter: whole * random.NextDouble());
            resumed += GoesOn().Count(output);
            if (output.Contains("wrote ", StringComparison.Ordinal)) End(expected);
            else kills++;
        }
        resumed += GoesOn().Count(Run(killAfter: null).Output);
        End(expected);
        // How often depends on what else the machine does: a kill may come before the first checkpoint, or behind the last.
        Assert.That(resumed, Is.Positive, "it went on instead of beginning anew");
    }

    private void End(string[] expected)
    {
        Assert.That(Finished(), Is.EqualTo(expected));
        foreach (var arm in new[] { "haf-rm", "noisy" })
        {
            Assert.That(File.ReadLines(PathOf($"{Runs}/{arm}/seed-1/metrics.jsonl")).Select(l => int.Parse(Step().Match(l).Groups[1].Value)), Is.EqualTo(Enumerable.Range(1, 12)));
            Assert.That(Directory.GetFileSystemEntries(PathOf($"{Runs}/{arm}")).Select(Path.GetFileName), Is.EqualTo(new[] { "seed-1" }));
        }
        Assert.That(Directory.GetFileSystemEntries(PathOf(Runs), "*", SearchOption.AllDirectories), Has.None.EndsWith(".tmp").And.None.Contain("checkpoints"));
        Directory.Delete(PathOf(Runs), recursive: true);
    }

    /// <summary>The files that decide anything, with their contents: weights, losses, measurements.</summary>
    private string[] Finished() =>
    [
        .. new[] { "haf-rm", "noisy" }.SelectMany(arm => new[] { "checkpoint/model.safetensors", "log.jsonl", "run.json" }.Select(file => $"{Runs}/{arm}/seed-1/{file}"))
            .Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(PathOf(file))))}"),
    ];

    /// <summary>Runs to the end, or until it is killed so long after its first run began.</summary>
    /// <returns>What it printed, and how long it took from there.</returns>
    private (string Output, TimeSpan Time) Run(TimeSpan? killAfter)
    {
        using var process = Start("run", "killed.fsx");
        var output = "";
        while (!output.Contains(": started", StringComparison.Ordinal) && process.StandardOutput.ReadLine() is { } line) output += line + "\n";
        var clock = Stopwatch.StartNew();
        if (killAfter is { } time && !process.WaitForExit(time)) process.Kill();
        var outcome = End(process);
        if (killAfter is null) Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        return (output + outcome.Output, clock.Elapsed);
    }

    [GeneratedRegex("seed 1: Goes on from step \\d+ of 12\\.")]
    private static partial Regex GoesOn();

    [GeneratedRegex("\"step\":(\\d+)")]
    private static partial Regex Step();
}
