using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

public class LoadTests
{
    private Fixture _fixture = null!;

    [SetUp]
    public void Copy() => _fixture = new();

    [TearDown]
    public void Clean() => _fixture.Dispose();

    [Test]
    public async Task A_plugin_gets_the_hosts_services()
    {
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider();
        using var session = new PluginHost(PluginCatalog.Of(Fixture.Folder("Good")), services).Open();
        var augmenter = session.CreateAugmenter(Fixture.Use(PluginKind.Augmenter, "good"));
        var counts = new Dictionary<string, long>();
        await foreach (var _ in augmenter.AugmentAsync(AsyncEnumerable.Empty<PreferenceExample>(), new(1, null, counts.Add), default))
            Assert.Fail("Nothing goes in, so nothing comes out.");
        Assert.That(counts["year"], Is.GreaterThan(2000));
    }

    [Test]
    public void Decoders_composers_and_mergers_are_made_like_the_others()
    {
        using var session = SessionOf(Fixture.Folder("Steering"));
        Assert.Multiple(() =>
        {
            Assert.That(session.CreateDecoder(Fixture.Use(PluginKind.Decoder, "guided")).Needs, Is.EqualTo(DecoderNeeds.Guides));
            Assert.That(session.CreateComposer(Fixture.Use(PluginKind.Composer, "mean")), Is.Not.Null);
            Assert.That(session.CreateMerger(Fixture.Use(PluginKind.Merger, "linear", ("scale", 2.0))), Is.Not.Null);
        });
        Assert.That(Fixture.Refused(() => session.CreateMerger(Fixture.Use(PluginKind.Merger, "mean"))).Message,
            Does.Contain("The composer \"mean\" is another kind."));
    }

