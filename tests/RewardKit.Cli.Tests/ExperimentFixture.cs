using System.Security.Cryptography;
using System.Text.Json;

namespace RewardKit.Cli.Tests;

/// <summary>
/// One small experiment, whose data, model, method and options are arguments: so it is compiled once for all tests of a
/// fixture. It runs in each test's own folder.
/// </summary>
public abstract class ExperimentFixture : CommandFixture
{
    private string _shared = "";

    protected override string Cache => Path.Combine(_shared, "cache");

    protected string Script => Path.Combine(_shared, "small.fsx");

    /// <summary>How the message of what the experiment refuses ends.</summary>
    protected string AtRun => At("Experiment.run");

    protected string Data => Path.Combine(_shared, "data");

    protected static string Model => Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");

    [OneTimeSetUp]
    public void WriteExperiment()
    {
        _shared = Directory.CreateTempSubdirectory("rewardkit-cli-shared-").FullName;
        WritePairs(Data);
        File.WriteAllText(Script, """
            #load "rewardkit.fsx"
            open RewardKit

            /// What stands behind `-- name=` on the command line.
            let argument (name: string) otherwise =
                Script.arguments
                |> List.tryPick (fun text -> if text.StartsWith(name + "=") then Some(text.Substring(name.Length + 1)) else None)
                |> Option.defaultValue otherwise

            let pairs = Data.hhRlhf (argument "data" "data")
            let alpha = Plugin.option "alpha" (Option.map float (Option.ofObj (argument "alpha" null)))

            /// Says when training is under way, and goes on once the user has stopped it.
            let waiting =
                Inline.loss
                    "waiting"
                    { new ILoss with
                        member _.Needs = ForwardNeeds.Rewards

                        member _.Compute(batch, forward) =
                            if batch.Step.Step = 1 then
                                printfn "under way"
                                Script.cancellation.WaitHandle.WaitOne() |> ignore

                            LossResult(forward.Rewards.sum ()) }

            /// Waits in the first run for a file that the test makes.
            let pausing =
                Inline.augmenter
                    "pausing"
                    { new IAugmenter with
                        member _.Needs = AugmenterNeeds.None

                        member _.AugmentAsync(examples, _, _) =
                            printfn "paused"
                            while not (System.IO.File.Exists(argument "pause" null)) do
                                System.Threading.Thread.Sleep 20
                            examples }

            let throwing =
                Inline.loss
                    "throwing"
                    { new ILoss with
                        member _.Needs = ForwardNeeds.Rewards
                        member _.Compute(_, _) = failwith "boom" }

            experiment (argument "name" "small") {
                model (Model.load (argument "model" null))
                train pairs.Train
                training (Training.settings (epochs = 2, batchSize = 4))
                arm "first" [ if argument "pause" null <> null then pausing
                              Loss.bradleyTerry () ]
                arm "second" [ Plugin.loss (argument "second" "haf-rm") [ alpha ] ]
                arm "third" [ (match argument "third" "" with "waiting" -> waiting | "throwing" -> throwing | _ -> Loss.crome ()) ]
                evaluate [ Evaluate.pairAccuracy pairs.Test ]
                seeds [ 1 ]
            }
            |> Experiment.run
            |> ignore
            """);
    }

    [OneTimeTearDown]
    public void RemoveExperiment() => Directory.Delete(_shared, recursive: true);

    /// <summary>The end of a message that shows the script's line with the given text.</summary>
    protected string At(string text) => $"{Place(text)}{Line(text),4} | {File.ReadAllLines(Script)[Line(text) - 1]}\n";

    /// <summary>The end of a message that names the script's line with the given text.</summary>
    protected string Place(string text) => $"\n  at {Script}:{Line(text)}\n";

    private int Line(string text) => Array.FindIndex(File.ReadAllLines(Script), line => line.Contains(text)) + 1;

    /// <summary>The command line that runs the experiment.</summary>
    /// <param name="options">Options of the command, and behind <c>--</c> what differs from the sound experiment.</param>
    protected string[] Run(params string[] options)
    {
        var end = Array.IndexOf(options, "--");
        var (own, arguments) = end < 0 ? (options, []) : (options[..end], options[(end + 1)..]);
        // The script takes the first of a name.
        return ["run", Script, .. own, "--", .. arguments, $"data={Data}", $"model={Model}"];
    }

    /// <summary>Calls a run that must be refused, and leave no file behind.</summary>
    protected void Refused(int exitCode, string message, params string[] options)
    {
        var before = Contents();
        var outcome = Call(Run(options));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Error, Is.EqualTo(message));
            Assert.That(outcome.ExitCode, Is.EqualTo(exitCode));
            Assert.That(outcome.Output, Does.Not.Contain(": done"), "no run was finished");
            Assert.That(Contents(), Is.EqualTo(before), "nothing was written");
        });
    }

    /// <summary>Every file of the test's folder with the hash of its content.</summary>
    protected string[] Contents() =>
    [
        .. Directory.EnumerateFiles(PathOf("."), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{Path.GetRelativePath(PathOf("."), file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"),
    ];

    /// <summary>A data folder with eight training pairs and four others.</summary>
    internal static void WritePairs(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (split, count) in new[] { ("train", 8), ("test", 4) })
        {
            File.WriteAllLines(Path.Combine(folder, $"{split}.jsonl"), Enumerable.Range(1, count).Select(i => JsonSerializer.Serialize(new
            {
                chosen = $"\n\nHuman: {split} question {i}\n\nAssistant: a kind answer {i}",
                rejected = $"\n\nHuman: {split} question {i}\n\nAssistant: no {i}",
            })));
        }
    }

    protected static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
