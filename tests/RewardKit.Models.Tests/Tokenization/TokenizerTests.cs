using System.IO.Compression;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class TokenizerTests
{
    private static IEnumerable<(string Tokenizer, string Text, int[] Ids)> Cases()
    {
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(Files.Data("tokenizers/tokenization_cases.jsonl.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            var root = JsonDocument.Parse(line).RootElement;
            yield return (
                root.GetProperty("tokenizer").GetString()!, root.GetProperty("text").GetString()!,
                [.. root.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())]);
        }
    }

    [TestCase("gpt2")]
    [TestCase("phi-2")]
    [TestCase("dolma2")]
    [TestCase("llama3-style-small")]
    [TestCase("phi-3-mini")]
    [TestCase("stories260K")]
    public void Encodes_as_the_reference_does(string name)
    {
        var tokenizer = Files.Tokenizer(name);
        var cases = Cases().Where(c => c.Tokenizer == name).ToList();

        Assert.That(cases, Has.Count.EqualTo(52));
        Assert.Multiple(() =>
        {
            foreach (var (_, text, ids) in cases) Assert.That(tokenizer.Encode(text), Is.EqualTo(ids), text);
        });
    }

    [TestCase("gpt2")]
    [TestCase("phi-2")]
    [TestCase("dolma2")]
    [TestCase("llama3-style-small")]
    [TestCase("phi-3-mini")]
    [TestCase("stories260K")]
    public void Decodes_what_it_encoded(string name)
    {
        var tokenizer = Files.Tokenizer(name);

        Assert.Multiple(() =>
        {
            foreach (var (_, text, ids) in Cases().Where(c => c.Tokenizer == name))
                Assert.That(tokenizer.Decode(ids), Is.EqualTo(text));
        });
    }

    [Test]
    public void Any_text_survives_a_byte_level_round_trip()
    {
        var tokenizer = Files.Tokenizer("gpt2");

        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            // JSON text is what arrives here: no null, and lone surrogates count as U+FFFD.
            var valid = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text ?? ""));
            return tokenizer.Decode(tokenizer.Encode(text ?? ""), keepSpecialTokens: true) == valid;
        }).QuickCheckThrowOnFailure();
    }

    // 𝒳 is two UTF-16 units and one letter, 😀 two units and none.
    [Test]
    public void Letters_beyond_the_basic_plane_are_letters()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", """
            {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\p{L}+"}, "behavior": "Removed", "invert": true},
             "model": {"type": "BPE", "vocab": {"a": 0, "𝒳": 1, "b": 2, "1": 3, "😀": 4}, "merges": []}}
            """);

        Assert.That(Tokenizer.Load(folder.Path).Encode("1a𝒳b😀1b"), Is.EqualTo((int[])[0, 1, 2, 2]));
    }

    [Test]
    public void Special_tokens_in_the_text_are_found()
    {
        var tokenizer = Files.Tokenizer("gpt2");
        var ids = tokenizer.Encode("Hello<|endoftext|>world");

        Assert.That(ids, Is.EqualTo((int[])[15496, 50256, 6894]));
        Assert.That(tokenizer.Decode(ids), Is.EqualTo("Helloworld"));
        Assert.That(tokenizer.Decode(ids, keepSpecialTokens: true), Is.EqualTo("Hello<|endoftext|>world"));
    }

    // phi-3's <|user|> takes in the white space after it ("rstrip").
    [Test]
    public void Added_tokens_strip_white_space_where_they_say_so()
    {
        var tokenizer = Files.Tokenizer("phi-3-mini");

        Assert.That(tokenizer.Encode("<|user|>\n Hello"), Is.EqualTo(tokenizer.Encode("<|user|>Hello")));
        Assert.That(tokenizer.Encode("<|user|>Hello")[0], Is.EqualTo(32010));
    }

    [Test]
    public void Single_word_and_normalized_tokens_and_left_strip_follow_their_flags()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", """
            {"added_tokens": [
                {"id": 4, "content": "ab", "single_word": true, "special": false, "normalized": false},
                {"id": 5, "content": "<x>", "lstrip": true, "special": true},
                {"id": 6, "content": "c c", "normalized": true, "special": false}],
             "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "_": 3}, "merges": []}}
            """);
        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("a ab a"), Is.EqualTo((int[])[0, 3, 4, 3, 0]));
            Assert.That(tokenizer.Encode("aab"), Is.EqualTo((int[])[0, 0, 1]), "inside a word");
            Assert.That(tokenizer.Encode("a  <x> b"), Is.EqualTo((int[])[0, 5, 3, 1]));
            Assert.That(tokenizer.Encode("c c"), Is.EqualTo((int[])[6]), "found in normalised text");
            Assert.That(tokenizer.Encode("c_c"), Is.EqualTo((int[])[6]), "found in normalised text");
        });
    }

    [Test]
    public void Unknown_characters_become_bytes_then_the_unknown_token_and_else_nothing()
    {
        const string bytes = "\"<0xC3>\": 2, \"<0xA9>\": 3";
        Assert.Multiple(() =>
        {
            Assert.That(Ids("\"byte_fallback\": true", bytes, "aéa"), Is.EqualTo((int[])[0, 2, 3, 0]));
            Assert.That(Ids("\"unk_token\": \"<unk>\"", bytes, "aééa"), Is.EqualTo((int[])[0, 1, 1, 0]));
            Assert.That(Ids("\"unk_token\": \"<unk>\", \"fuse_unk\": true", bytes, "aééa"), Is.EqualTo((int[])[0, 1, 0]));
            Assert.That(Ids("\"fuse_unk\": true", bytes, "aéa"), Is.EqualTo((int[])[0, 0]));
        });

        static int[] Ids(string options, string vocab, string text)
        {
            using var folder = new TempFolder();
            folder.Write("tokenizer.json", $$$"""
                {"model": {"type": "BPE", {{{options}}}, "vocab": {"a": 0, "<unk>": 1, {{{vocab}}}}, "merges": []}}
                """);
            return Tokenizer.Load(folder.Path).Encode(text);
        }
    }

    [Test]
    public void Special_token_ids_come_from_the_files_beside()
    {
        var (stories, gpt2, phi, tiny) = (
            Files.Tokenizer("stories260K"), Files.Tokenizer("gpt2"), Files.Tokenizer("phi-3-mini"),
            Tokenizer.Load(Files.Data("models/tiny_llama_with_tokenizer")));
        Assert.Multiple(() =>
        {
            Assert.That((stories.BosId, stories.EosId, stories.PadId, stories.AddsBos, stories.VocabSize), Is.EqualTo((1, 2, (int?)null, true, 512)));
            Assert.That((gpt2.BosId, gpt2.EosId, gpt2.PadId, gpt2.AddsBos, gpt2.VocabSize), Is.EqualTo((50256, 50256, (int?)null, false, 50257)));
            Assert.That((phi.BosId, phi.EosId, phi.PadId, phi.HasChatTemplate, phi.VocabSize), Is.EqualTo((1, 32000, 32000, true, 32011)));
            Assert.That((tiny.BosId, tiny.EosId, tiny.PadId, tiny.AddsBos), Is.EqualTo((1, 2, 2, true)), "BOS by the post-processor");
        });
    }

    [Test]
    public void Gzipped_and_plain_files_are_the_same_tokenizer()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["vocab.json", "merges.txt"])
        {
            using var target = new GZipStream(File.Create(folder[name + ".gz"]), CompressionLevel.Fastest);
            using var source = File.OpenRead(Path.Combine(Files.Gpt2, name));
            source.CopyTo(target);
        }
        const string text = "The same words, compressed or not.";

        Assert.That(Tokenizer.Load(folder.Path).Encode(text), Is.EqualTo(Files.Tokenizer("gpt2").Encode(text)));
    }

    [Test]
    public void Threads_may_share_a_tokenizer()
    {
        var shared = Files.Tokenizer("gpt2");
        var texts = Cases().Where(c => c.Tokenizer == "gpt2").ToList();

        var wrong = Enumerable.Range(0, 20).SelectMany(_ => texts).AsParallel().Count(c => !shared.Encode(c.Text).SequenceEqual(c.Ids));

        Assert.That(wrong, Is.Zero);
    }
}
