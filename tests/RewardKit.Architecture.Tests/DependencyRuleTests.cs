using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace RewardKit.Architecture.Tests;

using References = IReadOnlyDictionary<string, IReadOnlyList<string>>;

public class DependencyRuleTests
{
    private static readonly string Root = typeof(DependencyRuleTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    [Test]
    public void The_built_assemblies_keep_the_rule() =>
        Assert.That(DependencyRule.Violations(Host(), Plugins()), Is.Empty);

    [Test]
    public void What_is_read_are_the_references_of_every_project()
    {
        var (host, plugins) = (Host(), Plugins());
        Assert.That(host["rewardkit"], Does.Contain("RewardKit.Hosting").And.Contain("RewardKit.Scripting"));
        Assert.That(host["RewardKit.Models"], Does.Contain("TorchSharp").And.Contain("RewardKit.Abstractions"));
        Assert.That(plugins, Is.Not.Empty);
        Assert.That(plugins.Values, Has.All.Contain("RewardKit.Abstractions"));
    }

    [TestCase("RewardKit.Models", "RewardKit.Training", "RewardKit.Models references RewardKit.Training")]
    [TestCase("RewardKit.Abstractions", "RewardKit.Models", "RewardKit.Abstractions references RewardKit.Models")]
    [TestCase("RewardKit.Scripting", "RewardKit.Conformance", "RewardKit.Scripting references RewardKit.Conformance")]
    [TestCase("RewardKit.Hosting", "HafRm", "RewardKit.Hosting references HafRm")]
    [TestCase("rewardkit", "BradleyTerry", "rewardkit references BradleyTerry")]
    [TestCase("HafRm", "RewardKit.Training", "the plugin HafRm references RewardKit.Training")]
    [TestCase("HafRm", "BradleyTerry", "the plugin HafRm references BradleyTerry")]
    [TestCase("rewardkit", "rewardkit-board", "rewardkit references rewardkit-board")]
    [TestCase("rewardkit-board", "RewardKit.Scripting", "rewardkit-board references RewardKit.Scripting")]
    [TestCase("RewardKit.Newcomer", "TorchSharp", "RewardKit.Newcomer has no place in the rule")]
    public void A_wrong_reference_is_told(string assembly, string reference, string expected)
    {
        var host = Host().ToDictionary();
        var plugins = Plugins().ToDictionary();
        var into = plugins.ContainsKey(assembly) ? plugins : host;
        into[assembly] = [.. into.GetValueOrDefault(assembly, []), reference];
        Assert.That(DependencyRule.Violations(host, plugins), Is.EqualTo(new[] { expected }));
    }

    // Runs are found again by what computed them: the same sources must make the same files in every folder.
    [Test]
    public void Nothing_that_is_built_knows_where_the_repository_lies()
    {
        var assemblies = HostFiles().Concat(PluginFiles()).ToArray();
        Assert.That(assemblies.Select(DebugFile), Has.All.StartsWith("/rewardkit/"));
        var native = Path.Combine(Root, "artifacts", "native", "current", "libRewardKitTorch.so");
        if (File.Exists(native)) Assert.That(File.ReadAllBytes(native).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Root)), Is.EqualTo(-1));
    }

    // Each project under src/: as it lies in the host's folder, or where its build left it if it is a tool.
    private static IEnumerable<string> HostFiles() => Directory
        .EnumerateFiles(Path.Combine(Root, "src"), "*.*proj", SearchOption.AllDirectories)
        .Where(project => !project.Contains("/templates/", StringComparison.Ordinal)) // content of a package
        .Select(project =>
        {
            var name = XDocument.Load(project).Descendants("AssemblyName").SingleOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(project);
            var hosted = Path.Combine(Root, "artifacts", "host", $"{name}.dll");
            return File.Exists(hosted)
                ? hosted
                : Directory.GetFiles(Path.Combine(Path.GetDirectoryName(project)!, "bin", "Release"), $"{name}.dll", SearchOption.AllDirectories).Single();
        });

    private static IEnumerable<string> PluginFiles() => Directory
        .GetDirectories(Path.Combine(Root, "plugins"))
        .Where(folder => Directory.GetFiles(folder, "*.*proj").Length > 0)
        .Select(project =>
        {
            var folder = Path.Combine(Root, "artifacts", "plugins", Path.GetFileName(project));
            using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "plugin.json")));
            return Path.Combine(folder, manifest.RootElement.GetProperty("assembly").GetString()!);
        });

    private static References Host() => HostFiles().ToDictionary(file => Path.GetFileNameWithoutExtension(file)!, ReferencesOf);

    private static References Plugins() => PluginFiles().ToDictionary(file => Path.GetFileNameWithoutExtension(file)!, ReferencesOf);

    private static string DebugFile(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        return image.ReadCodeViewDebugDirectoryData(image.ReadDebugDirectory().First(e => e.Type == DebugDirectoryEntryType.CodeView)).Path;
    }

    private static IReadOnlyList<string> ReferencesOf(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }
}
