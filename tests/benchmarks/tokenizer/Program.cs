using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Models.Tokenization;
using RewardKit.TestOracles;

// Encoding HH-RLHF dialogues on one thread: RewardKit against @huggingface/tokenizers under Node. Both are warm from other
// dialogues; what is timed is text they have not seen. Each side runs as a process of its own, in turn, several rounds;
// the ratio is between the medians.
//
//     dotnet fsi build.fsx bench tokenizer [--rounds N]

if (args is ["ours", var tokenizerFile, var textsFile])
{
    Console.WriteLine(JsonSerializer.Serialize(Ours(tokenizerFile, textsFile), JsonSerializerOptions.Web));
    return 0;
}

var rounds = Array.IndexOf(args, "--rounds") is >= 0 and var at && at + 1 < args.Length ? int.Parse(args[at + 1]) : 3;
var root = typeof(Measured).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
var packages = NodePackages.Folder(root, out var missing);
if (missing is not null)
{
    Console.Error.WriteLine(missing);
    return 2;
}

var work = Directory.CreateTempSubdirectory("rewardkit-bench-").FullName;
try
{
    string[] texts = [.. Dialogues(root)];
    var (known, unseen) = (texts[..(texts.Length / 2)], texts[(texts.Length / 2)..]);
    var textFile = Path.Combine(work, "texts.json");
    File.WriteAllText(textFile, JsonSerializer.Serialize(new { known, unseen }));
    var megabytes = unseen.Sum(Encoding.UTF8.GetByteCount) / 1e6;
    Console.WriteLine(FormattableString.Invariant($"HH-RLHF helpful-base, {unseen.Length} dialogues, {megabytes:0.00} MB of UTF-8, one thread, {rounds} rounds"));
    var ratios = new List<string>();
    foreach (var (name, json) in Tokenizers(root))
    {
        var file = Path.Combine(work, "tokenizer.json");
        File.WriteAllText(file, json.ToJsonString());
        var (ours, theirs) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < rounds; round++)
        {
            ours.Add(Run(Environment.ProcessPath!, ["ours", file, textFile]));
            theirs.Add(Run("node", [Path.Combine(AppContext.BaseDirectory, "peer.mjs"), packages, file, textFile]));
        }
        if (ours[0].Tokens != theirs[0].Tokens)
            throw new InvalidOperationException($"{name}: {ours[0].Tokens} tokens here, {theirs[0].Tokens} there.");
        var (a, b) = (Median(ours, m => m.Seconds), Median(theirs, m => m.Seconds));
        Console.WriteLine(FormattableString.Invariant(
            $"{name,-12} RewardKit {megabytes / a,6:0.0} MB/s (again {megabytes / Median(ours, m => m.Again):0.0})   Node {megabytes / b,6:0.0} MB/s (again {megabytes / Median(theirs, m => m.Again):0.0})"));
        ratios.Add(FormattableString.Invariant($"ratio tokenizer-{name} {b / a:G3} target 5"));
    }
    ratios.ForEach(Console.WriteLine);
    return 0;
}
finally
{
    Directory.Delete(work, recursive: true);
}

static Measured Ours(string tokenizerFile, string textsFile)
{
    var tokenizer = Tokenizer.Load(tokenizerFile);
    var texts = JsonDocument.Parse(File.ReadAllBytes(textsFile)).RootElement;
    string[] known = texts.GetProperty("known").Deserialize<string[]>()!, unseen = texts.GetProperty("unseen").Deserialize<string[]>()!;
    long tokens = 0;
    for (var warm = 0.0; warm < 3;) warm += Seconds(known);
    tokens = 0;
    return new(Seconds(unseen), Seconds(unseen), tokens / 2);

    double Seconds(string[] of)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var text in of) tokens += tokenizer.Encode(text).Length;
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

static Measured Run(string command, string[] arguments)
{
    var (output, error) = NodePackages.Run(command, arguments, Environment.CurrentDirectory);
    return error is null ? JsonSerializer.Deserialize<Measured>(output.Trim(), JsonSerializerOptions.Web)! : throw new InvalidOperationException(error);
}

static double Median(List<Measured> measured, Func<Measured, double> value)
{
    var sorted = measured.Select(value).Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}

static IEnumerable<string> Dialogues(string root)
{
    using var reader = new StreamReader(new GZipStream(
        File.OpenRead(Path.Combine(root, "tests/benchmarks/data/hh-rlhf/helpful-base/train.jsonl.gz")), CompressionMode.Decompress));
    while (reader.ReadLine() is { } line) yield return JsonDocument.Parse(line).RootElement.GetProperty("chosen").GetString()!;
}

// GPT-2's split, Llama 3's split with 100,278 tokens, and Llama 2's vocabulary with its space marks.
static IEnumerable<(string Name, JsonNode Json)> Tokenizers(string root)
{
    var gpt2 = JsonNode.Parse("""
        {"added_tokens": [{"id": 50256, "content": "<|endoftext|>", "special": true, "normalized": false}], "normalizer": null,
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}, "post_processor": null,
         "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE"}}
        """)!;
    var folder = Path.Combine(root, "scripts/models/gpt2-tokenizer");
    gpt2["model"]!["vocab"] = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "vocab.json")));
    gpt2["model"]!["merges"] = new JsonArray([.. File.ReadLines(Path.Combine(folder, "merges.txt")).Skip(1).Select(line => JsonValue.Create(line))]);
    yield return ("gpt2", gpt2);
    foreach (var (name, file) in ((string, string)[])[("llama3", "dolma2"), ("llama2", "phi-3-mini")])
    {
        using var stream = new GZipStream(File.OpenRead(Path.Combine(root, $"tests/data/tokenizers/{file}/tokenizer.json.gz")), CompressionMode.Decompress);
        yield return (name, JsonNode.Parse(stream)!);
    }
}

/// <summary>What a side reports: seconds for the unseen texts, for the same again, and their tokens.</summary>
internal sealed record Measured(double Seconds, double Again, long Tokens);
