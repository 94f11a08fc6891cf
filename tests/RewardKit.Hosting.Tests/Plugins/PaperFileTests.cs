using System.Reflection;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

public sealed class PaperFileTests
{
    private static readonly string Plugins = typeof(PaperFileTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ShippedPlugins").Value!;
    private static readonly string Root = Path.GetFullPath(Path.Combine(Plugins, "..", ".."));
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("papers-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void The_page_of_methods_is_what_the_manifests_say()
    {
        var page = MethodsPage.Write(PluginCatalog.Of(Plugins), Path.Combine(Root, "scripts"));
        var (written, fresh) = (Path.Combine(Root, "docs", "methods.md"), Path.Combine(Root, "artifacts", "methods.md"));
        File.WriteAllText(fresh, page);
        Assert.That(File.Exists(written) ? File.ReadAllText(written) : "", Is.EqualTo(page), $"docs/methods.md is not up to date: copy {fresh} there.");
    }

    [Test]
    public void Every_paper_that_a_plugin_names_is_told_of() => Assert.That(
        from entry in PluginCatalog.Of(Plugins).Plugins
        where entry.Description.Paper is not null
        where !PaperFile.Read(entry.Manifest).Any(paper => paper.Plugins.Contains(PaperFile.NameOf(entry.Description)))
        select entry.Description.Label, Is.Empty, "write papers.json beside the project, as the other plugins have it");

    [Test]
    public void Where_there_is_no_file_nothing_is_said() => Assert.That(PaperFile.Read(Manifest()), Is.Empty);

    [Test]
    public void What_is_left_out_is_empty()
    {
        var paper = Read("""[{"title": "T", "plugins": ["loss a"], "paper": "arXiv:1"}]""").Single();
        Assert.That((paper.Settings.Count, paper.Checked.Count, paper.Link), Is.EqualTo((0, 0, "https://arxiv.org/abs/1")));
        Assert.That(Read("""[{"title": "T", "plugins": [], "paper": "Bradley and Terry 1952"}]""").Single().Link, Is.Null);
    }

    [TestCase("""[{"title": "T", "plugins": ["loss b"]}]""", "papers.json: \"T\" names the plugin \"loss b\".", "The plugins here are loss a.")]
    [TestCase("""[{"title": "T", "plugins": ["loss a"], "settings": {"bta": "0.1"}}]""", "has the setting \"bta\", which is no option of its plugins.", "Did you mean \"beta\"? Their options are beta.")]
    [TestCase("""[{"title": "T", "plugins": [], "setings": {}}]""", "papers.json, line 1, is no list of papers: ", "setings")]
    [TestCase("""[{"plugins": []}]""", "papers.json, line 1, is no list of papers: ", "title")]
    [TestCase("""{}""", "papers.json, line 1, is no list of papers: ", "")]
    public void What_is_not_in_its_form_is_refused(string text, string expected, string hint) =>
        Assert.That(() => Read(text), Throws.TypeOf<RewardKitException>().With.Message.Contains(expected).And.Message.Contains(hint).And.Property("ExitCode").EqualTo(2));

    private IReadOnlyList<PaperDescription> Read(string text)
    {
        File.WriteAllText(Path.Combine(_folder, PaperFile.FileName), text);
        return PaperFile.Read(Manifest());
    }

    private PluginManifest Manifest() => new()
    {
        Folder = _folder,
        Name = "A",
        Version = "1.0.0",
        Assembly = "A.dll",
        Sha256 = "",
        ContractVersion = 1,
        Plugins = [new() { Kind = PluginKind.Loss, Id = "a", Type = "A", Options = [new() { Name = "beta", Property = "Beta", Type = OptionType.Double }] }],
    };
}
