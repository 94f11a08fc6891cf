using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

/// <summary>A plugin that calls a library in C, built here.</summary>
public class NativeLibraryTests
{
    private const string Source = "int answer(void) { return 44; }";
    private static readonly string Runtime = $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    private Fixture _fixture = null!;

    [SetUp]
    public void Copy() => _fixture = new();

    [TearDown]
    public void Clean() => _fixture.Dispose();

    [TestCase(".", false, Description = "beside the assembly")]
    [TestCase("runtimes/{0}/native", false, Description = "copied there by the plugin's project")]
    [TestCase("runtimes/{0}/native", true, Description = "from a package, which the .deps.json lists")]
    [TestCase("lib/{0}", true, Description = "anywhere, as the .deps.json says")]
    public void A_library_comes_from_the_plugins_folder(string place, bool listed)
    {
        var folder = _fixture.CopyOf("Rich");
        var path = string.Format(place, Runtime) + "/librewardkit_fixture.so";
        Compile(Path.Combine(folder, path));
        if (listed) List(Path.Combine(folder, "Rich.deps.json"), path);
        using var session = new PluginHost(PluginCatalog.Of(folder)).Open();
        Assert.That(session.CreateLoss(Fixture.Loss("native")).Weight(null!), Is.EqualTo(44));
    }

    [Test]
    public void A_library_goes_with_its_plugin()
    {
        var folder = _fixture.CopyOf("Rich");
        Compile(Path.Combine(folder, "librewardkit_fixture.so"));
        var host = new PluginHost(PluginCatalog.Of(folder));
        var copy = Call(host);
        Assert.That(File.ReadAllText("/proc/self/maps"), Does.Contain(copy));
        Assert.That(host.WaitForUnload(), Is.Empty);
        Assert.That(File.ReadAllText("/proc/self/maps"), Does.Not.Contain(copy));
    }

    // Where the copy lies that the library was loaded from.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Call(PluginHost host)
    {
        using var session = host.Open();
        var loss = session.CreateLoss(Fixture.Loss("native"));
        Assert.That(loss.Weight(null!), Is.EqualTo(44));
        return Path.Combine(Path.GetDirectoryName(loss.GetType().Assembly.Location)!, "librewardkit_fixture.so");
    }

    private static void Compile(string library)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(library)!);
        var start = new ProcessStartInfo("cc", ["-shared", "-fPIC", "-x", "c", "-", "-o", library]) { RedirectStandardInput = true };
        Process compiler;
        try
        {
            compiler = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("No C compiler on this machine");
            return;
        }
        using (compiler)
        {
            compiler.StandardInput.Write(Source);
            compiler.StandardInput.Close();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero);
        }
    }

    // As restoring a package with native libraries does.
    private static void List(string file, string library)
    {
        var deps = JsonNode.Parse(File.ReadAllText(file))!;
        var own = deps["targets"]![".NETCoreApp,Version=v10.0"]!["Rich/0.1.0"]!;
        own["runtimeTargets"] = new JsonObject { [library] = new JsonObject { ["rid"] = Runtime, ["assetType"] = "native" } };
        File.WriteAllText(file, deps.ToJsonString());
    }
}
