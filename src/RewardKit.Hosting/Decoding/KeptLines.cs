using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Hosting.Decoding;

/// <summary>
/// Results of one kind of work by what was asked, in a file of JSON Lines: first what decides them, then one a line, written
/// as they come. What was being written when a process was killed is left out, and done again.
/// </summary>
/// <typeparam name="T">A record of the host's own.</typeparam>
internal sealed class KeptLines<T> where T : class
{
    private sealed record Header(string Key, IReadOnlyDictionary<string, string> Parts);

    private sealed record Line(string Id, T Value);

    private readonly Dictionary<string, T> _known = [];
    private readonly string _path;
    private readonly ContentKey _key;
    private readonly bool _writes;
    private bool _begun;

    /// <summary>Opens what there is.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="key">What decides the results; the file has its name.</param>
    /// <param name="writes">Whether new results are written.</param>
    /// <param name="fresh">Whether what there is counts for nothing.</param>
    public KeptLines(string folder, ContentKey key, bool writes, bool fresh)
    {
        (_path, _key, _writes) = (Path.Combine(folder, key.Hash[..16] + ".jsonl"), key, writes);
        Doing(() =>
        {
            // Of a folder that is not there it cannot be deleted.
            if (fresh && writes && File.Exists(_path)) File.Delete(_path);
            if (!fresh && File.Exists(_path)) Read();
        });
    }

    /// <summary>The result for what was asked; null if there is none.</summary>
    public T? Find(string id) => _known.GetValueOrDefault(id);

    /// <summary>Keeps results.</summary>
    public void Add(IReadOnlyList<(string Id, T Value)> results)
    {
        foreach (var (id, value) in results) _known[id] = value;
        if (!_writes) return;
        Doing(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using var stream = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            if (!_begun)
            {
                // A key that only begins alike, or a last line that is not whole.
                stream.SetLength(_sound);
                _begun = true;
            }
            stream.Seek(0, SeekOrigin.End);
            if (stream.Length == 0) Write(stream, new Header(_key.Hash, _key.Parts));
            foreach (var (id, value) in results) Write(stream, new Line(id, value));
        });
    }

    private long _sound;

    private void Read()
    {
        var bytes = File.ReadAllBytes(_path).AsSpan();
        var first = true;
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            try
            {
                if (first && JsonSerializer.Deserialize<Header>(bytes[..end], StoreJson.Options)?.Key != _key.Hash) return;
                if (!first && JsonSerializer.Deserialize<Line>(bytes[..end], StoreJson.Options) is { } line) _known[line.Id] = line.Value;
            }
            catch (JsonException)
            {
                return;
            }
            first = false;
            _sound += end + 1;
            bytes = bytes[(end + 1)..];
        }
    }

    private static void Write<TLine>(Stream stream, TLine line)
    {
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(line, StoreJson.Options));
        stream.WriteByte((byte)'\n');
    }

    private void Doing(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of("what was generated", _path, e);
        }
    }
}
