using System.Text;
using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>The parts of a tokenizer as its files describe them.</summary>
internal sealed record TokenizerParts(BpeFile Bpe, Normalizer Normalizer, PreTokenizer PreTokenizer, TokenDecoder Decoder)
{
    /// <summary>Tokens found in the text as they stand.</summary>
    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    /// <summary>What stands around a single text; null where the files leave that to <c>tokenizer_config.json</c>.</summary>
    public PostProcessor? PostProcessor { get; init; }

    /// <summary>What the vocabulary itself says of its special tokens.</summary>
    public SpecialTokens? Special { get; init; }
}

/// <summary>Reads <c>tokenizer.json</c>, or GPT-2's <c>vocab.json</c> with <c>merges.txt</c>, or <c>tokenizer.model</c>.</summary>
internal static class TokenizerLoader
{
    // Ids index arrays; the largest vocabularies have a quarter of a million tokens.
    private const int LargestId = (1 << 23) - 1;

    public static TokenizerParts Load(TokenizerFiles files)
    {
        if (files.Json("tokenizer.json") is { } json) return FromTokenizerJson(json);
        if (files.Json("vocab.json") is { } vocab && files.Utf8Bytes("merges.txt") is { } merges)
            return FromVocabAndMerges(vocab, Encoding.UTF8.GetString(merges), files.PathOf("merges.txt"));
        if (files.Bytes("tokenizer.model") is { } model) return SentencePieceModel.Read(model, files.PathOf("tokenizer.model"));
        throw RewardKitException.Input(
            $"{files.Folder}: no tokenizer here: expected tokenizer.json, or vocab.json with merges.txt, or tokenizer.model. "
            + "Name a folder that has one in the model's Tokenizer option.");
    }

    private static TokenizerParts FromTokenizerJson(JsonField root)
    {
        var model = root.Required("model");
        // Old files have no type; BPE is the only one with merges.
        var type = model.Optional("type")?.Text() ?? (model.Optional("merges") is null ? "unnamed" : "BPE");
        if (type != "BPE") throw model.Unsupported($"a {type} model (known: BPE)");
        foreach (var name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (model.Optional(name) is { } affix && affix.Text() is { Length: > 0 } text)
                throw affix.Unsupported($"BPE with {name} '{text}'");
        if (model.Optional("dropout") is { } dropout && dropout.Element.ValueKind == JsonValueKind.Number && dropout.Element.GetDouble() != 0)
            throw dropout.Unsupported("BPE with dropout");

        var preTokenizer = PreTokenizer.Parse(root.Optional("pre_tokenizer"));
        var vocab = Vocab(model.Required("vocab"));
        var added = root.Optional("added_tokens")?.Items().Select(Added).ToArray() ?? [];
        var bpe = new BpeFile(vocab, MergeList(model.Required("merges"), vocab))
        {
            Unknown = model.Optional("unk_token") is { } unknown ? Unknown(unknown, vocab) : null,
            FuseUnknown = model.Flag("fuse_unk"),
            ByteFallback = model.Flag("byte_fallback"),
            IgnoreMerges = model.Flag("ignore_merges"),
            ByteLevel = preTokenizer.ByteLevel,
        };
        return new(bpe, Normalizer.Parse(root.Optional("normalizer")), preTokenizer, TokenDecoder.Parse(root.Optional("decoder")))
        {
            Added = added,
            PostProcessor = PostProcessor.Parse(root.Optional("post_processor")),
        };
    }

    private static TokenizerParts FromVocabAndMerges(JsonField vocabulary, string merges, string mergesPath)
    {
        var vocab = Vocab(vocabulary);
        var list = new List<(int, int, int, int)>();
        var number = 0;
        foreach (var line in merges.Split('\n'))
        {
            number++;
            var merge = line.TrimEnd('\r');
            if (merge.Length > 0 && !(number == 1 && merge.StartsWith("#version", StringComparison.Ordinal)))
                list.Add(Merge(merge, vocab, list.Count, what => RewardKitException.Input($"{mergesPath}, line {number}: {what}.")));
        }
        // GPT-2's one special token stands in its vocabulary like any other.
        AddedToken[] added = vocab.TryGetValue("<|endoftext|>", out var end) ? [new(end, "<|endoftext|>", Special: true)] : [];
        return new(new(vocab, list) { ByteLevel = true }, new(), PreTokenizer.Gpt2(), TokenDecoder.ByteLevelOnly()) { Added = added };
    }

    private static AddedToken Added(JsonField token)
    {
        var content = token.Required("content");
        var special = token.Flag("special");
        return new(
            Id(token.Required("id")), content.Text() is { Length: > 0 } text ? text : throw content.Malformed("is empty; expected the token's text"),
            special, token.Flag("normalized", !special), token.Flag("single_word"), token.Flag("lstrip"), token.Flag("rstrip"));
    }

    private static Dictionary<string, int> Vocab(JsonField field)
    {
        if (field.Element.ValueKind != JsonValueKind.Object) throw field.Malformed("is not an object of ids by token");
        var vocab = new Dictionary<string, int>(field.Element.GetPropertyCount());
        foreach (var entry in field.Element.EnumerateObject())
        {
            string name;
            try
            {
                name = entry.Name;
            }
            catch (InvalidOperationException)
            {
                throw field.Malformed($"token {vocab.Count} has half a surrogate pair in its name, which is no text");
            }
            vocab[name] = entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out var id) && id is >= 0 and <= LargestId
                ? id
                : throw field.Malformed($"gives '{name}' the id {entry.Value}; expected a whole number from 0 to {LargestId}");
        }
        return vocab;
    }

    private static int Id(JsonField field) => field.Number() is <= LargestId and var id ? id
        : throw field.Malformed($"is the id {field.Number()}; expected a whole number from 0 to {LargestId}");

    private static int Unknown(JsonField field, Dictionary<string, int> vocab) =>
        vocab.TryGetValue(field.Text(), out var id) ? id : throw field.Malformed($"names '{field.Text()}', which the vocabulary lacks");

    private static List<(int, int, int, int)> MergeList(JsonField field, Dictionary<string, int> vocab)
    {
        var merges = new List<(int, int, int, int)>();
        foreach (var item in field.Items())
        {
            if (item.Element.ValueKind == JsonValueKind.Array)
            {
                string[] parts = [.. item.Items().Select(part => part.Text())];
                if (parts.Length != 2) throw item.Malformed($"has {parts.Length} tokens; a merge has two");
                merges.Add(Merge(parts[0], parts[1], vocab, merges.Count, item.Malformed));
            }
            else
            {
                merges.Add(Merge(item.Text(), vocab, merges.Count, item.Malformed));
            }
        }
        return merges;
    }

    private static (int, int, int, int) Merge(string line, Dictionary<string, int> vocab, int rank, Func<string, RewardKitException> malformed)
    {
        var space = line.IndexOf(' ');
        return space > 0 && space < line.Length - 1 && line.IndexOf(' ', space + 1) < 0
            ? Merge(line[..space], line[(space + 1)..], vocab, rank, malformed)
            : throw malformed($"the merge '{line}' is not two tokens with a space between");
    }

    private static (int, int, int, int) Merge(
        string left, string right, Dictionary<string, int> vocab, int rank, Func<string, RewardKitException> malformed)
    {
        if (left.Length == 0 || right.Length == 0) throw malformed("a merge has an empty token");
        return (IdOf(left), IdOf(right), rank, IdOf(left + right));

        int IdOf(string token) => vocab.TryGetValue(token, out var id) ? id
            : throw malformed($"the merge '{left} {right}' needs the token '{token}', which the vocabulary lacks");
    }
}