    [Test]
    public void A_service_that_the_host_lacks_is_named()
    {
        using var session = SessionOf(Fixture.Folder("Throwing"));
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("asking"))).Message,
            Does.Contain("\"asking\"").And.Contain("System.IFormatProvider").And.Contain("service"));
    }

    [Test]
    public void A_private_dependency_comes_from_the_plugins_folder()
    {
        using var session = SessionOf(Fixture.Folder("PrivateDependency"));
        Assert.That(session.CreateLoss(Fixture.Loss("dependent")).Weight(null!), Is.EqualTo(42));
    }

    [Test]
    public void Two_plugins_each_get_their_own_version_of_a_dependency()
    {
        using var session = new PluginHost(PluginCatalog.Of(Fixture.Folder("PrivateDependency"), Fixture.Folder("Rich"))).Open();
        var (older, newer) = (session.CreateLoss(Fixture.Loss("dependent")), session.CreateLoss(Fixture.Loss("dependent-next")));
        Assert.That((older.Weight(null!), newer.Weight(null!)), Is.EqualTo((42.0, 43.0)));
        Assert.That(older.Weight(null!), Is.EqualTo(42));
    }

    [Test]
    public void Resources_of_another_culture_come_from_the_plugins_folder()
    {
        using var session = SessionOf(Fixture.Folder("Rich"));
        Assert.That(session.CreateLoss(Fixture.Loss("localised")).ToString(), Is.EqualTo("good day, guten Tag"));
    }

    [Test]
    public void FSharp_Core_is_the_hosts_unless_the_plugin_brings_a_newer_one([Values("none", "older", "newer")] string own)
    {
        var folder = _fixture.CopyOf("GoodFSharp");
        if (own != "none") BringFSharpCore(folder, own == "newer" ? (ushort)99 : (ushort)1);
        using var session = SessionOf(folder);
        var loss = session.CreateLoss(Fixture.Loss("fsharp", ("steps", 7)));
        Assert.That(loss.ToString(), Is.EqualTo("fsharp 0.2 7 plain MeanOverPairs "));
        var context = AssemblyLoadContext.GetLoadContext(loss.GetType().Assembly)!;
        Assert.That(context.Assemblies.Select(a => a.GetName().Name), own == "newer" ? Does.Contain("FSharp.Core") : Does.Not.Contain("FSharp.Core"));
    }

    [TestCase("Outdated.LogitsLoss", "uses RewardKit.PairForward.get_Logits, which this host does not have", "RewardKit.Abstractions 0.0.1.0")]
    [TestCase("Outdated.NeedlessLoss", "Outdated.NeedlessLoss cannot be loaded", "get_Needs")]
    public void A_plugin_compiled_against_other_contracts_is_refused_with_what_is_missing(string type, params string[] words)
    {
        var folder = _fixture.CopyOf("Good", manifest =>
        {
            manifest["assembly"] = "Outdated.dll";
            manifest["sha256"] = Hash(Fixture.Built("Outdated"));
            var loss = manifest["plugins"]!.AsArray().Single(p => (string?)p!["kind"] == "loss")!.DeepClone().AsObject();
            (loss["type"], loss["options"]) = (type, new JsonArray());
            loss.Remove("optionsType");
            manifest["plugins"] = new JsonArray(loss);
        });
        File.Copy(Fixture.Built("Outdated"), Path.Combine(folder, "Outdated.dll"));
        using var session = SessionOf(folder);
        var message = Fixture.Refused(() => session.CreateLoss(Fixture.Loss("good"))).Message;
        Assert.That(message, Does.StartWith($"Plugin folder {folder}: "));
        foreach (var word in words.Append("Rebuild the plugin")) Assert.That(message, Does.Contain(word));
    }

    [TestCase("PrivateDependency.deps.json", false)]
    [TestCase("Dependency.dll", false)]
    [TestCase("runtimes/linux-x64/native/libwords.so", false)]
    [TestCase("words.txt", false)]
    [TestCase("PrivateDependency.pdb", true)]
    [TestCase("plugin.json", true)]
    public void The_content_hash_covers_all_that_a_plugin_may_use(string file, bool same)
    {
        var folder = _fixture.CopyOf("PrivateDependency");
        var before = ContentHash(folder);
        var path = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.AppendAllText(path, " ");
        Assert.That(ContentHash(folder) == before, Is.EqualTo(same));
    }

    [Test]
    public void A_missing_dependency_is_named()
    {
        var folder = _fixture.CopyOf("PrivateDependency");
        File.Delete(Path.Combine(folder, "Dependency.dll"));
        using var session = SessionOf(folder);
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("dependent"))).Message,
            Does.Contain(folder).And.Contain("Dependency 0.1.0.0"));
    }

    [Test]
    public void A_constructor_that_throws_is_a_failure_at_work_with_its_own_words()
    {
        using var session = SessionOf(Fixture.Folder("Throwing"));
        var failure = Assert.Throws<RewardKitException>(() => session.CreateLoss(Fixture.Loss("throwing")))!;
        Assert.Multiple(() =>
        {
            Assert.That(failure.ExitCode, Is.EqualTo(1));
            Assert.That(failure.Message, Does.Contain("\"throwing\"").And.Contain("threw in its constructor: InvalidOperationException: the moon is in the wrong phase\n  at ").And.Contain("ThrowingLoss.cs:"));
        });
    }

    [Test]
    public void A_static_initialiser_that_throws_is_told_each_time()
    {
        using var session = SessionOf(Fixture.Folder("Throwing"));
        for (var time = 1; time <= 2; time++)
        {
            var failure = Assert.Throws<RewardKitException>(() => session.CreateLoss(Fixture.Loss("static")))!;
            Assert.That(failure.ExitCode, Is.EqualTo(1));
            Assert.That(failure.Message, Does.Contain(
                "the loss \"static\" (Throwing 0.1.0) threw in its static initialiser: MoonException: no phase on day 3"));
        }
    }

    [Test]
    public void A_changed_assembly_is_refused_with_both_hashes()
    {
        var folder = _fixture.CopyOf("Good");
        var file = Path.Combine(folder, "Good.dll");
        var before = Hash(file)[..12];
        File.AppendAllText(file, "x");
        using var session = SessionOf(folder);
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("good"))).Message,
            Does.Contain(folder).And.Contain(before).And.Contain(Hash(file)[..12]).And.Contain("Rebuild"));
    }

    [Test]
    public void An_assembly_that_is_none_is_refused()
    {
        var garbage = Path.Combine(_fixture.Root, "garbage");
        File.WriteAllText(garbage, "This is no assembly.");
        var folder = _fixture.CopyOf("Good", manifest => manifest["sha256"] = Hash(garbage));
        File.Copy(garbage, Path.Combine(folder, "Good.dll"), overwrite: true);
        using var session = SessionOf(folder);
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("good"))).Message,
            Does.Contain(folder).And.Contain("Good.dll is not a .NET assembly"));
    }

    [Test]
    public void A_missing_assembly_is_named()
    {
        var folder = _fixture.CopyOf("Good");
        File.Delete(Path.Combine(folder, "Good.dll"));
        using var session = SessionOf(folder);
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("good"))).Message,
            Does.Contain(folder).And.Contain("Good.dll is missing"));
    }

    [TestCase("type")]
    [TestCase("optionsType")]
    public void A_type_that_the_assembly_lacks_is_named(string property)
    {
        var folder = _fixture.CopyOf("Good", manifest =>
        {
            foreach (var plugin in manifest["plugins"]!.AsArray())
                plugin![property] = "Good.Vanished";
        });
        using var session = SessionOf(folder);
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("good"))).Message,
            Does.Contain(folder).And.Contain("no type Good.Vanished"));
    }

    [Test]
    public void A_build_may_overwrite_what_is_loaded_and_the_session_keeps_its_own()
    {
        var folder = _fixture.CopyOf("Good");
        using var session = SessionOf(folder);
        var before = session.CreateLoss(Fixture.Loss("good")).ToString();
        File.WriteAllText(Path.Combine(folder, "Good.dll"), "half-written");
        Assert.That(session.CreateLoss(Fixture.Loss("good")).ToString(), Is.EqualTo(before));
        using var next = SessionOf(folder);
        Assert.That(Fixture.Refused(() => next.CreateLoss(Fixture.Loss("good"))).Message, Does.Contain("has changed"));
    }

    [Test]
    public void Disposing_the_session_disposes_its_plugins_and_its_copy()
    {
        var session = SessionOf(Fixture.Folder("Good"));
        var evaluator = session.CreateEvaluator(Fixture.Use(PluginKind.Evaluator, "good"));
        var copy = Path.GetDirectoryName(evaluator.GetType().Assembly.Location)!;
        Assert.That(copy, Is.Not.EqualTo(Fixture.Folder("Good")).And.Exist);
        session.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(evaluator.GetType().GetProperty("Disposed")!.GetValue(null), Is.EqualTo(1));
            Assert.That(copy, Does.Not.Exist);
        });
    }

    [Test]
    public void The_content_hash_follows_the_plugin_and_what_it_brings()
    {
        var folder = _fixture.CopyOf("PrivateDependency");
        var before = ContentHash(folder);
        Assert.That(ContentHash(folder), Is.EqualTo(before));
        using var session = SessionOf(folder);
        Assert.That(session.CreateLoss(Fixture.Loss("dependent")).Weight(null!), Is.EqualTo(42));
        File.AppendAllText(Path.Combine(folder, "Dependency.dll"), "x");
        Assert.That(ContentHash(folder), Is.Not.EqualTo(before));
        Assert.That(session.ContentHash(Fixture.Loss("dependent")), Is.EqualTo(before), "what a session has loaded stays what it was");
    }

    private static string ContentHash(string folder)
    {
        using var session = SessionOf(folder);
        return session.ContentHash(Fixture.Loss("dependent"));
    }

    // A copy of the host's, with another major version written into its metadata.
    private static void BringFSharpCore(string folder, ushort version)
    {
        var file = Path.Combine(folder, "FSharp.Core.dll");
        var bytes = File.ReadAllBytes(Assembly.Load("FSharp.Core").Location);
        using (var image = new PEReader(new MemoryStream(bytes)))
        {
            // The assembly's row begins with the hash algorithm, four bytes, and the major version, two.
            var row = image.PEHeaders.MetadataStartOffset + image.GetMetadataReader().GetTableMetadataOffset(TableIndex.Assembly);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(row + 4), version);
        }
        File.WriteAllBytes(file, bytes);
        // Without the list, everything in the folder is the plugin's.
        File.Delete(Path.Combine(folder, "GoodFSharp.deps.json"));
    }

    private static PluginSession SessionOf(string folder) => new PluginHost(PluginCatalog.Of(folder)).Open();

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
