using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

[NonParallelizable]
public class PluginCatalogTests
{
    private Fixture _fixture = null!;

    [SetUp]
    public void Copy() => _fixture = new();

    [TearDown]
    public void Clean()
    {
        Environment.SetEnvironmentVariable(PluginCatalog.FoldersVariable, null);
        _fixture.Dispose();
    }

    [Test]
    public void Lists_every_plugin_below_a_folder_by_kind_and_id()
    {
        _fixture.CopyOf("Good");
        _fixture.CopyOf("GoodFSharp");
        var catalog = PluginCatalog.Of(_fixture.Root);
        Assert.That(catalog.Plugins.Select(p => p.Description.Label),
            Is.EqualTo(new[] { "loss \"fsharp\"", "loss \"good\"", "augmenter \"good\"", "evaluator \"good\"" }));
    }

    [Test]
    public void Finds_folders_named_by_the_environment_and_by_the_caller_once()
    {
        var good = _fixture.CopyOf("Good");
        var fsharp = _fixture.CopyOf("GoodFSharp");
        Environment.SetEnvironmentVariable(PluginCatalog.FoldersVariable, good + Path.PathSeparator + fsharp);
        var ids = PluginCatalog.Discover([good + "/", _fixture.Root]).Plugins.Select(p => p.Description.Label).ToList();
        Assert.That(ids, Does.Contain("loss \"good\"").And.Contain("loss \"fsharp\"").And.Unique);
    }

    [Test]
    public void Refuses_a_named_folder_that_is_not_there_or_holds_no_plugin()
    {
        var missing = Path.Combine(_fixture.Root, "missing");
        Assert.That(Fixture.Refused(() => PluginCatalog.Of(missing)).Message, Does.Contain(missing).And.Contain("does not exist"));
        Assert.That(Fixture.Refused(() => PluginCatalog.Of(_fixture.Root)).Message,
            Does.Contain(_fixture.Root).And.Contain("plugin.json"));
    }

    [Test]
    public void Refuses_a_named_folder_whose_plugin_lost_its_manifest()
    {
        var folder = _fixture.CopyOf("Good");
        File.Delete(Path.Combine(folder, PluginManifest.FileName));
        Assert.That(Fixture.Refused(() => PluginCatalog.Of(folder)).Message, Does.StartWith(folder).And.Contain("plugin.json"));
        Assert.That(Fixture.Refused(() => PluginCatalog.Of(_fixture.Root)).Message, Does.StartWith(folder).And.Contain("plugin.json"));
    }

    [Test]
    public void Refuses_two_plugins_of_one_id_and_names_both_folders()
    {
        var first = _fixture.CopyOf("Good");
        var second = _fixture.CopyOf("Good", "Again");
        Assert.That(Fixture.Refused(() => PluginCatalog.Of(_fixture.Root)).Message,
            Does.Contain(first).And.Contain(second).And.Contain("\"good\""));
    }

    [Test]
    public void Suggests_the_nearest_id_and_lists_what_there_is()
    {
        var catalog = PluginCatalog.Of(Fixture.Folder("Good"), Fixture.Folder("GoodFSharp"));
        Assert.That(Fixture.Refused(() => catalog.Validate(Fixture.Loss("godo"))).Message,
            Is.EqualTo("There is no loss \"godo\". Did you mean \"good\"? Installed: fsharp, good."));
        Assert.That(Fixture.Refused(() => catalog.Validate(Fixture.Loss("utterly-different"))).Message,
            Is.EqualTo("There is no loss \"utterly-different\". Installed: fsharp, good."));
        Assert.That(Fixture.Refused(() => catalog.Validate(Fixture.Use(PluginKind.Augmenter, "fsharp"))).Message,
            Does.Contain("The loss \"fsharp\" is another kind."));
    }

    [TestCase(Contract.Version + 1, "Upgrade RewardKit")]
    [TestCase(Contract.Oldest - 1, "Rebuild the plugin")]
    public void Refuses_a_plugin_built_for_another_contract(int version, string remedy)
    {
        var folder = _fixture.CopyOf("Good", manifest => manifest["contractVersion"] = version);
        var catalog = PluginCatalog.Of(folder);
        Assert.That(Fixture.Refused(() => catalog.Validate(Fixture.Loss("good"))).Message,
            Does.Contain(folder).And.Contain($"version {version}").And.Contain($"versions {Contract.Oldest} to {Contract.Version}").And.Contain(remedy));
    }

    [Test]
    public void A_kind_that_a_later_contract_brought_is_told_by_the_contract()
    {
        var folder = _fixture.CopyOf("Good", manifest =>
        {
            manifest["contractVersion"] = Contract.Version + 1;
            manifest["plugins"]![0]!["kind"] = "prophet";
        });
        Assert.That(Fixture.Refused(() => PluginCatalog.Of(folder)).Message,
            Does.StartWith($"The plugin in {folder} was built for contract version {Contract.Version + 1}").And.Contain("Upgrade RewardKit"));
    }
}
