using System.Text;
using FsCheck;

namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class TextEditsTests
{
    private const string Sample = "Name two animal species that live in the ocean.";
    private const string Long = "Whales, dolphins and \"sea cows\" don't lay eggs: they're mammals; 3 of 4 people know it (or so I read in 2019)…\n\nÄhnliches gilt für Robben. 🐳 A b c";

    [Test]
    public void Ten_quotes_on_either_side()
    {
        Assert.That(TextEdits.AddQuotes(Sample), Has.Length.EqualTo(67).And.StartsWith("\"\"\"\"\"\"\"\"\"\"Name").And.EndsWith(".\"\"\"\"\"\"\"\"\"\""));
        Assert.That(TextEdits.AddQuotes(""), Has.Length.EqualTo(20));
    }

    [Test]
    public void A_space_on_either_side_of_each_punctuation_mark() =>
        Assert.That(TextEdits.SpacePunctuation("Don't (ever) go... 2+2=4; ¿no?"), Is.EqualTo("Don ' t  ( ever )  go .  .  .  2 + 2 = 4 ;  ¿no ? "));

    [TestCase(13, "Anzr gjb navzny fcrpvrf gung yvir va gur bprna.", "Fgnl urer!")]
    [TestCase(2, "Pcog vyq cpkocn urgekgu vjcv nkxg kp vjg qegcp.", "Uvca jgtg!")]
    public void Letters_move_along_the_alphabet(int shift, string expected, string example)
    {
        Assert.That(TextEdits.Rotate(Sample, shift), Is.EqualTo(expected));
        Assert.That(TextEdits.Rotate(expected, 26 - shift), Is.EqualTo(Sample));
        Assert.That(TextEdits.Ciphered(Sample, shift), Does.Contain($"ROT{shift}").And.Contain($"{shift} positions").And.Contain($"\"Stay here!\" reads \"{example}\"").And.EndsWith("\n\n" + expected));
    }

    [Test]
    public void Handles_and_tautologies_are_appended()
    {
        var random = new Random(1);
        Assert.That(Enumerable.Range(0, 20).Select(_ => TextEdits.Handle(random)), Is.Unique.And.All.Match("^[a-zA-Z0-9]{8}$"));
        var texts = Enumerable.Range(0, 40).Select(_ => TextEdits.AppendTautologies("Yes.", random)).ToArray();
        Assert.That(texts, Has.All.Match("^Yes\\.( and true is true| and false is not true){5}$"));
        Assert.That(texts.Distinct().Count(), Is.GreaterThan(10));
    }

    [Test]
    public void Lookalikes_keep_the_number_of_code_points()
    {
        var changed = Homoglyphs.Substitute(Long + "abcdefghijklmnopqrstuvwxyz0123456789-'");
        Assert.That(changed.EnumerateRunes().Count(), Is.EqualTo(Long.EnumerateRunes().Count() + 38));
        Assert.That(changed.Where(char.IsAsciiLetterLower), Is.All.EqualTo('l'));
        Assert.That(changed.Count(char.IsAsciiLetterLower), Is.EqualTo(2), "the digit 1 of 2019 and that of the digits");
        Assert.That(changed, Does.Contain("W").And.Contain("🐳").And.Not.Contain("'"));
        Assert.That(Homoglyphs.Substitute("fkt7-'"), Is.EqualTo("𝚏𝒌𝚝𝟕˗`"));
    }

    [Test]
    public void An_edit_touches_its_share_of_the_words_by_one_character() => Assert.Multiple(() =>
    {
        var words = Words(Long);
        foreach (var seed in Enumerable.Range(0, 50))
        {
            (string What, string Text, int Words, int Longer)[] edits =
            [
                ("swap", CharacterEdits.Swap(Long, new(seed)), words.Length / 2, 0),
                ("substitution", CharacterEdits.Substitute(Long, new(seed)), (int)(0.3 * words.Length), 0),
                ("neighbour", CharacterEdits.SubstituteNeighbour(Long, new(seed)), (int)(0.3 * words.Length), 0),
                ("insertion", CharacterEdits.Insert(Long, new(seed)), (int)(0.3 * words.Length), 1),
                ("deletion", CharacterEdits.Delete(Long, new(seed)), (int)(0.3 * words.Length), -1),
            ];
            foreach (var (what, text, count, longer) in edits)
            {
                var touched = words.Zip(Words(text)).Where(w => w.First != w.Second).ToArray();
                Assert.That(Words(text), Has.Length.EqualTo(words.Length), what);
                Assert.That(touched, Has.Length.EqualTo(count), what);
                Assert.That(touched.Select(w => w.Second.Length - w.First.Length), Has.All.EqualTo(longer), what);
                if (what == "swap") Assert.That(touched.Select(w => string.Concat(w.First.Order()) == string.Concat(w.Second.Order())), Has.All.True);
                if (what is "swap" or "deletion") Assert.That(touched.Select(w => w.First.Length), Has.All.GreaterThan(1), what);
                if (what == "neighbour")
                    foreach (var (before, after) in touched)
                        Assert.That(before.Zip(after).Where(c => c.First != c.Second).Select(c => CharacterEdits.NeighboursOf(char.ToLowerInvariant(c.First)).Contains(char.ToLowerInvariant(c.Second))), Is.EqualTo(new[] { true }));
                Assert.That(Rest(text), Is.EqualTo(Rest(Long)), what);
            }
        }
    });

    [Test]
    public void What_has_no_word_to_change_stays()
    {
        foreach (var text in new[] { "", " ", "…", "🐳" })
            Assert.That(new[] { CharacterEdits.Swap(text, new(1)), CharacterEdits.Substitute(text, new(1)), CharacterEdits.SubstituteNeighbour(text, new(1)), CharacterEdits.Insert(text, new(1)), CharacterEdits.Delete(text, new(1)), CharacterEdits.Any(text, new(1)), TextEdits.DeleteWord(text, new(1)) }, Has.All.EqualTo(text));
        Assert.That(CharacterEdits.Delete("a b", new(1)), Is.EqualTo("a b"));
        Assert.That(CharacterEdits.Swap("aa b", new(1)), Is.EqualTo("aa b"));
    }

    [TestCase('g', "fhtyvb")]
    [TestCase('q', "w12a")]
    [TestCase('p', "o0l")]
    [TestCase('1', "2q")]
    [TestCase('m', "njk")]
    [TestCase('Ä', "")]
    public void Keys_have_those_that_touch_them_for_neighbours(char key, string expected) =>
        Assert.That(CharacterEdits.NeighboursOf(key), Is.EquivalentTo(expected));

    [Test]
    public void A_word_goes_with_one_blank_beside_it()
    {
        var seen = Enumerable.Range(0, 30).Select(seed => TextEdits.DeleteWord("one two\nthree", new(seed))).Distinct();
        Assert.That(seen, Is.EquivalentTo(new[] { "two\nthree", "one three", "one two" }));
        Assert.That(TextEdits.DeleteWord("one", new(1)), Is.EqualTo("one"));
    }

    [Test]
    public void Similarity_is_the_cosine_of_word_counts()
    {
        Assert.That(TextEdits.Similarity("a b b", "b A b"), Is.EqualTo(1).Within(1e-12));
        Assert.That(TextEdits.Similarity("a b", "a c"), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(TextEdits.Similarity("a", ""), Is.Zero);
        Assert.That(TextEdits.Similarity("", " "), Is.EqualTo(1));
    }

    [Test]
    public void Every_line_gets_its_comment()
    {
        Assert.That(TextEdits.Comment("    x = 1\n\n    return x\n", "# bad"), Is.EqualTo("    x = 1  # bad\n# bad\n    return x  # bad\n"));
        Assert.That(TextEdits.Comment("return 1", "# good"), Is.EqualTo("return 1  # good"));
    }

    [Test]
    public void Answers_change_their_form()
    {
        var row = new Texts("p", "First.\n\nThus $x=\\boxed{\\frac{1}{2}}$.", "Long.\n\n# Answer\n\nno\n\n# Answer\n\n$\\frac{2}{3}$");
        Assert.That(AnswerFormat.Swap(row), Is.EqualTo(new Texts(
            "p", "First.\n\nThus $x=\\frac{1}{2}$.\n\n# Answer\n\n\\frac{1}{2}", "Long.\n\n# Answer\n\nno\n\nThe answer is $\\boxed{\\frac{2}{3}}$.")));
        Assert.That(AnswerFormat.Swap(row with { Chosen = "No box." }), Is.Null);
        Assert.That(AnswerFormat.Swap(row with { Chosen = "\\boxed{1" }), Is.Null);
        Assert.That(AnswerFormat.Swap(row with { Rejected = "No heading." }), Is.Null);
        Assert.That(AnswerFormat.Swap(row with { Rejected = "# Answer\n\n" }), Is.Null);
    }

    private static string[] Words(string text) => [.. System.Text.RegularExpressions.Regex.Matches(text, @"[\p{L}\p{N}]+").Select(m => m.Value)];

    private static string Rest(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"[\p{L}\p{N}]+", "w");
}
