using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// Everything that decides a result, by name, and one hash over it: two runs with the same key give the same numbers, but
/// for rounding where device or number of threads differ. The parts are kept beside the results, so that a reader can see
/// why a run was computed again.
/// </summary>
internal sealed class ContentKey
{
    private static readonly JsonSerializerOptions Readable = new() { Converters = { new JsonStringEnumConverter() } };
    private readonly SortedDictionary<string, string> _parts = new(StringComparer.Ordinal);

    /// <summary>The parts by name.</summary>
    public IReadOnlyDictionary<string, string> Parts => _parts;

    /// <summary>SHA-256 over all parts, in hexadecimal.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(_parts)));

    /// <summary>Adds a part.</summary>
    public ContentKey Add(string name, string value)
    {
        _parts.Add(name, value);
        return this;
    }

    /// <summary>Adds a record of the host's own by its properties.</summary>
    public ContentKey Add<T>(string name, T record) => Add(name, JsonSerializer.Serialize(record, Readable));

    /// <summary>Adds a method: its content and its options in the order of their names; of what a path names, the content.</summary>
    public ContentKey Add(string name, MethodUse use, MethodSource methods, FileHashes files)
    {
        var paths = methods.Describe(use)?.Options.Where(o => o.Input is not null).Select(o => o.Name).ToArray() ?? [];
        var options = use.Options.ToDictionary(o => o.Key, o => o.Value is string path && paths.Contains(o.Key) ? files.OfInput(path) : o.Value);
        return Add(name, $"{use.Id} {methods.ContentHash(use)} {JsonSerializer.Serialize(new SortedDictionary<string, object>(options, StringComparer.Ordinal))}");
    }
}

/// <summary>Content hashes of files, each file read once as long as its size and time stay.</summary>
internal sealed class FileHashes
{
    private readonly Dictionary<(string Path, long Size, DateTime Written), string> _known = [];

    /// <summary>SHA-256 over files of a folder: their places in it and their contents. Where the folder lies plays no part.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="files">The files, in or below it.</param>
    public string Of(string folder, IEnumerable<string> files)
    {
        var listing = files.Select(f => $"{Path.GetRelativePath(folder, f)} {Of(f)}\n").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(listing))));
    }

    /// <summary>
    /// SHA-256 over what a plugin reads at a path: of a file its name and content (the name may mean something to the plugin),
    /// of a folder all that lies in and below it.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    public string OfInput(string path)
    {
        path = Path.GetFullPath(path);
        return Directory.Exists(path)
            ? Of(path, Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories))
            : Of(Path.GetDirectoryName(path)!, [path]);
    }

    /// <summary>What decides pairs: the content of their files and how it is read. Where a file lies plays no part.</summary>
    /// <param name="data">The pairs.</param>
    public string Of(PairData data) => data.Describe(file => Of(file.Path) + (file.Reading is { } reading ? $" read by {JsonSerializer.Serialize(reading)}" : "") + (file.KeepsFaulty ? " with faulty records" : ""));

    /// <summary>SHA-256 of a file's content.</summary>
    /// <param name="path">The file.</param>
    public string Of(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw RewardKitException.Input($"There is no file {path}.");
        var state = (file.FullName, file.Length, file.LastWriteTimeUtc);
        if (_known.TryGetValue(state, out var hash)) return hash;
        using var stream = file.OpenRead();
        return _known[state] = Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
