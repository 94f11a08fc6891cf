using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class TokenizerRefusalTests
{
    private const string Bpe = """{"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}""";

    [TestCase("""{"model": {"type": "WordPiece", "vocab": {}}}""", "model: the tokenizer uses a WordPiece model")]
    [TestCase("""{"model": {"type": "Unigram", "vocab": []}}""", "model: the tokenizer uses a Unigram model")]
    [TestCase("""{"normalizer": {"type": "Nmt"}, "model": BPE}""", "normalizer: the tokenizer uses normalizer Nmt")]
    [TestCase("""{"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}, "model": BPE}""", "normalizer.normalizers[1]: ")]
    [TestCase("""{"normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": ""}, "model": BPE}""", "normalizer.pattern.String: is empty")]
    [TestCase("""{"pre_tokenizer": {"type": "UnicodeScripts"}, "model": BPE}""", "pre_tokenizer: the tokenizer uses pre_tokenizer UnicodeScripts")]
    [TestCase("""{"pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "Merged"}, "model": BPE}""", "pre_tokenizer.behavior: ")]
    [TestCase("""{"pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "1"}, "model": BPE}""", "split behavior 1")]
    [TestCase("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a++"}, "behavior": "Isolated"}, "model": BPE}""", "pre_tokenizer.pattern.Regex: the tokenizer uses the regular expression a++")]
    [TestCase("""{"pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "last"}, "model": BPE}""", "prepend_scheme last")]
    [TestCase("""{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Digits"}]}, "model": BPE}""", "pre_tokenizer.pretokenizers[1]: the tokenizer uses a pre_tokenizer after ByteLevel")]
    [TestCase("""{"pre_tokenizer": 1, "model": BPE}""", "pre_tokenizer: is the number 1; expected an object")]
    [TestCase("""{"decoder": {"type": "WordPiece"}, "model": BPE}""", "decoder: the tokenizer uses decoder WordPiece")]
    [TestCase("""{"post_processor": {"type": "RobertaProcessing"}, "model": BPE}""", "post_processor: the tokenizer uses post_processor RobertaProcessing")]
    [TestCase("""{"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {}}, "model": BPE}""", "post_processor.single[0].SpecialToken.id: names '<s>'")]
    [TestCase("""{"added_tokens": [{"id": 3, "content": ""}], "model": BPE}""", "added_tokens[0].content: is empty")]
    [TestCase("""{"added_tokens": [{"id": 2000000000, "content": "x"}], "model": BPE}""", "added_tokens[0].id: is the id 2000000000")]
    [TestCase("""{"added_tokens": [{"id": 3, "content": "x", "lstrip": "no"}], "model": BPE}""", "added_tokens[0].lstrip: is a string; expected true or false")]
    [TestCase("""{"model": {"type": "BPE", "dropout": 0.1, "vocab": {}, "merges": []}}""", "dropout")]
    [TestCase("""{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []}}""", "end_of_word_suffix '</w>'")]
    [TestCase("""{"model": {"type": "BPE", "unk_token": "<unk>", "vocab": {}, "merges": []}}""", "model.unk_token: names '<unk>'")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}""", "model.merges[0]: the merge 'a b' needs the token 'ab'")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["abc"]}}""", "model.merges[0]: the merge 'abc'")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}}""", "model.merges[0]: has 1 tokens")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", 1]]}}""", "model.merges[0][1]: is the number 1; expected a string")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}""", "the id -1")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0.5}, "merges": []}}""", "model.vocab: gives 'a' the id 0.5")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"\ud800": 0}, "merges": []}}""", "model.vocab: token 0 has half a surrogate pair")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0}}}""", "model: 'merges' is missing")]
    [TestCase("""{"decoder": null}""", "'model' is missing")]
    [TestCase("[]", "is an array; expected an object")]
    [TestCase("""{"model": """, "not readable as JSON")]
    public void Names_what_it_cannot_read(string json, string named)
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", json.Replace("BPE}", Bpe + "}"));

        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains(folder["tokenizer.json"]).And.Message.Contains(named)
            .And.Property(nameof(RewardKitException.ExitCode)).EqualTo(2));
    }

    [Test]
    public void Says_which_files_make_a_tokenizer()
    {
        using var folder = new TempFolder();

        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("tokenizer.json"));
        Assert.That(() => Tokenizer.Load(folder["none"]), Throws.TypeOf<RewardKitException>().With.Message.Contains("no such folder"));
    }

    [Test]
    public void Text_that_is_not_utf8_is_refused_and_so_is_what_no_gzip_is()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["tokenizer.json"], [.. "{\"model\": \""u8, 0xC3, 0x28, .. "\"}"u8]);
        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("not valid UTF-8"));

        File.Move(folder["tokenizer.json"], folder["tokenizer.json.gz"]);
        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("not readable as gzip"));
    }

    [Test]
    public void A_merges_file_is_refused_with_its_line()
    {
        using var folder = new TempFolder();
        folder.Write("vocab.json", """{"a": 0, "b": 1, "ab": 2}""");
        folder.Write("merges.txt", "#version: 0.2\na b\na ab\n");

        Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains(folder["merges.txt"] + ", line 3: the merge 'a ab' needs the token 'aab'"));
    }

    // The textbook case of a pattern that does not come back: every way to cut the row of a's is tried.
    [Test]
    public void A_pattern_that_never_ends_is_stopped()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", """
            {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a|aa)+[bc]"}, "behavior": "Isolated"}, "model": BPE}
            """.Replace("BPE", Bpe));

        Assert.That(() => Tokenizer.Load(folder.Path).Encode(new string('a', 60) + "!b"), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains("pre_tokenizer.pattern.Regex: took more than"));
    }
}
