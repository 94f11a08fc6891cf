using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Plugins.Packages;

namespace RewardKit.Hosting.Tests.Plugins.Packages;

/// <summary>With the real NuGet client, over packages in a folder and over HTTP.</summary>
public class PluginPackagesTests
{
    private Feed _feed = null!;

    [SetUp]
    public void Make() => _feed = new();

    [TearDown]
    public void Remove() => _feed.Dispose();

    [Test]
    public void A_package_is_added_used_updated_and_removed()
    {
        _feed.Pack("Acme.Steering", "1.0.0");
        _feed.Pack("Acme.Good", "2.0.0", "Good");
        var packages = PluginPackages.NearOrIn(_feed.Project);
        Assert.That(PluginPackages.Near(_feed.Project), Is.Null);

        var added = packages.Add("Acme.Steering", null, null, prerelease: false, default);
        packages.Add("acme.good", "2.0.0", null, prerelease: false, default);

        Assert.That(added.Package, Is.EqualTo("Acme.Steering 1.0.0"));
        Assert.That(Text("rewardkit.plugins.proj"), Does.Contain("""    <PackageReference Include="Acme.Steering" Version="[1.0.0]" />"""));
        var below = Directory.CreateDirectory(Path.Combine(_feed.Project, "scripts", "more")).FullName;
        var catalog = PluginCatalog.Discover([], below);
        Assert.That(catalog.Find(PluginKind.Merger, "linear").Manifest.Package, Is.EqualTo("Acme.Steering 1.0.0"));
        using (var session = new PluginHost(catalog).Open())
            Assert.That(session.CreateMerger(Fixture.Use(PluginKind.Merger, "linear")), Is.Not.Null);

        _feed.Pack("Acme.Steering", "1.1.0");
        Assert.That(packages.Update(null, prerelease: false, default), Is.EqualTo(new[] { ("Acme.Steering", "1.0.0", "1.1.0"), ("acme.good", "2.0.0", "2.0.0") }));
        Assert.That(packages.Read().Select(manifest => manifest.Version), Is.EqualTo((string[])["1.1.0", "2.0.0"]));

        packages.Remove("acme.steering", default);
        Assert.That(packages.Read().Select(manifest => manifest.Package), Is.EqualTo((string[])["Acme.Good 2.0.0"]));
        Assert.That(Text("rewardkit.plugins.lock.json"), Does.Not.Contain("Steering"));
    }

    [Test]
    public void A_fresh_clone_is_restored_from_the_lock_files()
    {
        _feed.Pack("Acme.Steering", "1.0.0");
        var packages = PluginPackages.NearOrIn(_feed.Project);
        packages.Add("Acme.Steering", null, null, prerelease: false, default);
        _feed.Pack("Acme.Steering", "2.0.0");
        Directory.Delete(Path.Combine(_feed.Project, "obj"), recursive: true);
        Directory.Delete(_feed.Cache, recursive: true);

        Assert.That(Fixture.Refused(() => packages.Read()).Message, Does.Contain("Acme.Steering 1.0.0").And.Contain("Run: rewardkit plugin restore"));
        Assert.That(packages.Restore(default).Single().Package, Is.EqualTo("Acme.Steering 1.0.0"));
    }

    [Test]
    public void Over_http_and_from_a_source_of_its_own()
    {
        _feed.Pack("Acme.Steering", "1.0.0");
        var packages = PluginPackages.NearOrIn(_feed.Project);
        using (_feed.Serve())
            Assert.That(packages.Add("Acme.Steering", null, null, prerelease: false, default).Package, Is.EqualTo("Acme.Steering 1.0.0"));

        _feed.UseSource(null);
        _feed.Pack("Acme.Good", "1.0.0", "Good");
        packages.Add("Acme.Good", null, _feed.Packages, prerelease: false, default);
        Assert.That(Text("rewardkit.plugins.proj"), Does.Contain("<RestoreAdditionalProjectSources>../feed</RestoreAdditionalProjectSources>"));
        Assert.That(packages.Read(), Has.Count.EqualTo(2));
    }

