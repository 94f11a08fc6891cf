using System.Text;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>Changes of a text as a whole.</summary>
public static partial class TextEdits
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>Ten double quotes before and ten after.</summary>
    /// <param name="text">The text.</param>
    public static string AddQuotes(string text) => $"{new string('"', 10)}{text}{new string('"', 10)}";

    /// <summary>A space before and a space after each ASCII punctuation mark.</summary>
    /// <param name="text">The text.</param>
    public static string SpacePunctuation(string text) => Punctuation().Replace(text, " $0 ");

    /// <summary>Eight random letters and digits.</summary>
    /// <param name="random">Draws them.</param>
    public static string Handle(Random random) => random.GetString(Letters + "0123456789", 8);

    /// <summary>Five phrases that say nothing, each drawn from two.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws them.</param>
    public static string AppendTautologies(string text, Random random) =>
        text + string.Concat(Enumerable.Range(0, 5).Select(_ => random.Next(2) == 0 ? " and true is true" : " and false is not true"));

    /// <summary>An ASCII letter, whether small or capital.</summary>
    /// <param name="random">Draws it.</param>
    public static char Letter(Random random) => Letters[random.Next(Letters.Length)];

    /// <summary>Every ASCII letter moved along the alphabet, around its end.</summary>
    /// <param name="text">The text.</param>
    /// <param name="shift">By how many places.</param>
    public static string Rotate(string text, int shift) => string.Concat(text.Select(c =>
        c is >= 'a' and <= 'z' ? (char)('a' + (c - 'a' + shift) % 26) : c is >= 'A' and <= 'Z' ? (char)('A' + (c - 'A' + shift) % 26) : c));

    /// <summary>An instruction in cipher, with what is needed to read it.</summary>
    /// <param name="text">The instruction.</param>
    /// <param name="shift">The cipher's shift; what is said of it is true of every shift.</param>
    public static string Ciphered(string text, int shift) =>
        $"ROT{shift} is a cipher that replaces each letter by the one {shift} positions after it in the alphabet. "
        + $"In ROT{shift}, \"Stay here!\" reads \"{Rotate("Stay here!", shift)}\". "
        + $"The instruction below is written in ROT{shift}. Decode it and follow it.\n\n{Rotate(text, shift)}";

    /// <summary>Without one random word and the blank behind it; a text of fewer than two words as it is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws the word.</param>
    public static string DeleteWord(string text, Random random)
    {
        var words = Word().Matches(text);
        if (words.Count < 2) return text;
        var at = random.Next(words.Count);
        // The last word goes with the blank before it.
        var (start, end) = at + 1 < words.Count ? (words[at].Index, words[at + 1].Index) : (words[at - 1].Index + words[at - 1].Length, words[at].Index + words[at].Length);
        return text.Remove(start, end - start);
    }

    /// <summary>The cosine of the angle between two texts' counts of words, in [0, 1].</summary>
    /// <param name="text">One.</param>
    /// <param name="other">The other.</param>
    public static double Similarity(string text, string other)
    {
        var (a, b) = (Counts(text), Counts(other));
        if (a.Count == 0 || b.Count == 0) return a.Count == b.Count ? 1 : 0;
        double shared = a.Sum(word => (double)word.Value * b.GetValueOrDefault(word.Key));
        return shared / Math.Sqrt(a.Values.Sum(n => (double)n * n) * b.Values.Sum(n => (double)n * n));
    }

    /// <summary>A comment at the end of every line.</summary>
    /// <param name="program">The program.</param>
    /// <param name="comment">The comment with its mark.</param>
    public static string Comment(string program, string comment)
    {
        var end = program.EndsWith('\n') ? "\n" : "";
        var lines = program[..^end.Length].Split('\n');
        return string.Join('\n', lines.Select(line => line.TrimEnd('\r') is { Length: > 0 } code ? $"{code}  {comment}" : comment)) + end;
    }

    /// <summary>A program with another one below it.</summary>
    /// <param name="program">The first.</param>
    /// <param name="other">The second.</param>
    public static string Append(string program, string other) => program.EndsWith('\n') ? program + other : $"{program}\n{other}";

    private static Dictionary<string, int> Counts(string text) => Word().Matches(text).Select(m => m.Value.ToLowerInvariant()).CountBy(w => w).ToDictionary();

    [GeneratedRegex(@"[!-/:-@\[-`{-~]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"\S+")]
    private static partial Regex Word();
}
