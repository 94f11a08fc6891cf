using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

/// <summary>Components alone; what is expected stands in the documentation of Hugging Face's tokenizers, or follows from it.</summary>
public class ComponentTests
{
    private sealed class Pieces : Stage
    {
        public List<string> Found { get; } = [];

        public override void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids) => Found.Add(text.ToString());
    }

    [TestCase("Removed", false, "the|final|countdown")]
    [TestCase("Isolated", false, "the|-|final|-|-|countdown")]
    [TestCase("Contiguous", false, "the|-|final|--|countdown")]
    [TestCase("MergedWithPrevious", false, "the-|final-|-|countdown")]
    [TestCase("MergedWithNext", false, "the|-final|-|-countdown")]
    [TestCase("Removed", true, "-|-|-")]
    [TestCase("MergedWithNext", true, "the-|final-|-|countdown")]
    public void Split_treats_what_it_splits_at_as_told(string behavior, bool invert, string expected)
    {
        foreach (var pattern in (string[])["""{"String": "-"}""", """{"Regex": "-"}"""])
            Assert.That(
                Cut($$"""{"type": "Split", "pattern": {{pattern}}, "behavior": "{{behavior}}", "invert": {{(invert ? "true" : "false")}}}""", "the-final--countdown"),
                Is.EqualTo(expected.Split('|')), pattern);
    }

    [TestCase("""{"type": "Digits", "individual_digits": true}""", "Call 123 ¾Ⅷ", "Call |1|2|3| |¾|Ⅷ")]
    [TestCase("""{"type": "Digits", "individual_digits": false}""", "Call 123 please", "Call |123| please")]
    [TestCase("""{"type": "Punctuation"}""", "Hi!? $a·b", "Hi|!|?| |$|a|·|b")]
    [TestCase("""{"type": "Punctuation", "behavior": "Contiguous"}""", "Hi!?", "Hi|!?")]
    [TestCase("""{"type": "Whitespace"}""", "Hey man! ab_1 é-Ⓐ", "Hey|man|!|ab_1|é|-|Ⓐ")]
    [TestCase("""{"type": "WhitespaceSplit"}""", " Hey  man!\t\u0085x", "Hey|man!|x")]
    [TestCase("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": true}""", "Hey  friend!", "_Hey|_|_friend!")]
    [TestCase("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": false}""", " Hey friend!", "_Hey_friend!")]
    [TestCase("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": true}""", "Hey friend!", "Hey|_friend!")]
    [TestCase("""{"type": "Metaspace", "replacement": "_", "add_prefix_space": true}""", "Hey you", "_Hey|_you")]
    [TestCase("""{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"}]}""", "a b", "_a|b")]
    [TestCase("""{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": true}]}""", "a1 22", "a|1|2|2")]
    [TestCase("""{"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}""", "Hey you", " Hey| you")]
    [TestCase("""{"type": "ByteLevel", "use_regex": false}""", "Hey you", "Hey you")]
    public void Pre_tokenizers_cut_text(string json, string text, string expected) =>
        Assert.That(Cut(json, text), Is.EqualTo(expected.Split('|')));

    // UAX 15: K forms make ﬁ two letters, composition puts marks onto their letters, Å (Angstrom) is a singleton.
    [TestCase("NFC", "e\u0301 \u212B \u1112\u1161\u11AB \uFB01 q\u0307\u0323", "\u00E9 \u00C5 \uD55C \uFB01 q\u0323\u0307")]
    [TestCase("NFD", "\u00E9 \u212B \uD55C \uFB01", "e\u0301 A\u030A \u1112\u1161\u11AB \uFB01")]
    [TestCase("NFKC", "\uFB01 \u1E9B\u0323 \uFF21 \u00BD", "fi \u1E69 A 1\u20442")]
    [TestCase("NFKD", "\uFB01 \u1E9B\u0323", "fi s\u0323\u0307")]
    [TestCase("StripAccents", "e\u0301\u20DD\u0903x", "ex")]
    [TestCase("Lowercase", "\u0130\u03A3 \u00C9A\U00010400", "i\u0307\u03C3 \u00E9a\U00010428")]
    public void Normalizers_change_text(string type, string text, string expected) =>
        Assert.That(Normalizer.Parse(Field($$"""{"type": "{{type}}"}""")).Apply(text), Is.EqualTo(expected));

    [TestCase("""{"type": "Strip", "strip_left": true, "strip_right": false}""", " \u0085a b ", "a b ")]
    [TestCase("""{"type": "Strip", "strip_left": false, "strip_right": true}""", " a b \u3000", " a b")]
    [TestCase("""{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "_"}""", "a   b c  ", "a_b c_")]
    [TestCase("""{"type": "Prepend", "prepend": "_"}""", "", "")]
    [TestCase("""{"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "Prepend", "prepend": ">"}]}""", "AB", ">ab")]
    public void Normalizers_with_settings(string json, string text, string expected) =>
        Assert.That(Normalizer.Parse(Field(json)).Apply(text), Is.EqualTo(expected));

    [TestCase("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"}""", "_Hey|_friend!", "Hey friend!")]
    [TestCase("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "never"}""", "_Hey|_friend!", " Hey friend!")]
    [TestCase("""{"type": "ByteFallback"}""", "a|<0xE2>|<0x82>|<0xAC>|b|<0xE2>|<0x82>", "a€b\uFFFD\uFFFD")]
    [TestCase("""{"type": "ByteLevel"}""", "Hey|Ġ|âĤ¬|<x y>", "Hey €<x y>")]
    [TestCase("""{"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": "_", "start": 1, "stop": 2}]}""", "__a|_b__", "_a_b")]
    [TestCase("""{"type": "Strip", "content": "_", "start": 1, "stop": 0}""", "_a|_b_", "ab_")]
    [TestCase("null", "a|b", "a b")]
    public void Decoders_join_tokens(string json, string tokens, string expected) =>
        Assert.That(TokenDecoder.Parse(json == "null" ? null : Field(json)).Apply([.. tokens.Split('|')]), Is.EqualTo(expected));

    [TestCase("""{"type": "ByteLevel"}""", "")]
    [TestCase("""{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "s"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "e"}}], "special_tokens": {"s": {"ids": [1]}, "e": {"ids": [2, 3]}}}""", "1 A 2 3")]
    [TestCase("""{"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "s"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"s": {"ids": [9]}}}]}""", "9 A")]
    public void Post_processors_put_special_tokens_around(string json, string expected)
    {
        var around = PostProcessor.Parse(Field(json));
        Assert.That($"{string.Join(' ', around.Before)} A {string.Join(' ', around.After)}".Trim(), Is.EqualTo(expected.Length == 0 ? "A" : expected));
    }

    // Metaspace's first scheme is about the text, not about what follows a special token.
    [Test]
    public void Only_the_first_piece_of_a_text_gets_the_space_of_scheme_first()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", """
            {"added_tokens": [{"id": 2, "content": "<x>", "special": true}],
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false},
             "model": {"type": "BPE", "vocab": {"a": 0, "▁": 1}, "merges": []}}
            """);
        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.That(tokenizer.Encode("a<x>a"), Is.EqualTo((int[])[1, 0, 2, 0]));
        Assert.That(tokenizer.Encode("<x>a"), Is.EqualTo((int[])[2, 0]));
        Assert.That(tokenizer.PrependsSpace);
    }

    // A merge over a space mark, and unknown characters beside one: words must not be cut there.
    [Test]
    public void Merges_across_words_are_kept()
    {
        using var folder = new TempFolder();
        folder.Write("tokenizer.json", """
            {"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
             "model": {"type": "BPE", "unk_token": "?", "vocab": {"?": 0, "a": 1, "▁": 2, "a▁": 3, "b": 4, "▁b": 5, "▁▁": 6}, "merges": ["a ▁", "▁ b", "▁ ▁"]}}
            """);
        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.That(tokenizer.Encode("a b b"), Is.EqualTo((int[])[3, 4, 5]));
        Assert.That(tokenizer.Encode("b  b a"), Is.EqualTo((int[])[4, 2, 5, 2, 1]));
        Assert.That(tokenizer.Encode("a   x"), Is.EqualTo((int[])[3, 6, 0]));
    }

    [Test]
    public void A_long_row_without_a_space_takes_no_time_to_speak_of()
    {
        var tokenizer = Files.Tokenizer("phi-3-mini");
        var text = string.Concat(Enumerable.Repeat("ab\u4E00", 100_000));

        var ids = tokenizer.Encode(text);

        Assert.That(tokenizer.Decode(ids), Is.EqualTo(text));
    }

    private static List<string> Cut(string json, string text)
    {
        var pieces = new Pieces();
        PreTokenizer.Parse(Field(json)).Before(pieces).Run(text, true, []);
        return pieces.Found;
    }

    private static JsonField Field(string json) => new("test", System.Text.Json.JsonDocument.Parse(json).RootElement);
}
