using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using RewardKit.Tests;

namespace RewardKit.Templates.Tests;

/// <summary>What `dotnet new rewardkit-plugin` makes, in every kind and language: it is built, tested and packed as it is.</summary>
public partial class TemplateTests
{
    private static readonly string[] Kinds = ["Loss", "Augmenter", "Evaluator", "Decoder", "Composer", "Merger"];
    private static readonly string[] Languages = ["C#", "F#"];

    private readonly OutsideFolder _outside = new();
    private string _said = "";

    public static IEnumerable<TestCaseData> All =>
        from kind in Kinds from language in Languages select new TestCaseData(kind, language);

    [OneTimeSetUp]
    public void Make()
    {
        _outside.MustDotnet("new", "install", OutsideFolder.Package("RewardKit.Templates"), "--debug:custom-hive", _outside["hive"]);
        foreach (var kind in Kinds)
            foreach (var language in Languages)
                New(Name(kind, language), "--kind", kind.ToLowerInvariant(), "-lang", language);

        // One solution of all, so that they share a restore and a build.
        var projects = Directory.EnumerateFiles(_outside.Root, "*.*proj", SearchOption.AllDirectories)
            .Select(project => new XElement("Project", new XAttribute("Path", Path.GetRelativePath(_outside.Root, project))));
        new XElement("Solution", projects).Save(_outside["All.slnx"]);
        _said = _outside.MustDotnet("pack", "All.slnx", "-nologo", "-v", "quiet", "-o", "packed")
            + _outside.MustDotnet("build", "All.slnx", "-nologo", "-v", "quiet", "-c", "Release")
            + _outside.Dotnet("test", "All.slnx", "-c", "Release", "--no-build", "-nologo", "--logger", "console;verbosity=minimal").Output;
    }

    [OneTimeTearDown]
    public void Remove() => _outside.Dispose();

    [TestCaseSource(nameof(All))]
    public void It_passes_its_tests_and_the_conformance_rules(string kind, string language)
    {
        var counts = Regex.Match(_said, $@"Failed: +(\d+), Passed: +(\d+).*{Regex.Escape(Name(kind, language))}\.Tests\.dll");
        Assert.That(counts.Success, Is.True, _said);
        Assert.That(counts.Groups[1].Value, Is.EqualTo("0"), _said);
        // Far more than the tests by hand.
        Assert.That(int.Parse(counts.Groups[2].Value), Is.GreaterThan(12));
    }

    [TestCaseSource(nameof(All))]
    public void Its_package_is_whole(string kind, string language)
    {
        var name = Name(kind, language);
        using var package = ZipFile.OpenRead(_outside[$"packed/{name}.0.1.0.nupkg"]);
        Assert.That(package.Entries.Select(e => e.FullName), Is.SupersetOf(new[]
        {
            $"plugin/{name}.dll", "plugin/plugin.json", $"lib/net10.0/{name}.dll", "README.md",
        }));
        using var stream = package.GetEntry($"{name}.nuspec")!.Open();
        var nuspec = XDocument.Load(stream).ToString();
        Assert.That(nuspec, Does.Contain("<authors>Acme</authors>").And.Contain("rewardkit-plugin").And.Contain("MIT").And.Not.Contain("$"));
    }

    [Test]
    public void Nothing_is_warned_of() =>
        // NU1603 is about a package source that lacks a version.
        Assert.That(Warning().Matches(_said).Select(m => m.Value), Is.All.EqualTo("warning NU1603"), _said);

    [TestCaseSource(nameof(All))]
    public void No_mark_of_the_template_is_left(string kind, string language) => Assert.That(
        from file in Directory.EnumerateFiles(_outside[Name(kind, language)], "*", SearchOption.AllDirectories)
        where !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal)
        from Match mark in Mark().Matches(file + File.ReadAllText(file))
        select $"{file}: {mark.Value}", Is.Empty);

    [TestCase("Acme.MarginLoss", "MarginLoss", "margin")]
    [TestCase("haf-rm", "HafrmLoss", "hafrm")]
    [TestCase("KLPenalty", "KLPenaltyLoss", "kl-penalty")]
    public void The_names_are_made_from_the_plugins(string name, string type, string id)
    {
        New(name);
        var source = File.ReadAllText(_outside[$"{name}/src/{name}/{type}.cs"]);
        Assert.That(source, Does.Contain($"class {type}(").And.Contain($"[Loss(\"{id}\""));
    }

    private void New(string name, params string[] arguments) =>
        _outside.MustDotnet(["new", "rewardkit-plugin", "-n", name, .. arguments, "--debug:custom-hive", _outside["hive"]]);

    private static string Name(string kind, string language) => $"Acme.{language[0]}s{kind}";

    [GeneratedRegex(@"warning \w+")]
    private static partial Regex Warning();

    [GeneratedRegex(@"\$[A-Za-z]+\$|@[A-Z]\w+@|Acme\.Plugin|Acme\.Namespace|[Mm]yMethod|my-method|#if|#endif")]
    private static partial Regex Mark();
}
