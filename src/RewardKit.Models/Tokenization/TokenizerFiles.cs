using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace RewardKit.Models.Tokenization;

/// <summary>The tokenizer's files in a folder; any of them may be compressed, with <c>.gz</c> after its name.</summary>
internal sealed class TokenizerFiles
{
    /// <summary>The files that are read; <c>config.json</c>, which belongs to the model, is read for its token ids, too.</summary>
    public static readonly string[] Names =
    [
        "tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "chat_template.jinja", "chat_template.json",
    ];

    // The largest tokenizer.json in use has some 35 MB; a small .gz can hold terabytes.
    private const int LargestFile = 256 << 20;

    private readonly string? _vocabulary;

    /// <summary>The files of a folder, or one file that holds the vocabulary, with what lies beside it.</summary>
    /// <param name="path">A folder, or a file with a <c>tokenizer.json</c> (whatever its name) or a <c>*.model</c>.</param>
    public TokenizerFiles(string path)
    {
        _vocabulary = File.Exists(path) ? path : null;
        Folder = _vocabulary is null ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(Folder))
            throw RewardKitException.Input($"{path}: there is no such folder or file to read a tokenizer from.");
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Where a file of this name is read from, for messages.</summary>
    public string PathOf(string name) => Stands(name) ? _vocabulary! : Path.Combine(Folder, name);

    /// <summary>Opens a file for reading, or returns null if there is none of this name.</summary>
    public Stream? Open(string name)
    {
        var path = PathOf(name);
        if (_vocabulary is not null && IsVocabulary(name) && !Stands(name)) return null;
        if (File.Exists(path))
            return path.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress)
                : File.OpenRead(path);
        return File.Exists(path + ".gz") ? new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress) : null;
    }

    /// <summary>Reads a file whole, or returns null if there is none of this name.</summary>
    public byte[]? Bytes(string name)
    {
        using var stream = Open(name);
        if (stream is null) return null;
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        try
        {
            while (stream.Read(buffer) is > 0 and var read)
            {
                if (content.Length + read > LargestFile)
                    throw RewardKitException.Input($"{PathOf(name)}: has more than {LargestFile >> 20} MB, and is no tokenizer's file.");
                content.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw RewardKitException.Input($"{PathOf(name)}: not readable as gzip: {e.Message}", e);
        }
        return content.ToArray();
    }

    /// <summary>Reads a text file, or returns null if there is none of this name.</summary>
    public byte[]? Utf8Bytes(string name)
    {
        if (Bytes(name) is not { } bytes) return null;
        return Utf8.IsValid(bytes) ? bytes : throw RewardKitException.Input($"{PathOf(name)}: not valid UTF-8. Copy the file again.");
    }

    /// <summary>Reads a JSON file, or returns null if there is none of this name.</summary>
    public JsonField? Json(string name)
    {
        if (Utf8Bytes(name) is not { } bytes) return null;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return new(PathOf(name), document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw RewardKitException.Input($"{PathOf(name)}: not readable as JSON: {e.Message}", e);
        }
    }

    /// <summary>Copies the files that are there into another folder, uncompressed.</summary>
    public void CopyTo(string target)
    {
        foreach (var name in Names)
        {
            using var source = Open(name);
            if (source is null) continue;
            using var copy = File.Create(Path.Combine(target, name));
            source.CopyTo(copy);
        }
    }

    /// <summary>
    /// Gives a folder's tokenizer further tokens, numbered on from its last; they are found whole in a text, as any token that was
    /// added to a tokenizer.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tokens">The tokens, none of them among its own.</param>
    /// <exception cref="RewardKitException">The tokenizer is not one of tokenizer.json.</exception>
    public static void Append(string folder, IReadOnlyList<string> tokens)
    {
        const string name = "tokenizer.json";
        var files = new TokenizerFiles(folder);
        var first = Tokenizer.Load(folder).VocabSize;
        var root = files.Utf8Bytes(name) is { } bytes ? JsonNode.Parse(bytes)!.AsObject()
            : throw RewardKitException.Input($"{folder}: tokens can be added to a {name} alone; save the tokenizer as one.");
        if (root["added_tokens"] is not JsonArray added) root["added_tokens"] = added = [];
        foreach (var (place, token) in tokens.Index())
            added.Add(new JsonObject
            {
                ["id"] = first + place,
                ["content"] = token,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = false,
            });
        File.WriteAllText(Path.Combine(folder, name), root.ToJsonString(new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        File.Delete(Path.Combine(folder, name + ".gz"));
    }

    private static bool IsVocabulary(string name) => name is "tokenizer.json" or "vocab.json" or "merges.txt" or "tokenizer.model";

    // Whether the one file that was named is meant by this name.
    private bool Stands(string name) => _vocabulary is not null
        && name == (_vocabulary.EndsWith(".model", StringComparison.Ordinal) || _vocabulary.EndsWith(".model.gz", StringComparison.Ordinal)
            ? "tokenizer.model"
            : "tokenizer.json");
}
