using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

/// <summary>Damaged files: a tokenizer, or a refusal that names the file; never another exception, never without end.</summary>
public class TokenizerFuzzTests
{
    private const string Text = "Human: Hi there!\n\n  Don't <s> 1234 \u4E2D\u6587 \U0001F600 e\u0301 <|endoftext|>";

    private static readonly string[] Odd =
    [
        "null", "true", "-1", "0", "3", "1e99", "2147483647", "99999999999", "0.5", "\"\"", "\"a\"", "\"\\u2581\"", "[]", "{}", "[[]]",
        "[null]", "{\"type\": \"Sequence\"}", "{\"type\": 1}", "{\"Regex\": \"(\"}", "{\"Regex\": \"\\\\s\"}", "{\"String\": \"\"}", "{\"id\": \"<s>\"}",
    ];

    [TestCase("tokenizer.json", 1500)]
    [TestCase("llama.json", 1000)]
    [TestCase("vocab.json", 500)]
    [TestCase("merges.txt", 250)]
    [TestCase("tokenizer_config.json", 250)]
    [TestCase("tokenizer.model", 500)]
    public void A_damaged_file_is_a_tokenizer_or_refused_by_name(string name, int mutations)
    {
        using var folder = new TempFolder();
        var damaged = Prepare(folder, name);
        var original = File.ReadAllBytes(folder[damaged]);
        var random = new Random(5);
        var (read, refused) = (0, 0);

        for (var i = 0; i < mutations; i++)
        {
            File.WriteAllBytes(folder[damaged], damaged.EndsWith(".json") && i % 2 == 0 ? Restructure(original, random) : Damage(original, random));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var tokenizer = Tokenizer.Load(folder.Path);
                tokenizer.Decode(tokenizer.EncodeWithSpecialTokens(Text));
                read++;
            }
            catch (RewardKitException e)
            {
                Assert.That(e.Message, Does.Contain(folder.Path), $"mutation {i}");
                refused++;
            }
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(256 << 20), $"mutation {i}");
        }

        Assert.That((read > 0, refused > 0), Is.EqualTo((true, true)), $"{read} read, {refused} refused");
    }

    [TestCase('[')]
    [TestCase('{')]
    public void Absurd_nesting_is_refused(char bracket)
    {
        using var folder = new TempFolder();
        var open = bracket == '[' ? "[" : "{\"type\": \"Sequence\", \"normalizers\": [";
        folder.Write("tokenizer.json", "{\"normalizer\": " + string.Concat(Enumerable.Repeat(open, 100_000)));

        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains(folder["tokenizer.json"]));
    }

    [Test]
    public void A_small_file_that_unpacks_to_gigabytes_is_refused()
    {
        using var folder = new TempFolder();
        using (var packed = new GZipStream(File.Create(folder["tokenizer.json.gz"]), CompressionLevel.Fastest))
        {
            var spaces = new byte[1 << 20];
            Array.Fill(spaces, (byte)' ');
            for (var i = 0; i < 300; i++) packed.Write(spaces);
        }

        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("more than 256 MB"));
    }

    // Writes the folder that a file belongs to, small enough to be read thousands of times; gives the name it has there.
    private static string Prepare(TempFolder folder, string name)
    {
        switch (name)
        {
            case "tokenizer.json":
                Shrink(JsonNode.Parse(File.ReadAllBytes(Files.Data("tokenizers/llama3-style-small/tokenizer.json")))!, folder, 400);
                return name;
            case "llama.json":
            case "tokenizer_config.json":
                File.Copy(Path.Combine(Files.Stories, "tokenizer.json"), folder["tokenizer.json"]);
                File.Copy(Path.Combine(Files.Stories, "tokenizer_config.json"), folder["tokenizer_config.json"]);
                return name == "llama.json" ? "tokenizer.json" : name;
            case "vocab.json":
            case "merges.txt":
                File.WriteAllLines(folder["merges.txt"], File.ReadLines(Path.Combine(Files.Gpt2, "merges.txt")).Take(120));
                var vocab = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Files.Gpt2, "vocab.json")))!.AsObject();
                folder.Write("vocab.json", new JsonObject(vocab.Where(e => (int)e.Value! < 400 || (int)e.Value! == 50256).Select(e => new KeyValuePair<string, JsonNode?>(e.Key, (int)e.Value!))).ToJsonString());
                return name;
            default:
                File.WriteAllBytes(folder[name], SentencePieceModelTests.ModelOf("stories260K"));
                return name;
        }
    }

    // The first merges, and the tokens they need.
    private static void Shrink(JsonNode json, TempFolder folder, int tokens)
    {
        var vocab = json["model"]!["vocab"]!.AsObject();
        foreach (var (token, id) in vocab.ToArray()) if ((int)id! >= tokens) vocab.Remove(token);
        var merges = json["model"]!["merges"]!.AsArray();
        var kept = merges.Where(merge => vocab.ContainsKey((string)merge![0]! + (string)merge[1]!)
            && vocab.ContainsKey((string)merge[0]!) && vocab.ContainsKey((string)merge[1]!)).Select(merge => merge!.DeepClone()).ToArray();
        json["model"]!["merges"] = new JsonArray(kept);
        folder.Write("tokenizer.json", json.ToJsonString());
    }

    // Bytes changed, dropped, doubled, cut off.
    private static byte[] Damage(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 200), bytes.Count - at)));
                    break;
                default:
                    if (random.Next(4) == 0) bytes.RemoveRange(at, bytes.Count - at);
                    else bytes[at] = "\"\\{}[]:,0"u8[random.Next(9)];
                    break;
            }
        }
        return [.. bytes];
    }

    // A value anywhere in the tree replaced by something odd, removed, or put where another stands.
    private static byte[] Restructure(byte[] original, Random random)
    {
        var root = JsonNode.Parse(original)!;
        for (var changes = random.Next(1, 3); changes > 0; changes--)
        {
            var node = root;
            // Rather the upper levels: below are thousands of merges.
            while (Children(node) is { Count: > 0 } children && (node == root || random.Next(4) > 0)) node = children[random.Next(children.Count)];
            var other = random.Next(3) == 0 && Children(root) is { Count: > 0 } top ? top[random.Next(top.Count)].DeepClone() : JsonNode.Parse(Odd[random.Next(Odd.Length)]);
            if (node.Parent is JsonObject parent)
            {
                if (random.Next(4) == 0) parent.Remove(node.GetPropertyName());
                else parent[node.GetPropertyName()] = other;
            }
            else if (node.Parent is JsonArray list)
            {
                if (random.Next(4) == 0) list.RemoveAt(node.GetElementIndex());
                else list[node.GetElementIndex()] = other;
            }
        }
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static List<JsonNode> Children(JsonNode node) => node switch
    {
        JsonObject value => [.. value.Select(entry => entry.Value).OfType<JsonNode>()],
        JsonArray value => [.. value.OfType<JsonNode>()],
        _ => [],
    };
}
