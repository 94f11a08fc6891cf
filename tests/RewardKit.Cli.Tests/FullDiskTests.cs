namespace RewardKit.Cli.Tests;

/// <summary>Runs on a file system in memory that is too small for them.</summary>
public class FullDiskTests : CommandFixture
{
    // Each checkpoint takes 3 MB: two fit.
    private static readonly string Script = $$"""
        #load "rewardkit.fsx"
        open RewardKit
        let pairs = Data.hhRlhf "data"

        experiment "full" {
            model (Model.load "{{Path.Combine(RepositoryRoot, "scripts", "models", "stories260K")}}")
            train pairs.Train
            training (Training.settings (epochs = 2, batchSize = 4))
            checkpoints (Checkpoints.every (steps = 1))
            arm "first" [ Loss.bradleyTerry () ]
            arm "second" [ Loss.bradleyTerry () ]
            evaluate [ Evaluate.pairAccuracy pairs.Test ]
            seeds [ 1 ]
        }
        |> Experiment.run
        |> ignore
        """;

    [Test]
    public void A_full_disk_stops_the_run_with_one_message_and_with_more_room_it_goes_on()
    {
        Directory.CreateDirectory(PathOf("runs"));
        if (Shell("unshare -Urm mount -t tmpfs tmpfs runs").ExitCode != 0)
            Assert.Ignore("This system lets nobody but its administrator mount a small file system.");
        ExperimentFixture.WritePairs(PathOf("data"));
        Write("full.fsx", Script);
        Write("small-disk.sh", $"""
            mount -t tmpfs -o size=8m tmpfs runs
            "{Command}" run full.fsx >first.txt 2>&1
            echo "exit $?" >>first.txt
            ls runs/full/first/seed-1.partial/checkpoints >kept.txt
            mount -o remount,size=100m tmpfs runs
            "{Command}" run full.fsx
            cp runs/full/first/seed-1/checkpoint/model.safetensors resumed.safetensors
            """);

        var rest = Shell("unshare -Urm sh small-disk.sh");

        Assert.That((rest.ExitCode, rest.Error), Is.EqualTo((0, "")));
        var lines = File.ReadAllLines(PathOf("first.txt"));
        Assert.That(lines, Has.Length.EqualTo(3));
        Assert.That(lines[0], Is.EqualTo("first, seed 1: started"));
        Assert.That(lines[1], Does.Match(
            @"^There is no room for the checkpoint of step 3 in .*/checkpoints \(it takes about 3\.\d MB, \d(\.\d)? MB are free\): No space left on device.*: free space, and run the same command again\.$"));
        Assert.That(lines[2], Is.EqualTo("exit 1"));
        Assert.That(File.ReadAllLines(PathOf("kept.txt")), Is.EqualTo(new[] { "step-000001", "step-000002" }));
        Assert.That(rest.Output.Split('\n'), Does.Contain("first, seed 1: Goes on from step 2 of 4.").And.Contain("second, seed 1: done"));

        Assert.That(Call("run", "full.fsx").ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(PathOf("resumed.safetensors")), Is.EqualTo(File.ReadAllBytes(PathOf("runs/full/first/seed-1/checkpoint/model.safetensors"))));
    }
}