    [Test]
    public void A_package_whose_files_changed_is_refused()
    {
        _feed.Pack("Acme.Steering", "1.0.0");
        var packages = PluginPackages.NearOrIn(_feed.Project);
        var folder = packages.Add("Acme.Steering", null, null, prerelease: false, default).Folder;
        File.WriteAllText(Path.Combine(folder, "more.txt"), "new");
        Assert.That(Fixture.Refused(() => packages.Read()).Message, Does.Contain("Acme.Steering 1.0.0").And.Contain("not those that"));

        // The same version made anew: NuGet's own lock file refuses what it downloads.
        Directory.Delete(_feed.Cache, recursive: true);
        _feed.Pack("Acme.Steering", "1.0.0", manifest: json => json["name"] = "Other");
        Assert.That(() => packages.Restore(default), Throws.TypeOf<RewardKitException>().With.Message.Contains("NU1403"));
    }

    [Test]
    public void What_fails_leaves_everything_as_it_was()
    {
        _feed.Pack("Acme.Steering", "1.0.0");
        _feed.Pack("Acme.Library", "1.0.0", plugin: "");
        var packages = PluginPackages.NearOrIn(_feed.Project);
        Assert.That(() => packages.Add("Acme.Nothing", null, null, prerelease: false, default),
            Throws.TypeOf<RewardKitException>().With.Message.Match(@"could not restore .*\n  NU1101: .*Acme\.Nothing").And.Property("ExitCode").EqualTo(1));
        Assert.That(File.Exists(packages.Project), Is.False);

        packages.Add("Acme.Steering", null, null, prerelease: false, default);
        string[] files = ["rewardkit.plugins.proj", "rewardkit.plugins.lock.json", "packages.lock.json"];
        var before = files.Select(Text).ToArray();
        Assert.That(() => packages.Add("Acme.Steering", "3.0.0", null, prerelease: false, default), Throws.TypeOf<RewardKitException>().With.Message.Contains("NU1102"));
        Assert.That(Fixture.Refused(() => packages.Add("Acme.Library", null, null, prerelease: false, default)).Message, Does.Contain("Acme.Library 1.0.0 holds no plugin"));
        Assert.That(Fixture.Refused(() => packages.Add("Acme.Steering", null, "no/such/folder", prerelease: false, default)).Message, Does.Contain("neither a folder nor an address"));
        Assert.That(Fixture.Refused(() => packages.Remove("Acme.Stearing", default)).Message, Does.Contain("Did you mean \"Acme.Steering\"?"));
        Assert.That(files.Select(Text), Is.EqualTo(before));
        Assert.That(PluginPackages.NearOrIn(_feed.Packages).Project, Does.StartWith(_feed.Packages));
        Assert.That(Fixture.Refused(() => PluginPackages.NearOrIn(_feed.Packages).Restore(default)).Message, Does.Contain("plugin add ID"));
    }

    [TestCase("<Project>", "is not a project")]
    public void A_broken_project_is_named(string text, string message)
    {
        File.WriteAllText(Path.Combine(_feed.Project, "rewardkit.plugins.proj"), text);
        Assert.That(Fixture.Refused(() => PluginPackages.Near(_feed.Project)!.Read()).Message, Does.Contain("rewardkit.plugins.proj, line").And.Contain(message));
    }

    [Test]
    public void What_else_stands_in_the_project_stays()
    {
        _feed.Pack("Acme.Steering", "1.0.0");
        File.WriteAllText(Path.Combine(_feed.Project, "rewardkit.plugins.proj"),
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <!-- ours -->
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><RestorePackagesWithLockFile>true</RestorePackagesWithLockFile></PropertyGroup>
            </Project>
            """);
        var packages = PluginPackages.Near(_feed.Project)!;
        packages.Add("Acme.Steering", null, _feed.Packages, prerelease: false, default);
        packages.Remove("Acme.Steering", default);
        Assert.That(Text("rewardkit.plugins.proj"), Does.Contain("<!-- ours -->").And.Contain("../feed").And.Not.Contain("PackageReference"));
    }

    private string Text(string name) => File.ReadAllText(Path.Combine(_feed.Project, name));
}
