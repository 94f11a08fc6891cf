using System.Diagnostics;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Plugins.Reloading;

namespace RewardKit.Hosting.Tests.Plugins.Reloading;

public class PluginGenerationsTests
{
    private const string Name = "PrivateDependency 0.1.0";
    private Fixture _fixture = null!;
    private string _folder = "";
    private PluginGenerations _generations = null!;

    [SetUp]
    public void SetUp()
    {
        _fixture = new();
        _folder = _fixture.CopyOf("PrivateDependency");
        _fixture.CopyOf("Good");
        _generations = new(() => PluginCatalog.Of(_fixture.Root));
    }

    [TearDown]
    public void TearDown()
    {
        _generations.Dispose();
        _fixture.Dispose();
    }

    [Test]
    public void A_rebuilt_plugin_is_a_new_generation_and_running_work_keeps_its_own()
    {
        using var running = new PluginHost(_generations.Catalog).Open();
        Rebuild();
        Assert.That(_generations.Refresh(), Is.EqualTo(new[] { new PluginChange(_folder, Name, 2, null) }));
        Assert.That(Weight(running), Is.EqualTo(42), "loaded only now, from the generation with which the run began");
        Assert.That(Weight(), Is.EqualTo(43));
        Assert.That(_generations.Refresh(), Is.Empty);
    }

    [Test]
    public void Earlier_generations_leave_nothing_on_disk()
    {
        var copies = Path.GetDirectoryName(_generations.Catalog.Plugins[0].Manifest.Files)!;
        Rebuild();
        _generations.Refresh();
        Assert.That(Directory.GetDirectories(copies), Has.Length.EqualTo(3));
        _generations.Sweep();
        Assert.That(Directory.GetDirectories(copies), Has.Length.EqualTo(2));
        Assert.That(Weight(), Is.EqualTo(43));
    }

    [Test]
    public void The_same_files_written_again_are_no_new_generation()
    {
        foreach (var file in Directory.GetFiles(_folder)) File.WriteAllBytes(file, File.ReadAllBytes(file));
        Assert.That(_generations.Refresh(), Is.Empty);
    }

    [TestCase("PrivateDependency.dll", "PrivateDependency.dll is cut off or damaged")]
    [TestCase("Dependency.dll", "Dependency.dll is cut off or damaged")]
    [TestCase("plugin.json", "plugin.json, line")]
    public void A_half_written_set_is_not_taken_and_the_whole_one_is(string file, string problem)
    {
        var whole = File.ReadAllBytes(Path.Combine(Fixture.Folder("PrivateDependency"), file));
        File.WriteAllBytes(Path.Combine(_folder, file), whole[..(whole.Length / 2)]);
        Kept(problem);
        Rebuild();
        File.WriteAllBytes(Path.Combine(_folder, file), whole);
        Rebuild();
        Assert.That(_generations.Refresh().Single().Generation, Is.EqualTo(2));
        Assert.That(Weight(), Is.EqualTo(43));
    }

    [Test]
    public void An_assembly_that_is_newer_than_its_manifest_is_waited_for()
    {
        File.AppendAllText(Path.Combine(_folder, "PrivateDependency.dll"), "x");
        Kept("PrivateDependency.dll has changed since its manifest was written");
    }

    [TestCase("plugin.json")]
    [TestCase("PrivateDependency.dll")]
    [TestCase("Dependency.dll")]
    public void A_missing_file_is_waited_for(string file)
    {
        File.Delete(Path.Combine(_folder, file));
        Kept(file == "Dependency.dll" ? "needs Dependency 0.1.0.0" : file);
        File.Copy(Path.Combine(Fixture.Folder("PrivateDependency"), file), Path.Combine(_folder, file));
        Assert.That(_generations.Refresh(), Is.Empty, "it is as it was");
    }

    [Test]
    public void A_folder_deleted_and_made_again_is_a_new_generation()
    {
        Directory.Delete(_folder, recursive: true);
        Kept($"The folder {_folder} is gone.");
        _fixture.CopyOf("PrivateDependency");
        Rebuild();
        Assert.That(_generations.Refresh(), Is.EqualTo(new[] { new PluginChange(_folder, Name, 2, null) }));
        Assert.That(Weight(), Is.EqualTo(43));
    }

    [Test]
    public void A_folder_under_another_name_is_another_plugin_in_its_place()
    {
        var other = Path.Combine(_fixture.Root, "Other");
        Directory.Move(_folder, other);
        Assert.That(_generations.Refresh(), Is.EquivalentTo(new[] { new PluginChange(_folder, Name, 0, null), new PluginChange(other, Name, 1, null) }));
        Assert.That(Weight(), Is.EqualTo(42));
    }

    [Test]
    public void A_plugin_that_comes_later_is_found_and_what_cannot_be_used_is_told()
    {
        var sharp = _fixture.CopyOf("GoodFSharp");
        Assert.That(_generations.Refresh(), Is.EqualTo(new[] { new PluginChange(sharp, "GoodFSharp 0.1.0", 1, null) }));
        Assert.That(_generations.Catalog.Find(Hosting.Experiments.PluginKind.Loss, "fsharp").Manifest.Folder, Is.EqualTo(sharp));
        var twin = _fixture.CopyOf("Good", "Twin");
        Assert.That(_generations.Refresh().Single().Problem, Does.StartWith("Two folders hold the").And.Contain(twin));
        Assert.That(Weight(), Is.EqualTo(42));
    }

    [Test]
    public void A_plugin_for_another_contract_leaves_the_earlier_one()
    {
        Rebuild();
        var manifest = Path.Combine(_folder, PluginManifest.FileName);
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace($"\"contractVersion\": {Contract.Version}", "\"contractVersion\": 999"));
        Kept("was built for contract version 999");
    }

    [Test]
    public void It_takes_little_time_from_the_last_write()
    {
        using var watch = new FileWatch();
        watch.Watch(_generations.Paths);
        var times = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            Rebuild(round % 2 == 0 ? "Rich" : "PrivateDependency");
            var clock = Stopwatch.StartNew();
            Assert.That(watch.Wait(TimeSpan.FromSeconds(30), default), Is.Not.Empty);
            Assert.That(_generations.Refresh().Single().Generation, Is.EqualTo(round + 2));
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        TestContext.Out.WriteLine($"From the last write to the new generation, ms: {string.Join(", ", times.Select(t => $"{t:0}"))}");
        // Loading takes a fifth of a second; the rest is for machines that have other things to do.
        Assert.That(times.Min(), Is.LessThan(10_000));
    }

    private void Kept(string problem)
    {
        var change = _generations.Refresh().Single(c => c.Folder == _folder);
        Assert.That(change.Problem, Does.Contain(problem));
        Assert.That(change.Generation, Is.EqualTo(1));
        Assert.That(change.Message, Does.StartWith($"{Name} has changed, but cannot be used as it is; generation 1 stays in use. "));
        Assert.That(Weight(), Is.EqualTo(42));
        Assert.That(_generations.Catalog.Plugins, Has.Count.EqualTo(4), "the others are there, too");
    }

    // As a build does whose dependency has become another.
    private void Rebuild(string from = "Rich") =>
        File.Copy(Path.Combine(Fixture.Folder(from), "Dependency.dll"), Path.Combine(_folder, "Dependency.dll"), overwrite: true);

    private double Weight()
    {
        using var session = new PluginHost(_generations.Catalog).Open();
        return Weight(session);
    }

    private static double Weight(PluginSession session) => session.CreateLoss(Fixture.Loss("dependent")).Weight(null!);
}
