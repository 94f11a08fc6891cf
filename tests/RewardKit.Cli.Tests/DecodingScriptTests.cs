namespace RewardKit.Cli.Tests;

/// <summary>A script that decodes, merges and makes training pairs, with the built command and a plugin.</summary>
public class DecodingScriptTests : CommandFixture
{
    private static string Steering => Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", "Steering");

    private void WriteScript() => Write("steer.fsx", $$"""
        #load "rewardkit.fsx"
        open RewardKit

        let story = Model.load (@"{{Path.Combine(RepositoryRoot, "scripts", "models", "stories260K")}}", template = "text")
        let weight = float (List.head Script.arguments)
        let both = Merge.linear () |> Merging.merge [ story, 0.5; story, 0.5 ]

        let answers =
            Decoding.answer (
                story, [ "Once upon a time"; "One day" ], by = Decode.guided (), guides = [ both, weight ], against = story,
                maxTokens = 8, temperature = 1.0, samples = 2, seed = 5
            )

        for answer in answers do
            printfn "%s|%s" answer.Question answer.Text

        printfn "%.3f nats" (List.average (Answers.divergences answers))
        printfn "%s" (string (Answers.winRate (Reward.by ("length", fun _ text -> float text.Length)) answers answers))
        """);

    [Test]
    public void What_was_decoded_and_merged_is_found_again()
    {
        WriteScript();
        string[] command = ["run", "steer.fsx", "--plugins", Steering, "--", "1"];
        var first = Call(command);
        Assert.That((first.ExitCode, first.Error), Is.EqualTo((0, "")));
        Assert.That(first.Output, Does.Contain("stories260K by guided (1), seed 5: done").And.Contain("50.0 % (50.0 to 50.0), 0 wins, 4 ties, 0 losses"));
        Assert.That(Directory.GetFiles(PathOf("runs/steer/answers")), Has.Length.EqualTo(1));
        Assert.That(Directory.GetDirectories(PathOf("runs/steer/merged")), Has.Length.EqualTo(1));

        var again = Call(command);
        var lines = first.Output.Split('\n').Where(line => line.Contains('|') || line.Contains("nats")).ToArray();
        Assert.That(again.Output.Split('\n').Take(lines.Length), Is.EqualTo(lines), "nothing but the script's own output");

        var fresh = Call(["run", "steer.fsx", "--fresh", "--plugins", Steering, "--", "1"]);
        Assert.That(fresh.Output, Is.EqualTo(first.Output), "made again, and the same");
    }

    [Test]
    public void A_weight_that_makes_no_sense_is_refused_at_its_line()
    {
        WriteScript();
        var outcome = Call("run", "steer.fsx", "--plugins", Steering, "--", "-0.5");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Is.EqualTo("A guide or scorer has the weight -0.5; expected 0 or more.\n  at steer.fsx:8\n   8 | " + File.ReadAllLines(PathOf("steer.fsx"))[7] + "\n"));
        Assert.That(Directory.Exists(PathOf("runs/steer/answers")), Is.False);
    }
}
