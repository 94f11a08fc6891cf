using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Conformance.Tests.General;

/// <summary>The rules that need what a build wrote, on a real plugin; and the runner, which needs no test project.</summary>
public sealed class BuiltPluginTests
{
    private static readonly string Built = typeof(BuiltPluginTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Nonconforming").Value!;

    private string _folder = "";

    [SetUp]
    public void CopyPlugin()
    {
        _folder = Directory.CreateTempSubdirectory("rewardkit-conformance-").FullName;
        foreach (var file in Directory.GetFiles(Built)) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }

    [TearDown]
    public void RemoveCopy() => Directory.Delete(_folder, recursive: true);

    [TestCase("clamping", "G02", "factor was set to 10, and is 5")]
    [TestCase("unbounded", "G03", "factor takes NaN")]
    [TestCase("subscribed", "G08", "AppDomain.CurrentDomain.ProcessExit calls Nonconforming.SubscribedLoss.OnExit")]
    [TestCase("sharpened", "G11", "with sharpened = true, L01")]
    public void A_broken_build_is_caught_by_its_rule_alone(string id, string rule, string says) => AreBroken(Test(id), rule, says);

    [TestCase("paper", "\"arXiv:0000.00000\"", "the manifest names the loss \"clamping\", class Nonconforming.ClampingLoss, paper arXiv:0000.00000")]
    [TestCase("options.0.maximum", "20.0", "option factor: the manifest has the maximum 20, the assembly 10")]
    [TestCase("options.0.doc", "\"Another one.\"", null)]
    public void A_manifest_that_was_edited_is_found_out(string place, string value, string? says)
    {
        Edit("clamping", place, JsonNode.Parse(value)!);
        var result = Test("clamping").Results.Single(r => r.Rule.Id == "G01");
        Assert.That(result.Message, says is null ? Is.Null : Does.Contain(says));
    }

    [Test]
    public void An_untrue_manifest_is_caught_by_its_rule_alone()
    {
        Assert.That(Test("sound").Passed);
        Edit("sharpened", "paper", JsonValue.Create("arXiv:0000.00000"));
        AreBroken(Test("sound"), "G01", "the manifest names the loss \"sharpened\"");
    }

    [Test]
    public void A_plugin_that_does_not_load_is_told_once()
    {
        var subject = new LossSubject(() => throw new InvalidOperationException()) { Folder = _folder, Id = "clamping", Traits = PluginTraits.None };
        File.AppendAllText(Path.Combine(_folder, "Nonconforming.dll"), " ");
        var results = Rule.For(subject.Kind).Where(r => r.Id is "G01" or "G02" or "G03" or "G08" or "G11").Select(r => r.Check(subject)).ToArray();
        Assert.That(results.Where(r => r.Fails).Select(r => r.Rule.Id), Is.EqualTo(new[] { "G01" }));
        Assert.That(results.Skip(1), Has.All.Property("Message").Contains("see G01").And.All.Property("Message").Contains("SHA-256"));
    }

    [Test]
    public void Certificate_and_test_results_say_what_was_found()
    {
        var report = Test("unbounded");
        using var certificate = JsonDocument.Parse(Certificate.Write([report]));
        var root = certificate.RootElement;
        var package = root.GetProperty("package");
        var rules = root.GetProperty("plugins")[0].GetProperty("rules").EnumerateArray().ToDictionary(r => r.GetProperty("rule").GetString()!);
        var suite = XDocument.Parse(JUnitXml.Write([report])).Root!.Element("testsuite")!;
        var failure = suite.Elements("testcase").Single(c => c.Element("failure") is not null);
        Assert.Multiple(() =>
        {
            Assert.That(root.GetProperty("passed").GetBoolean(), Is.False);
            Assert.That(package.GetProperty("name").GetString(), Is.EqualTo("Nonconforming"));
            Assert.That(package.GetProperty("version").GetString(), Is.EqualTo("0.1.0"));
            Assert.That(package.GetProperty("assemblySha256").GetString(), Is.EqualTo(PluginManifest.Read(_folder).Sha256));
            Assert.That(rules.Keys, Is.EqualTo(report.Results.Select(r => r.Rule.Id)));
            Assert.That(rules["G03"].GetProperty("result").GetString(), Is.EqualTo("failed"));
            Assert.That(rules["G03"].GetProperty("message").GetString(), Does.Contain("NaN"));
            Assert.That(rules["L01"].GetProperty("result").GetString(), Is.EqualTo("passed"));
            Assert.That(rules["G05"].GetProperty("result").GetString(), Is.EqualTo("untested"));
            Assert.That(root.GetProperty("environment").GetProperty("devices")[0].GetString(), Is.EqualTo("cpu"));
            Assert.That(suite.Attribute("tests")!.Value, Is.EqualTo($"{report.Results.Count}"));
            Assert.That(suite.Attribute("failures")!.Value, Is.EqualTo("1"));
            Assert.That(failure.Attribute("name")!.Value, Is.EqualTo("required_G03_bad_option_values_are_refused"));
            Assert.That(failure.Value, Does.Contain("To fix it"));
            Assert.That(Certificate.Write([Test("unbounded")]), Is.EqualTo(Certificate.Write([report])), "the same plugin, the same text");
        });
    }

    private static void AreBroken(ConformanceReport report, string rule, string says)
    {
        var failed = report.Results.Where(r => r.Fails).ToArray();
        Assert.That(failed.Select(r => $"{r.Rule.Id}: {r.Message}"), Has.Exactly(1).Items.And.All.StartsWith(rule + ": ").And.All.Contain(says));
        Assert.That(report.Passed, Is.False);
    }

    private ConformanceReport Test(string id)
    {
        var catalog = PluginCatalog.Of(_folder);
        return ConformanceKit.Test(catalog, catalog.Plugins.Single(p => p.Description.Id == id));
    }

    private void Edit(string id, string place, JsonNode value)
    {
        var file = Path.Combine(_folder, PluginManifest.FileName);
        var manifest = JsonNode.Parse(File.ReadAllText(file))!;
        var node = manifest["plugins"]!.AsArray().Single(p => (string?)p!["id"] == id)!;
        var path = place.Split('.');
        foreach (var step in path[..^1]) node = int.TryParse(step, out var index) ? node[index]! : node[step]!;
        node[path[^1]] = value;
        File.WriteAllText(file, manifest.ToJsonString());
    }
}
