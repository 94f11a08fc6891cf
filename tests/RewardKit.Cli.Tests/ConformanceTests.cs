using System.Text.Json;
using System.Xml.Linq;

namespace RewardKit.Cli.Tests;

public class ConformanceTests : CommandFixture
{
    private static string Nonconforming => Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", "Nonconforming");

    [Test]
    public void An_installed_plugin_is_tested_by_its_id()
    {
        var outcome = Call("conformance", "bradley-terry", "--certificate", "out/certificate.json", "--junit", "out/results.xml");
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")), outcome.Output);
        Assert.That(outcome.Output, Does.Match(@"L01 +required +gradient matches finite differences +passed")
            .And.Match(@"G05 untested: The contract has no cancellation token")
            .And.Contain("loss \"bradley-terry\": keeps every required rule")
            .And.Not.Contain("\e["));
        using var certificate = JsonDocument.Parse(File.ReadAllText(PathOf("out/certificate.json")));
        Assert.That(certificate.RootElement.GetProperty("passed").GetBoolean(), Is.True);
        Assert.That(XDocument.Load(PathOf("out/results.xml")).Descendants("failure"), Is.Empty);
    }

    [Test]
    public void A_folder_is_tested_with_all_its_plugins_and_a_broken_rule_is_explained()
    {
        var outcome = Call("conformance", Nonconforming, "--certificate", "certificate.json");
        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Is.EqualTo("4 required rules are broken.\n"));
        Assert.That(outcome.Output, Does.Match(@"G02 +required +options keep what is set +BROKEN")
            .And.Contain("G02, options keep what is set: option factor was set to 10, and is 5\n  Why it matters: ").And.Contain("\n  To fix it: ")
            .And.Contain("loss \"unbounded\": breaks required rules").And.Contain("loss \"sound\": keeps every required rule"));
        using var certificate = JsonDocument.Parse(File.ReadAllText(PathOf("certificate.json")));
        Assert.That(certificate.RootElement.GetProperty("plugins").GetArrayLength(), Is.EqualTo(5));
    }

    [Test]
    public void Options_are_tested_as_they_are_set()
    {
        var outcome = Call("conformance", "sharpened", "--plugins", Nonconforming, "--set", "sharpened=true");
        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Output, Does.Contain("sharpened = True").And.Contain("L01, gradient matches finite differences: the gradient of the rewards"));
        var unknown = Call("conformance", "sharpened", "--plugins", Nonconforming, "--set", "sharp=true");
        Assert.That((unknown.ExitCode, unknown.Output), Is.EqualTo((2, "")));
        Assert.That(unknown.Error, Does.Contain("has no option \"sharp\""));
    }

    [Test]
    public void What_is_no_plugin_is_said()
    {
        var unknown = Call("conformance", "bradly-terry");
        Assert.That((unknown.ExitCode, unknown.Output), Is.EqualTo((2, "")));
        Assert.That(unknown.Error, Does.Contain("\"bradly-terry\"").And.Contain("bradley-terry"));
        var several = Call("conformance", Path.Combine(RepositoryRoot, "artifacts", "plugins"));
        Assert.That(several.ExitCode, Is.EqualTo(2));
        Assert.That(several.Error, Does.Contain("several plugin folders"));
    }
}
