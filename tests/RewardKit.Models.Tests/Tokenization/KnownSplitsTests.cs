using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class KnownSplitsTests
{
    /// <summary>Notes the pieces it is handed.</summary>
    private sealed class Pieces : Stage
    {
        public List<string> Found { get; } = [];

        public override void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids)
        {
            Assert.That(atStart, Is.EqualTo(Found.Count == 0));
            Found.Add(text.ToString());
        }
    }

    // The same pattern in a group is one that only the regular expression engine knows.
    [TestCase(KnownSplits.Gpt2)]
    [TestCase(KnownSplits.Llama3)]
    [TestCase(KnownSplits.Qwen2)]
    public void Cuts_where_the_regular_expression_cuts(string pattern)
    {
        Assert.That(KnownSplits.IsKnown(pattern));
        Assert.That(KnownSplits.IsKnown($"(?:{pattern})"), Is.False);
        using var folder = new TempFolder();
        folder.Write("pattern.json", System.Text.Json.JsonSerializer.Serialize(new { Regex = $"(?:{pattern})" }));
        var regex = UnicodeRegex.Parse(new TokenizerFiles(folder.Path).Json("pattern.json")!.Value);
        var texts = new RandomTexts(seed: 7);

        for (var i = 0; i < 20_000; i++)
        {
            var text = texts.Next();
            var pieces = new Pieces();
            KnownSplits.Create(pattern, pieces).Run(text, true, []);
            var expected = regex.Matches(text).ConvertAll(match => text[match.Start..match.End]);
            Assert.That(pieces.Found, Is.EqualTo(expected), text);
            Assert.That(string.Concat(expected), Is.EqualTo(text));
        }
    }
}
