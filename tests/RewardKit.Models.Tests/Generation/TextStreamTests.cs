using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Generation;

public class TextStreamTests
{
    private const string Text = "Zo\u00eb\u2019s \u65e5\u672c\u8a9e caf\u00e9 \U0001F600\U0001F468\u200D\U0001F469\u200D\U0001F467 \u05e9\u05dc\u05d5\u05dd e\u0301 done.\n  x";

    // Byte-level, and SentencePiece-style with byte fallback.
    [TestCase("gpt2")]
    [TestCase("stories260K")]
    [TestCase("phi-3-mini")]
    [TestCase("llama3-style-small")]
    public void Pieces_make_up_the_text_and_no_character_is_cut(string name)
    {
        var tokenizer = Files.Tokenizer(name);
        var ids = tokenizer.Encode(Text);

        var pieces = Stream(tokenizer, [], ids);

        Assert.Multiple(() =>
        {
            Assert.That(string.Concat(pieces), Is.EqualTo(tokenizer.Decode(ids)));
            Assert.That(tokenizer.Decode(ids), Does.Contain("\U0001F600"));
            foreach (var piece in pieces) Assert.That(piece.Length == 0 || !char.IsHighSurrogate(piece[^1]) && !piece.Contains('\uFFFD'), $"\"{piece}\"");
            // It streams: not all at the end.
            Assert.That(pieces.Count(piece => piece.Length > 0), Is.GreaterThan(12));
        });
    }

    [TestCase("gpt2")]
    [TestCase("stories260K")]
    [TestCase("phi-3-mini")]
    public void A_continuation_goes_on_from_its_prompt(string name)
    {
        var tokenizer = Files.Tokenizer(name);
        var ids = tokenizer.EncodeWithSpecialTokens(Text);
        for (var cut = 0; cut <= ids.Length; cut++)
        {
            var prompt = tokenizer.Decode(ids[..cut]);
            if (prompt.EndsWith('\uFFFD')) continue;
            Assert.That(prompt + string.Concat(Stream(tokenizer, ids[..cut], ids[cut..])), Is.EqualTo(tokenizer.Decode(ids)), $"cut at {cut}");
        }
    }

    [Test]
    public void Bytes_that_never_become_a_character_are_replaced()
    {
        var tokenizer = Files.Tokenizer("gpt2");
        var smile = tokenizer.Encode("\U0001F600");
        int[] ids = [.. tokenizer.Encode("a"), .. smile[..^1], .. tokenizer.Encode(" b"), .. smile[..^1]];

        Assert.That(string.Concat(Stream(tokenizer, [], ids)), Is.EqualTo(tokenizer.Decode(ids)).And.Contains("\uFFFD b\uFFFD"));
    }

    [Test]
    public void Special_tokens_are_left_out()
    {
        var tokenizer = Files.Tokenizer("gpt2");
        int[] ids = [.. tokenizer.Encode("one"), tokenizer.EosId!.Value, .. tokenizer.Encode(" two")];

        Assert.That(string.Concat(Stream(tokenizer, [], ids)), Is.EqualTo("one two"));
    }

    // What was begun of a stop string is held back, and given out when it goes on otherwise.
    [Test]
    public void Stop_strings_are_held_back_and_cut()
    {
        var tokenizer = Files.Tokenizer("gpt2");
        int[] Letters(string text) => [.. text.SelectMany(c => tokenizer.Encode(c.ToString()))];

        var stream = new TextStream(tokenizer, [], ["abcab!", "xyz"]);
        var pieces = Letters("-abcabcab!xyz").Select(stream.Add).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(pieces[..10], Is.EqualTo((string[])["-", "", "", "", "", "", "abc", "", "", ""]));
            Assert.That(stream.Stopped, Is.True);
            Assert.That(stream.End(), Is.Empty);
        });

        stream = new TextStream(tokenizer, [], ["abcab!"]);
        Assert.That(string.Concat(Letters("abcab").Select(stream.Add)) + stream.End(), Is.EqualTo("abcab"));
        Assert.That(stream.Stopped, Is.False);
    }

    [Test]
    public void The_first_of_several_stop_strings_counts()
    {
        var tokenizer = Files.Tokenizer("gpt2");
        var stream = new TextStream(tokenizer, [], ["lo w", "hell"]);

        Assert.That(string.Concat(tokenizer.Encode("oh hello world").Select(stream.Add)), Is.EqualTo("oh "));
    }

    private static string[] Stream(Tokenizer tokenizer, int[] prompt, int[] ids)
    {
        var stream = new TextStream(tokenizer, prompt, []);
        return [.. ids.Select(stream.Add), stream.End()];
    }
}
