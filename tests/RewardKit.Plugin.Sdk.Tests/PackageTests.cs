using System.IO.Compression;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Tests;

namespace RewardKit.Plugin.Sdk.Tests;

/// <summary>Two plugins, one in C# and one in F#, built and packed outside this repository with the SDK from a feed.</summary>
public class PackageTests
{
    /// <summary>Projects to be copied out of this repository.</summary>
    internal static readonly string Fixtures = typeof(PackageTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Outside").Value!;

    private readonly OutsideFolder _outside = new();
    private string _said = "";

    [OneTimeSetUp]
    public void Pack()
    {
        foreach (var name in (string[])["Acme.Margin", "Acme.Sharp"])
        {
            _outside.Copy(Path.Combine(Fixtures, name));
            _said += _outside.MustDotnet("pack", name, "-nologo", "-o", "packed");
        }
    }

    [OneTimeTearDown]
    public void Remove() => _outside.Dispose();

    [Test]
    public void Nothing_is_said_of_a_sound_plugin_but_that_its_package_lacks_licence_and_readme()
    {
        var warnings = _said.Split('\n').Where(line => line.Contains("warning ")).ToList();
        Assert.That(warnings, Has.Count.EqualTo(2).And.All.Contain("Acme.Sharp.fsproj"));
        Assert.That(warnings, Has.One.Contain("RK1017").And.One.Contain("RK1018"));
    }

    [Test]
    public void The_output_holds_what_is_the_plugins_own_and_nothing_of_the_host() =>
        Assert.That(Files(_outside["Acme.Margin/bin/Release/net10.0"]), Is.EquivalentTo(new[]
        {
            "Acme.Margin.dll", "Acme.Margin.pdb", "Acme.Margin.xml", "Acme.Margin.deps.json", "plugin.json",
            "Newtonsoft.Json.dll", "data/words.txt", "de/Acme.Margin.resources.dll",
        }));

    [Test]
    public void The_package_holds_all_that_runs_below_plugin_and_the_assembly_in_lib() =>
        Assert.That(Contents("Acme.Margin.1.2.3.nupkg").Where(f => !f.Contains("_rels/") && !f.EndsWith("].xml") && !f.EndsWith(".psmdcp")),
            Is.EquivalentTo(new[]
            {
                "Acme.Margin.nuspec", "README.md", "lib/net10.0/Acme.Margin.dll", "lib/net10.0/Acme.Margin.xml",
                "lib/net10.0/de/Acme.Margin.resources.dll",
                "plugin/Acme.Margin.dll", "plugin/Acme.Margin.deps.json", "plugin/plugin.json", "plugin/Newtonsoft.Json.dll",
                "plugin/data/words.txt", "plugin/de/Acme.Margin.resources.dll",
            }));

    [Test]
    public void Symbols_are_a_package_of_their_own() =>
        Assert.That(Contents("Acme.Margin.1.2.3.snupkg"), Does.Contain("lib/net10.0/Acme.Margin.pdb"));

    [Test]
    public void The_nuspec_has_readme_licence_and_tag_but_no_dependency()
    {
        using var package = ZipFile.OpenRead(_outside["packed/Acme.Margin.1.2.3.nupkg"]);
        using var stream = package.GetEntry("Acme.Margin.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string? Text(string name) => metadata.Elements().SingleOrDefault(e => e.Name.LocalName == name)?.Value;
        Assert.Multiple(() =>
        {
            Assert.That(Text("readme"), Is.EqualTo("README.md"));
            Assert.That(Text("license"), Is.EqualTo("MIT"));
            Assert.That(Text("tags")!.Split(' '), Is.EquivalentTo(new[] { "hinge", "rewardkit-plugin" }));
            Assert.That(metadata.Descendants().Where(e => e.Name.LocalName == "dependency"), Is.Empty);
        });
    }

    [Test]
    public void The_host_makes_the_packed_plugins()
    {
        foreach (var (package, id) in new[] { ("Acme.Margin.1.2.3", "margin"), ("Acme.Sharp.1.0.0", "sharp") })
        {
            var folder = _outside[package];
            ZipFile.ExtractToDirectory(_outside[$"packed/{package}.nupkg"], folder);
            var catalog = PluginCatalog.Of(Path.Combine(folder, "plugin"));
            using var session = new PluginHost(catalog).Open();
            var loss = session.CreateLoss(new(PluginKind.Loss, id, new Dictionary<string, object>()));
            Assert.That(loss.ToString(), Is.EqualTo(id == "margin" ? "1.0RewardModel" : "0.5"));
        }
    }

    [Test]
    public void The_manifest_names_version_and_options()
    {
        var manifest = JsonNode.Parse(File.ReadAllText(_outside["Acme.Margin/bin/Release/net10.0/plugin.json"]))!;
        Assert.That(manifest["version"]!.ToString(), Is.EqualTo("1.2.3"));
        Assert.That(manifest["plugins"]![0]!["options"]![0]!["doc"]!.ToString(), Is.EqualTo("By how much the chosen response is to win."));
    }

    [Test]
    public void A_break_with_an_earlier_package_is_told()
    {
        using var later = new OutsideFolder("packed");
        Directory.CreateDirectory(later["packed"]);
        File.Copy(_outside["packed/Acme.Margin.1.2.3.nupkg"], later["packed/Acme.Margin.1.2.3.nupkg"]);
        var source = Path.Combine(later.Copy(Path.Combine(Fixtures, "Acme.Margin")), "MarginLoss.cs");
        File.WriteAllText(source, File.ReadAllText(source).Replace("double Margin", "double Distance").Replace("options.Margin", "options.Distance"));
        var (exitCode, output) = later.Dotnet(
            "pack", "Acme.Margin", "-nologo", "-p:Version=1.3.0", "-p:PackageValidationBaselineVersion=1.2.3");
        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("error CP0002").And.Contain("MarginOptions.Margin"));
    }

    // Finished runs are found again by the assembly: where it was built must not matter.
    [Test]
    public void The_same_sources_in_another_folder_make_the_same_assembly()
    {
        using var elsewhere = new OutsideFolder();
        elsewhere.Copy(Path.Combine(Fixtures, "Acme.Sharp"));
        elsewhere.MustDotnet("build", "Acme.Sharp", "-nologo", "-c", "Release");
        const string Assembly = "Acme.Sharp/bin/Release/net10.0/Acme.Sharp.dll";
        Assert.That(File.ReadAllBytes(elsewhere[Assembly]), Is.EqualTo(File.ReadAllBytes(_outside[Assembly])));
    }

    private IEnumerable<string> Contents(string package)
    {
        using var archive = ZipFile.OpenRead(_outside[$"packed/{package}"]);
        return [.. archive.Entries.Select(e => e.FullName)];
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'));
}
