using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>The parts of a tokenizer as its files describe them.</summary>
internal sealed record TokenizerParts(
    Dictionary<string, int> Vocab, BpeModel Model, Normalizer? Normalizer, PreTokenizer PreTokenizer,
    TokenDecoder Decoder, IReadOnlyList<AddedToken> Added, string? TemplateStart);

/// <summary>Reads <c>tokenizer.json</c>, or GPT-2's <c>vocab.json</c> with <c>merges.txt</c>.</summary>
internal static class TokenizerLoader
{
    public static TokenizerParts Load(TokenizerFiles files)
    {
        if (!Directory.Exists(files.Folder))
            throw RewardKitException.Input($"{files.Folder}: there is no such folder to read a tokenizer from.");
        using var document = files.Json("tokenizer.json");
        if (document is not null)
            return FromTokenizerJson(document.RootElement, new(Path.Combine(files.Folder, "tokenizer.json")));
        using var vocab = files.Json("vocab.json");
        using var merges = files.Open("merges.txt");
        if (vocab is not null && merges is not null)
            return FromVocabAndMerges(vocab.RootElement, merges, new(Path.Combine(files.Folder, "vocab.json")));
        throw RewardKitException.Input(
            $"{files.Folder}: no tokenizer here: expected tokenizer.json, or vocab.json with merges.txt. "
            + "Name a folder that has one in the model's Tokenizer option.");
    }

    private static TokenizerParts FromTokenizerJson(JsonElement root, TokenizerJson json)
    {
        var model = json.Property(root, "model");
        // Old files have no type; BPE is the only one with merges.
        var type = model.TryGetProperty("type", out _) ? json.Type(model, "model") : model.TryGetProperty("merges", out _) ? "BPE" : "unnamed";
        if (type != "BPE") throw json.Unsupported($"a {type} model (known: BPE)");
        foreach (var name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (Optional(model, name) is { ValueKind: JsonValueKind.String } affix && affix.GetString() != "")
                throw json.Unsupported($"BPE with {name} '{affix.GetString()}'");
        if (Optional(model, "dropout") is { ValueKind: JsonValueKind.Number } dropout && dropout.GetDouble() != 0)
            throw json.Unsupported("BPE with dropout");

        var vocab = Vocab(json.Property(model, "vocab"), json);
        var merges = new List<(string, string)>();
        foreach (var merge in json.Property(model, "merges").EnumerateArray())
            merges.Add(merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
                ? Checked(merge[0].GetString()!, merge[1].GetString()!, vocab, json)
                : Merge(merge.GetString() ?? "", vocab, json));
        var added = new List<AddedToken>();
        if (Optional(root, "added_tokens") is { ValueKind: JsonValueKind.Array } list)
            foreach (var token in list.EnumerateArray())
                added.Add(new(
                    json.Number(token, "id"), json.Text(token, "content"), json.Flag(token, "special"), json.Flag(token, "normalized"),
                    json.Flag(token, "single_word"), json.Flag(token, "lstrip"), json.Flag(token, "rstrip")));
        var unknown = Optional(model, "unk_token") is { ValueKind: JsonValueKind.String } unk ? unk.GetString() : null;
        return new(
            vocab,
            new(vocab, merges, unknown, json.Flag(model, "fuse_unk"), json.Flag(model, "byte_fallback"), json.Flag(model, "ignore_merges")),
            Normalizer.Parse(Optional(root, "normalizer"), json),
            PreTokenizer.Parse(Optional(root, "pre_tokenizer"), json),
            TokenDecoder.Parse(Optional(root, "decoder"), json),
            added,
            TemplateStart(Optional(root, "post_processor"), json));
    }

    private static TokenizerParts FromVocabAndMerges(JsonElement vocabulary, Stream mergesFile, TokenizerJson json)
    {
        var vocab = Vocab(vocabulary, json);
        var merges = new List<(string, string)>();
        using var reader = new StreamReader(mergesFile);
        while (reader.ReadLine() is { } line)
            if (line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)) merges.Add(Merge(line, vocab, json));
        // GPT-2's one special token stands in its vocabulary like any other.
        AddedToken[] added = vocab.TryGetValue("<|endoftext|>", out var end) ? [new(end, "<|endoftext|>", Special: true)] : [];
        return new(
            vocab, new(vocab, merges, null, false, false, false), null, PreTokenizer.Gpt2(), TokenDecoder.ByteLevelOnly(), added, null);
    }

    private static Dictionary<string, int> Vocab(JsonElement element, TokenizerJson json)
    {
        if (element.ValueKind != JsonValueKind.Object) throw json.Malformed("the vocabulary is not an object of ids by token");
        var vocab = new Dictionary<string, int>(element.GetPropertyCount());
        foreach (var entry in element.EnumerateObject())
            vocab[entry.Name] = entry.Value.TryGetInt32(out var id) && id >= 0 ? id
                : throw json.Malformed($"the vocabulary gives '{entry.Name}' the id {entry.Value}");
        return vocab;
    }

    private static (string, string) Merge(string line, Dictionary<string, int> vocab, TokenizerJson json)
    {
        var parts = line.Split(' ');
        return parts.Length == 2 ? Checked(parts[0], parts[1], vocab, json)
            : throw json.Malformed($"the merge '{line}' is not two tokens with a space between");
    }

    private static (string, string) Checked(string left, string right, Dictionary<string, int> vocab, TokenizerJson json)
    {
        foreach (var token in (string[])[left, right, left + right])
            if (!vocab.ContainsKey(token)) throw json.Malformed($"the merge '{left} {right}' needs the token '{token}', which the vocabulary lacks");
        return (left, right);
    }

    // The special token that the post-processor puts in front of a single text.
    private static string? TemplateStart(JsonElement processor, TokenizerJson json)
    {
        if (processor.ValueKind != JsonValueKind.Object) return null;
        switch (json.Type(processor, "post_processor"))
        {
            case "Sequence":
                return json.Property(processor, "processors").EnumerateArray()
                    .Select(child => TemplateStart(child, json)).FirstOrDefault(start => start is not null);
            case "TemplateProcessing":
                var single = json.Property(processor, "single");
                return single.GetArrayLength() > 0 && single[0].TryGetProperty("SpecialToken", out var special)
                    ? json.Text(special, "id")
                    : null;
            default:
                return null;
        }
    }

    private static JsonElement Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value : default;
}
