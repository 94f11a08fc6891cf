namespace RewardKit.Cli.Tests;

public class CommandLineTests : CommandFixture
{
    [TestCase("--help", "rewardkit run scripts/quickstart.fsx")]
    [TestCase("run --help", "--fresh")]
    [TestCase("check --help", "rewardkit check")]
    [TestCase("plugin list --help", "--json")]
    [TestCase("--version", "0.")]
    public void Help_goes_to_standard_output(string arguments, string expected)
    {
        var outcome = Call(arguments.Split(' '));
        Assert.That(outcome.ExitCode, Is.Zero);
        Assert.That(outcome.Output, Does.Contain(expected));
        Assert.That(outcome.Error, Is.Empty);
    }

    [TestCase("rum x.fsx", "rum", "rewardkit --help")]
    [TestCase("run x.fsx --frsh", "--frsh", "rewardkit run --help")]
    [TestCase("run", "run", "rewardkit run --help")]
    [TestCase("run x.fsx extra", "extra", "rewardkit run --help")]
    [TestCase("plugin list --plugins nowhere", "nowhere", "does not exist")]
    public void Wrong_usage_is_told_on_standard_error_and_ends_with_2(string arguments, string names, string help)
    {
        var outcome = Call(arguments.Split(' '));
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain(names).And.Contain(help));
        Assert.That(outcome.Output, Is.Empty);
    }

    [Test]
    public void Plugins_are_listed_from_their_manifests()
    {
        // No assembly lies there: nothing of a plugin is loaded for the list.
        Write("plugins/Mine/plugin.json", """
            {
              "name": "Mine", "version": "1.2.3", "assembly": "Mine.dll", "sha256": "00", "contractVersion": 1,
              "plugins": [{ "kind": "loss", "id": "my-loss", "paper": "arXiv:1", "type": "Mine.MyLoss", "options": [] }]
            }
            """);
        var table = Call("plugin", "list", "--plugins", "plugins");
        Assert.That(table.ExitCode, Is.Zero);
        Assert.That(table.Output, Does.Match(@"loss +my-loss +1\.2\.3 +arXiv:1 +1 +" + PathOf("plugins/Mine")));

        var json = Call("plugin", "list", "--plugins", "plugins", "--json");
        var listed = System.Text.Json.JsonDocument.Parse(json.Output).RootElement.EnumerateArray()
            .Single(p => p.GetProperty("id").GetString() == "my-loss");
        Assert.That(listed.GetProperty("kind").GetString(), Is.EqualTo("loss"));
        Assert.That(listed.GetProperty("version").GetString(), Is.EqualTo("1.2.3"));
        Assert.That(listed.GetProperty("contract").GetInt32(), Is.EqualTo(1));
        Assert.That(listed.GetProperty("folder").GetString(), Is.EqualTo(PathOf("plugins/Mine")));
    }
}
