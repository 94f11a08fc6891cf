using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RewardKit.Models.Tokenization;
using RewardKit.TestOracles;

namespace RewardKit.Models.Tests.Tokenization;

/// <summary>
/// Against @huggingface/tokenizers on Node: real dialogues and random Unicode, not one difference. What the package does
/// otherwise than Hugging Face's own Rust code is left out, each with the reason.
/// </summary>
public partial class HuggingFaceTests
{
    private const int RealTexts = 2000;
    private const int RandomOnes = 2000;
    private const string Kept = "tokenizers/huggingface_cases.jsonl.gz";

    private sealed record Expected(int[] Ids, string Text, int[] Unassigned);

    private static readonly string[] Tokenizers =
        ["gpt2", "phi-2", "dolma2", "llama3-style-small", "phi-3-mini", "stories260K", "qwen2-style", "gemma-style", "mistral-style", "NFD", "NFKC", "NFKD"];

    [TestCaseSource(nameof(Tokenizers))]
    public void Agrees_on_real_texts(string name)
    {
        using var folder = new TempFolder();
        Compare(name, folder, [.. Dialogues().Take(RealTexts)]);
    }

    [TestCaseSource(nameof(Tokenizers))]
    public void Agrees_on_random_unicode(string name)
    {
        using var folder = new TempFolder();
        var texts = new RandomTexts(seed: 1);
        Compare(name, folder, [.. Enumerable.Range(0, RandomOnes).Select(_ => texts.Next())]);
    }

