using System.Reflection;
using System.Text.Json.Nodes;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

/// <summary>The plugins under tests/fixtures/plugins, as their builds published them, and copies to spoil.</summary>
internal sealed class Fixture : IDisposable
{
    private static readonly string Published = Built("FixturePlugins");

    public string Root { get; } = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;

    /// <summary>What the tests' project wrote down of a path.</summary>
    public static string Built(string key) =>
        typeof(Fixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;

    public static string Folder(string plugin) => Path.Combine(Published, plugin);

    public static PluginUse Use(PluginKind kind, string id, params (string Name, object Value)[] options) =>
        new(kind, id, options.ToDictionary(o => o.Name, o => o.Value));

    public static PluginUse Loss(string id, params (string Name, object Value)[] options) => Use(PluginKind.Loss, id, options);

    public static RewardKitException Refused(Action action)
    {
        var refused = Assert.Throws<RewardKitException>(action)!;
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        return refused;
    }

    /// <summary>A copy of a published plugin in a folder of its own.</summary>
    public string CopyOf(string plugin, string? name = null)
    {
        var target = Directory.CreateDirectory(Path.Combine(Root, name ?? plugin)).FullName;
        foreach (var file in Directory.EnumerateFiles(Folder(plugin), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(Folder(plugin), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return target;
    }

    /// <summary>A copy with another manifest.</summary>
    public string CopyOf(string plugin, Action<JsonObject> edit)
    {
        var folder = CopyOf(plugin);
        var file = Path.Combine(folder, PluginManifest.FileName);
        var manifest = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        edit(manifest);
        File.WriteAllText(file, manifest.ToJsonString());
        return folder;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
