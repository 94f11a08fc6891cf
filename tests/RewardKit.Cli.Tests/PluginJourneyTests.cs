using System.Diagnostics;
using System.Text.Json;
using RewardKit.Tests;

namespace RewardKit.Cli.Tests;

/// <summary>The whole way of a plugin: made, proved, published, installed, used, changed, removed; by the commands of the guide.</summary>
public class PluginJourneyTests : ExperimentFixture
{
    private const string Built = "Acme.Margin/src/Acme.Margin/bin/Release/net10.0";

    private readonly OutsideFolder _author = new();

    [OneTimeTearDown]
    public void Remove() => _author.Dispose();

    [Test]
    public void From_an_empty_folder_to_somebody_elses_experiment()
    {
        // The author: a project, one line changed, the rules, a package, published.
        _author.MustDotnet("new", "install", $"RewardKit.Templates@{OutsideFolder.Version}", "--debug:custom-hive", _author["hive"]);
        _author.MustDotnet("new", "rewardkit-plugin", "-n", "Acme.Margin", "--kind", "loss", "--debug:custom-hive", _author["hive"]);
        Edit("= 1.0;", "= 0.25;");
        _author.MustDotnet("pack", "Acme.Margin/src/Acme.Margin", "-c", "Release", "-nologo");

        var conformance = Call("conformance", _author[Built], "--certificate", "certificate.json");
        Assert.That(conformance.ExitCode, Is.Zero, conformance.Output + conformance.Error);
        Assert.That(conformance.Output, Does.Contain("loss \"margin\": keeps every required rule"));
        using var certificate = JsonDocument.Parse(File.ReadAllBytes(PathOf("certificate.json")));
        Assert.That(certificate.RootElement.ToString(), Does.Contain("\"margin\"").And.Contain("L01"));

        Directory.CreateDirectory(_author["published"]);
        _author.MustDotnet("nuget", "push", _author["Acme.Margin/src/Acme.Margin/bin/Release/Acme.Margin.0.1.0.nupkg"], "--source", _author["published"]);

        // Somebody else, elsewhere.
        File.Copy(_author["nuget.config"], PathOf("nuget.config"));
        WritePairs(PathOf("data"));
        Write("mine.fsx", $"""
            #load "rewardkit.fsx"
            open RewardKit

            let pairs = Data.hhRlhf "data"

            experiment "mine" [|
                model (Model.load "{Model}")
                train pairs.Train
                training (Training.settings (epochs = 1, batchSize = 4))
                arm "plain" [ Loss.bradleyTerry () ]
                arm "margin" [ Loss.margin () ]
                evaluate [ Evaluate.pairAccuracy pairs.Test ]
                seeds [ 1 ]
            |]
            |> Experiment.run
            |> ignore
            """.Replace("[|", "{").Replace("|]", "}"));
        Assert.That(Call("run", "mine.fsx").Error, Does.Contain("mine.fsx(11,25): error").And.Contain("margin"), "nothing is installed yet");
        Done("plugin", "add", "Acme.Margin", "--source", _author["published"]);
        Assert.That(Done("plugin", "list"), Does.Match(@"loss +margin +0\.1\.0 .*Acme\.Margin 0\.1\.0"));
        Assert.That(Done("run", "mine.fsx"), Does.Contain("margin, seed 1: done"));
        Assert.That(Done("run", "mine.fsx"), Does.Contain("margin, seed 1: found again"));
        Done("plugin", "remove", "Acme.Margin");
        Assert.That(Done("plugin", "list"), Does.Not.Contain("margin"));

        // The author again: what is built is used at once.
        using var watch = Start("watch", "mine.fsx", "--plugins", _author[Built]);
        var said = new List<string>();
        Until(watch, said, "Watching mine.fsx");
        Edit("= 0.25;", "= 0.75;");
        _author.MustDotnet("build", "Acme.Margin/src/Acme.Margin", "-c", "Release", "-nologo");
        Until(watch, said, "margin, seed 1: done");
        Until(watch, said, "Watching mine.fsx");
        Assert.That(said, Has.Some.Contains("plain, seed 1: found again"));
        Process.Start("kill", ["-INT", $"{watch.Id}"]).WaitForExit();
        var end = End(watch);
        Assert.That(end.ExitCode, Is.EqualTo(130), end.Error);
    }

    private void Edit(string old, string @new)
    {
        var file = _author["Acme.Margin/src/Acme.Margin/MarginLoss.cs"];
        var text = File.ReadAllText(file);
        Assert.That(text, Does.Contain(old));
        File.WriteAllText(file, text.Replace(old, @new));
    }

    private string Done(params string[] arguments)
    {
        var outcome = Call(arguments);
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")), $"rewardkit {string.Join(' ', arguments)}\n{outcome.Output}");
        return outcome.Output;
    }

    private static void Until(Process process, List<string> said, string text)
    {
        while (process.StandardOutput.ReadLine() is { } line)
        {
            said.Add(line);
            if (line.Contains(text)) return;
        }
        Assert.Fail($"It ended without saying \"{text}\":\n{string.Join('\n', said)}\n{process.StandardError.ReadToEnd()}");
    }
}
