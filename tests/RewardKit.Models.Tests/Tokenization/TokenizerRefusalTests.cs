using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class TokenizerRefusalTests
{
    private const string Bpe = """{"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}""";

    [TestCase("""{"model": {"type": "WordPiece", "vocab": {}}}""", "WordPiece")]
    [TestCase("""{"model": {"type": "Unigram", "vocab": []}}""", "Unigram")]
    [TestCase("""{"normalizer": {"type": "NFKC"}, "model": BPE}""", "normalizer NFKC")]
    [TestCase("""{"pre_tokenizer": {"type": "Metaspace"}, "model": BPE}""", "pre_tokenizer Metaspace")]
    [TestCase("""{"pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithNext"}, "model": BPE}""", "MergedWithNext")]
    [TestCase("""{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a++"}, "behavior": "Isolated"}, "model": BPE}""", "a++")]
    [TestCase("""{"decoder": {"type": "WordPiece"}, "model": BPE}""", "decoder WordPiece")]
    [TestCase("""{"model": {"type": "BPE", "dropout": 0.1, "vocab": {}, "merges": []}}""", "dropout")]
    [TestCase("""{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []}}""", "end_of_word_suffix '</w>'")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}""", "needs the token 'ab'")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["abc"]}}""", "the merge 'abc'")]
    [TestCase("""{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}""", "the id -1")]
    [TestCase("""{"decoder": null}""", "'model' is missing")]
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
}