    // Where Node is not: a part of the same comparison, kept from a run.
    [TestCaseSource(nameof(Tokenizers))]
    public void Agrees_with_a_kept_run(string name)
    {
        using var folder = new TempFolder();
        var tokenizer = Load(name, folder);
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Files.Data(Kept)), CompressionMode.Decompress));
        var count = 0;
        while (reader.ReadLine() is { } line)
        {
            var fields = JsonDocument.Parse(line).RootElement;
            if (fields.GetProperty("tokenizer").GetString() != name) continue;
            count++;
            var text = fields.GetProperty("text").GetString()!;
            Check(name, tokenizer, text, new(fields.GetProperty("ids").Deserialize<int[]>()!, fields.GetProperty("decoded").GetString()!, []));
        }
        Assert.That(count, Is.GreaterThan(100));
    }

    [Explicit("Writes the kept run."), Test]
    public void Keep_a_run()
    {
        var texts = new RandomTexts(seed: 2);
        string[] kept = [.. Dialogues().Skip(RealTexts).Where(text => text.Length < 300).Take(30), .. Enumerable.Range(0, 150).Select(_ => WellFormed(texts.Next())).Where(text => !StripsOtherSpace().IsMatch(text))];
        using var writer = new StreamWriter(new GZipStream(File.Create(Files.Data(Kept)), CompressionLevel.SmallestSize));
        foreach (var name in Tokenizers)
        {
            using var folder = new TempFolder();
            Load(name, folder);
            foreach (var (text, expected) in kept.Zip(Ask(folder, kept)))
                writer.Write(JsonSerializer.Serialize(new { tokenizer = name, text, ids = expected.Ids, decoded = expected.Text }) + "\n");
        }
    }

    private static void Compare(string name, TempFolder folder, string[] texts)
    {
        var tokenizer = Load(name, folder);
        // Half a surrogate pair is no character; what has bytes for tokens reads it as U+FFFD, here and there. Where
        // characters are tokens, the package looks for the half itself, which no vocabulary has.
        if (!IsByteLevel(name)) texts = [.. texts.Select(WellFormed)];
        var (left, expected) = (0, Ask(folder, texts));
        for (var i = 0; i < texts.Length; i++)
        {
            // Characters that an older Node's Unicode does not know are no letters to it.
            var newer = expected[i].Unassigned.Any(point => UnicodeTable.Category(point) != UnicodeCategory.OtherNotAssigned);
            if (newer || !IsByteLevel(name) && StripsOtherSpace().IsMatch(texts[i])) left++;
            else Check(name, tokenizer, texts[i], expected[i]);
        }
        TestContext.Out.WriteLine($"{name}: {texts.Length - left} texts compared, {left} left out");
        Assert.That(left, Is.LessThan(texts.Length / 10));
    }

    private static void Check(string name, Tokenizer tokenizer, string text, Expected expected)
    {
        var ids = tokenizer.Encode(text);
        Assert.That(ids, Is.EqualTo(expected.Ids), Escaped(text));
        // The package decodes bytes with a TextDecoder that drops U+FEFF in front; Rust's String::from_utf8 does not.
        if (!IsByteLevel(name) && text.Contains('\uFEFF')) return;
        Assert.That(tokenizer.Decode(ids, keepSpecialTokens: true), Is.EqualTo(expected.Text), Escaped(text));
    }

    // phi-3's added tokens take in the white space behind them, which is JavaScript's in the package: see WithPattern.
    [GeneratedRegex(@"(<\|user\|>|</s>)\s*[\u0085\uFEFF]")]
    private static partial Regex StripsOtherSpace();

    private static bool IsByteLevel(string name) => name is not ("phi-3-mini" or "stories260K" or "gemma-style" or "mistral-style");

    // Loads a tokenizer from a tokenizer.json that the package reads, too.
    private static Tokenizer Load(string name, TempFolder folder)
    {
        var json = name switch
        {
            "gpt2" => Gpt2(),
            "qwen2-style" => Qwen2Style(),
            "gemma-style" => GemmaStyle(),
            "mistral-style" => MistralStyle(),
            "phi-2" => WithPattern(Json("phi-2")),
            "NFD" or "NFKC" or "NFKD" => Normalized(name),
            _ => Json(name),
        };
        folder.Write("tokenizer.json", json.ToJsonString());
        return Tokenizer.Load(folder.Path);
    }

    private static JsonObject Json(string name)
    {
        var path = Path.Combine(Files.TokenizerFolder(name), "tokenizer.json");
        using Stream stream = File.Exists(path) ? File.OpenRead(path) : new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress);
        return JsonNode.Parse(stream)!.AsObject();
    }

    private static JsonObject Gpt2()
    {
        var json = JsonNode.Parse("""
            {"added_tokens": [{"id": 50256, "content": "<|endoftext|>", "special": true, "normalized": false}],
             "normalizer": null, "pre_tokenizer": null, "post_processor": null,
             "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE"}}
            """)!.AsObject();
        json["model"]!["vocab"] = JsonNode.Parse(File.ReadAllText(Path.Combine(Files.Gpt2, "vocab.json")));
        json["model"]!["merges"] = new JsonArray([.. File.ReadLines(Path.Combine(Files.Gpt2, "merges.txt")).Skip(1).Select(line => JsonValue.Create(line))]);
        return WithPattern(json);
    }

    // The package's ByteLevel uses JavaScript's \s, which has U+FEFF and lacks U+0085, as its own rewriting of other
    // patterns says: "JS \s wrongly adds U+FEFF and misses \x85". So it gets the same pattern as a Split.
    private static JsonObject WithPattern(JsonObject json, string pattern = KnownSplits.Gpt2)
    {
        json["pre_tokenizer"] = JsonNode.Parse("""
            {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": false},
                {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]}
            """);
        json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = pattern;
        return json;
    }

    private static JsonObject Qwen2Style()
    {
        var json = WithPattern(Json("dolma2"), KnownSplits.Qwen2);
        json["normalizer"] = JsonNode.Parse("""{"type": "NFC"}""");
        return json;
    }

    private static JsonObject Normalized(string form)
    {
        var json = Json("llama3-style-small");
        json["normalizer"] = JsonNode.Parse($$"""{"type": "{{form}}"}""");
        return json;
    }

    private static JsonObject GemmaStyle()
    {
        var json = Json("phi-3-mini");
        json["normalizer"] = JsonNode.Parse("""{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""");
        json["pre_tokenizer"] = JsonNode.Parse("""{"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false}""");
        json["decoder"] = JsonNode.Parse("""
            {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}
            """);
        return json;
    }

    private static JsonObject MistralStyle()
    {
        var json = Json("phi-3-mini");
        json["normalizer"] = null;
        json["pre_tokenizer"] = JsonNode.Parse("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false}""");
        return json;
    }

    private static Expected[] Ask(TempFolder folder, string[] texts)
    {
        var packages = NodePackages.Folder(Files.Root, out var missing);
        if (missing is not null) Assert.Ignore(missing);
        var (output, error) = NodePackages.Run(
            "node", [Path.Combine(Files.Root, "tests", "node", "tokenize.mjs"), packages, folder["tokenizer.json"]], folder.Path,
            string.Concat(texts.Select(text => Escaped(text) + "\n")));
        Assert.That(error, Is.Null);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Expected>(line, JsonSerializerOptions.Web)!)];
    }

    private static IEnumerable<string> Dialogues()
    {
        foreach (var file in (string[])["scripts/data/hh-rlhf/harmless-base/train.jsonl.gz", "tests/benchmarks/data/hh-rlhf/helpful-base/train.jsonl.gz"])
        {
            using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(Files.Root, file)), CompressionMode.Decompress));
            while (reader.ReadLine() is { } line)
                foreach (var side in JsonDocument.Parse(line).RootElement.EnumerateObject()) yield return side.Value.GetString()!;
        }
    }

    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    // JSON with every character escaped, so that half a surrogate pair stays what it is.
    private static string Escaped(string text) => '"' + string.Concat(text.Select(c => $"\\u{(int)c:x4}")) + '"';
}
