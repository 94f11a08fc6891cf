using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

public class PluginManifestTests
{
    private readonly Fixture _fixture = new();

    [OneTimeTearDown]
    public void Clean() => _fixture.Dispose();

    [Test]
    public void States_what_the_assembly_holds()
    {
        var manifest = PluginManifest.Read(Fixture.Folder("Good"));
        Assert.Multiple(() =>
        {
            Assert.That(manifest.Name, Is.EqualTo("Good"));
            Assert.That(manifest.Assembly, Is.EqualTo("Good.dll"));
            Assert.That(manifest.ContractVersion, Is.EqualTo(Contract.Version));
            Assert.That(manifest.Plugins.Select(p => (p.Kind, p.Id)), Is.EquivalentTo(new[]
            {
                (PluginKind.Loss, "good"), (PluginKind.Augmenter, "good"), (PluginKind.Evaluator, "good"),
            }));
        });
        var loss = manifest.Plugins.Single(p => p.Kind == PluginKind.Loss);
        Assert.Multiple(() =>
        {
            Assert.That(loss.Paper, Is.EqualTo("arXiv:0000.00001"));
            Assert.That(loss.Type, Is.EqualTo("Good.GoodLoss"));
            Assert.That(loss.OptionsType, Is.EqualTo("Good.GoodOptions"));
            Assert.That(loss.Summary, Is.EqualTo("Says what its options are, by way of a metric's name."));
            Assert.That(loss.Options[0].Doc, Is.EqualTo("The weight of the GoodLoss, as alpha."));
        });
    }

    [Test]
    public void States_each_option_with_type_and_default_in_declaration_order()
    {
        var loss = PluginManifest.Read(Fixture.Folder("Good")).Plugins.Single(p => p.Kind == PluginKind.Loss);
        Assert.That(loss.Options.Select(o => (o.Name, o.Type, o.Nullable, o.Default)), Is.EqualTo(new (string, OptionType, bool, object?)[]
        {
            ("alpha", OptionType.Double, false, 0.2),
            ("beta", OptionType.Double, false, 1.0),
            ("steps", OptionType.Int, false, 300_000),
            ("offset", OptionType.Int, false, -3),
            ("normalize", OptionType.Bool, false, true),
            ("verbose", OptionType.Bool, false, false),
            ("label", OptionType.String, false, "plain"),
            ("form", OptionType.String, false, "short"),
            ("pairs", OptionType.Int, false, 2),
            ("reduction", OptionType.Enum, false, "mean-over-pairs"),
            ("note", OptionType.String, true, null),
            ("limit", OptionType.Int, true, null),
            ("margin", OptionType.Double, true, 0.5),
            ("other", OptionType.Enum, true, "kl-weighted"),
        }));
    }

    [Test]
    public void States_ranges_and_choices()
    {
        var options = PluginManifest.Read(Fixture.Folder("Good")).Plugins.Single(p => p.Kind == PluginKind.Loss)
            .Options.ToDictionary(o => o.Name);
        Assert.Multiple(() =>
        {
            Assert.That((options["alpha"].Minimum, options["alpha"].Maximum), Is.EqualTo((0.0, 100.0)));
            Assert.That((options["beta"].MinimumIsExclusive, options["beta"].MaximumIsExclusive), Is.EqualTo((true, false)));
            Assert.That(options["label"].Minimum, Is.Null);
            Assert.That(options["form"].Choices, Is.EqualTo(new[] { "short", "long" }));
            Assert.That(options["reduction"].Choices, Is.EqualTo(new[] { "sum", "mean-over-pairs", "kl-weighted" }));
        });
    }

    [Test]
    public void Reads_FSharp_as_well()
    {
        var loss = PluginManifest.Read(Fixture.Folder("GoodFSharp")).Plugins.Single();
        Assert.Multiple(() =>
        {
            Assert.That(loss.Summary, Is.EqualTo("A loss in F#."));
            Assert.That(loss.Options.Select(o => (o.Name, o.Nullable, o.Default)), Is.EqualTo(new (string, bool, object?)[]
            {
                ("alpha", false, 0.2), ("steps", false, 3), ("label", false, "plain"), ("reduction", false, "mean-over-pairs"),
                ("normalize", false, true), ("limit", true, null), ("margin", true, 0.5),
            }));
            Assert.That(loss.Options[0].Maximum, Is.EqualTo(1.0));
            Assert.That(loss.Options[0].Doc, Is.EqualTo("The weight."));
        });
    }

    [Test]
    public void Keeps_the_hosts_assemblies_out_and_private_ones_in()
    {
        string[] Assemblies(string plugin) =>
            [.. Directory.GetFiles(Fixture.Folder(plugin), "*.dll").Select(f => Path.GetFileName(f)).Order()];
        Assert.Multiple(() =>
        {
            Assert.That(Assemblies("Good"), Is.EqualTo(new[] { "Good.dll" }));
            Assert.That(Assemblies("GoodFSharp"), Is.EqualTo(new[] { "GoodFSharp.dll" }));
            Assert.That(Assemblies("PrivateDependency"), Is.EqualTo(new[] { "Dependency.dll", "PrivateDependency.dll" }));
        });
    }

    [TestCase("{", "is not a plugin manifest")]
    [TestCase("null", "is not a plugin manifest")]
    [TestCase("""{ "name": "X" }""", "sha256")]
    [TestCase("""{ "name": "X", "version": "1", "assembly": "../X.dll", "sha256": "", "contractVersion": 1, "plugins": [] }""", "../X.dll")]
    public void Refuses_what_is_no_manifest(string text, string named)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_fixture.Root, "broken")).FullName;
        File.WriteAllText(Path.Combine(folder, PluginManifest.FileName), text);
        var refused = Fixture.Refused(() => PluginManifest.Read(folder));
        Assert.That(refused.Message, Does.StartWith(folder).And.Contain(named).And.Contain("Rebuild"));
    }
}
