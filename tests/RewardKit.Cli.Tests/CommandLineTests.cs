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

    [TestCase("rum x.fsx", "rewardkit has no command \"rum\". Did you mean \"run\"? Its commands: run, watch, check,", "rewardkit")]
    [TestCase("plugin lst", "rewardkit plugin has no command \"lst\". Did you mean \"list\"? Its commands: list, show, add, remove, update, restore.\n", "rewardkit plugin")]
    [TestCase("plugin", "Name a command: list, show, add, remove, update, restore.\n", "rewardkit plugin")]
    [TestCase("run x.fsx --frsh", "rewardkit run has no option \"--frsh\". Did you mean \"--fresh\"?\n", "rewardkit run")]
    [TestCase("runs show x --rnus y", "rewardkit runs show has no option \"--rnus\". Did you mean \"--runs\"?\n", "rewardkit runs show")]
    [TestCase("run x.fsx extra", "\"extra\" is one argument too many: rewardkit run takes SCRIPT.\n", "rewardkit run")]
    [TestCase("doctor extra", "\"extra\" is one argument too many: rewardkit doctor takes none.\n", "rewardkit doctor")]
    [TestCase("run", "rewardkit run needs SCRIPT.\n", "rewardkit run")]
    [TestCase("generate m --max-tokens many", "--max-tokens is \"many\"; expected a whole number.\n", "rewardkit generate")]
    [TestCase("generate m --temperature warm", "--temperature is \"warm\"; expected a number.\n", "rewardkit generate")]
    [TestCase("runs --state runing", "--state is \"runing\"; expected one of Running, Evaluating, Finished, Failed, Stopped. Did you mean \"Running\"?\n", "rewardkit runs")]
    public void Wrong_usage_names_what_is_near(string arguments, string message, string help)
    {
        var outcome = Call(arguments.Split(' '));
        Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")));
        Assert.That(outcome.Error, Does.StartWith(message).And.EndsWith($"\nSee: {help} --help\n"));
    }

    [TestCase("alhpa=1", "The loss \"haf-rm\" has no option \"alhpa\". Did you mean \"alpha\"? Its options: alpha, tau, policyLoss, reference, alternateStep, rewardWeight, zeroInitHead.\n")]
    [TestCase("alpha=much", "The loss \"haf-rm\": option \"alpha\" is \"much\", but must be a number from 0 to 1000.\n")]
    [TestCase("alpha=-1", "The loss \"haf-rm\": option \"alpha\" is -1, but must be a number from 0 to 1000.\n")]
    [TestCase("reference=yes", "The loss \"haf-rm\": option \"reference\" is \"yes\", but must be true or false.\n")]
    [TestCase("policyLoss=sigmod", "The loss \"haf-rm\": option \"policyLoss\" is \"sigmod\", but must be one of \"sigmoid\", \"hinge\", \"ipo\", \"ipo-sqrt\", \"ipo-full\", \"slic\", \"simpo\". Did you mean \"sigmoid\"?\n")]
    [TestCase("alpha", "\"alpha\" sets no option; expected name=value, as alpha=0.2.\n")]
    public void An_option_of_a_plugin_is_refused_with_what_is_expected(string set, string message)
    {
        var outcome = Call("conformance", "haf-rm", "--set", set);
        Assert.That((outcome.ExitCode, outcome.Output, outcome.Error), Is.EqualTo((2, "", message)));
    }

    [TestCase("{\"txt\": \"a\"}", "expected an object with just one of \"prompt\", \"messages\" and \"text\"; \"txt\" may be meant for \"text\".\n   2 | {\"txt\": \"a\"}\n")]
    [TestCase("{\"text\": ä}", "\n   2 | {\"text\": ä}\n     |          ^\n")]
    public void A_bad_line_of_standard_input_is_shown(string line, string end)
    {
        var model = Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");
        var outcome = Pipe($"\n{line}\n", "generate", model);
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.StartWith("Standard input, line 2: ").And.EndsWith(end));
    }

    [Test]
    public void A_plugin_is_shown_with_its_options()
    {
        var shown = Call("plugin", "show", "simpo");
        Assert.That(shown.Error, Is.Empty);
        Assert.That(shown.Output, Does.StartWith("loss \"simpo\"").And.Match(@"\n  \w+ = [\d.]+: a number "));
        var options = System.Text.Json.JsonDocument.Parse(Call("plugin", "show", "simpo", "--json").Output).RootElement[0].GetProperty("options");
        Assert.That(options.EnumerateArray().Select(o => o.GetProperty("expected").GetString()), Has.Some.StartsWith("a number "));
        var unknown = Call("plugin", "show", "simp");
        Assert.That(unknown.ExitCode, Is.EqualTo(2));
        Assert.That(unknown.Error, Does.StartWith("There is no plugin \"simp\". Did you mean \"simpo\"? Installed: bradley-terry, "));
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
