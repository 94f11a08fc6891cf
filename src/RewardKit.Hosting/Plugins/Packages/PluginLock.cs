using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins.Packages;

/// <summary>
/// <c>rewardkit.plugins.lock.json</c>: a hash over the plugin files of each package, made when the package was added. NuGet's
/// own lock file covers what is downloaded; this one what is loaded.
/// </summary>
internal static class PluginLock
{
    /// <summary>The file's name.</summary>
    public const string FileName = "rewardkit.plugins.lock.json";

    private static readonly JsonSerializerOptions s_page = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>A locked package.</summary>
    /// <param name="Version">Its version.</param>
    /// <param name="Sha256">SHA-256 over the files in its plugin folder, their names included.</param>
    public sealed record Entry(string Version, string Sha256);

    /// <summary>Reads the lock beside a project, by package id; empty where there is none.</summary>
    /// <exception cref="RewardKitException">It is damaged.</exception>
    public static SortedDictionary<string, Entry> Read(string project)
    {
        var file = FileOf(project);
        var entries = new SortedDictionary<string, Entry>(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(file)) return entries;
        try
        {
            foreach (var (id, entry) in JsonSerializer.Deserialize<Dictionary<string, Entry>>(File.ReadAllBytes(file), s_page) ?? [])
                entries.Add(id, entry is { Version: not null, Sha256: not null } ? entry : throw new JsonException($"{id} lacks version or sha256."));
            return entries;
        }
        catch (JsonException e)
        {
            throw RewardKitException.Input($"{file} is damaged ({e.Message}). Take it from version control, or remove it and run: rewardkit plugin restore", e);
        }
    }

    /// <summary>The lock's text.</summary>
    public static byte[] Write(SortedDictionary<string, Entry> entries) => [.. JsonSerializer.SerializeToUtf8Bytes(entries, s_page), (byte)'\n'];

    /// <summary>The hash of a package's plugin folder.</summary>
    public static string Hash(string folder) => new FileHashes().Of(folder, Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));

    /// <summary>The lock file beside a project.</summary>
    public static string FileOf(string project) => Path.Combine(Path.GetDirectoryName(project)!, FileName);
}
