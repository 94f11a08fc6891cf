using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// Everything that decides a result, by name, and one hash over it: two runs with the same key give the same numbers.
/// The parts are kept beside the results, so that a reader can see why a run was computed again.
/// </summary>
internal sealed class ContentKey
{
    private readonly SortedDictionary<string, string> parts = new(StringComparer.Ordinal);

    /// <summary>The parts by name.</summary>
    public IReadOnlyDictionary<string, string> Parts => parts;

    /// <summary>SHA-256 over all parts, in hexadecimal.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parts)));

    /// <summary>Adds a part.</summary>
    public ContentKey Add(string name, string value)
    {
        parts.Add(name, value);
        return this;
    }

    /// <summary>Adds a record of the host's own by its properties.</summary>
    public ContentKey Add<T>(string name, T record) => Add(name, JsonSerializer.Serialize(record));

    /// <summary>Adds a method: its content and the options set, in the order of their names.</summary>
    public ContentKey Add(string name, MethodUse use, MethodSource methods) => Add(name,
        $"{use.Id} {methods.ContentHash(use)} {JsonSerializer.Serialize(new SortedDictionary<string, object>(use.Options.ToDictionary(), StringComparer.Ordinal))}");
}

/// <summary>Content hashes of files, each file read once as long as its size and time stay.</summary>
internal sealed class FileHashes
{
    private readonly Dictionary<(string Path, long Size, DateTime Written), string> known = [];

    /// <summary>SHA-256 of a file's content; of each file's name and content for a folder (subfolders left out).</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="pattern">Which files of a folder.</param>
    public string Of(string path, string pattern = "*")
    {
        if (!Directory.Exists(path)) return OfFile(path);
        var listing = Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)} {OfFile(f)}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(listing))));
    }

    private string OfFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw RewardKitException.Input($"There is no file {path}.");
        var state = (file.FullName, file.Length, file.LastWriteTimeUtc);
        if (known.TryGetValue(state, out var hash)) return hash;
        using var stream = file.OpenRead();
        return known[state] = Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
