using System.IO.Compression;
using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>The tokenizer's files in a folder; any of them may be compressed, with <c>.gz</c> after its name.</summary>
internal sealed class TokenizerFiles(string folder)
{
    /// <summary>The files that are read; <c>config.json</c>, which belongs to the model, is read for its token ids, too.</summary>
    public static readonly string[] Names =
    [
        "tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "chat_template.jinja",
    ];

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>Opens a file for reading, or returns null if there is none of this name.</summary>
    public Stream? Open(string name)
    {
        var path = Path.Combine(folder, name);
        if (File.Exists(path)) return File.OpenRead(path);
        return File.Exists(path + ".gz") ? new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress) : null;
    }

    /// <summary>Reads a JSON file, or returns null if there is none of this name.</summary>
    public JsonDocument? Json(string name)
    {
        using var stream = Open(name);
        if (stream is null) return null;
        try
        {
            return JsonDocument.Parse(stream);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            throw RewardKitException.Input($"{Path.Combine(folder, name)}: not readable as JSON: {e.Message}", e);
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
}
