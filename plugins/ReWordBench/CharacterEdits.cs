using System.Text.RegularExpressions;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>
/// Slips of the pen: one character in some of a text's words. A word is a run of letters and digits; the share of words is
/// rounded down, but at least one word is changed where one can be. Deletion and swap leave words of one letter alone, so that
/// no edit changes the number of words.
/// </summary>
public static partial class CharacterEdits
{
    private const double Some = 0.3, Half = 0.5;

    private static readonly string[] Rows = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

    /// <summary>In half of the words, two neighbouring characters change places.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws words and places.</param>
    public static string Swap(string text, Random random) => Edit(text, Half, random, Swapped);

    /// <summary>In 30 % of the words, a character becomes another letter.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws words, places and letters.</param>
    public static string Substitute(string text, Random random) => Edit(text, Some, random, Substituted);

    /// <summary>In 30 % of the words, a character becomes one beside it on an American keyboard.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws words, places and neighbours.</param>
    public static string SubstituteNeighbour(string text, Random random) => Edit(text, Some, random, Mistyped);

    /// <summary>In 30 % of the words, a letter comes in.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws words, places and letters.</param>
    public static string Insert(string text, Random random) => Edit(text, Some, random, Inserted);

    /// <summary>In 30 % of the words, a character goes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws words and places.</param>
    public static string Delete(string text, Random random) => Edit(text, Some, random, Deleted);

    /// <summary>In 30 % of the words, one of swap, substitution, insertion and deletion.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Draws words, edits and places.</param>
    public static string Any(string text, Random random)
    {
        Func<string, Random, string?>[] edits = [Swapped, Substituted, Inserted, Deleted];
        return Edit(text, Some, random, (word, draws) => edits[draws.Next(edits.Length)](word, draws));
    }

    /// <summary>The keys beside a key: left and right of it, and the two above and below that touch it.</summary>
    /// <param name="key">A small letter or a digit.</param>
    public static string NeighboursOf(char key)
    {
        for (var row = 0; row < Rows.Length; row++)
        {
            if (Rows[row].IndexOf(key) is not (>= 0 and var at)) continue;
            // Each row stands half a key to the right of the one above.
            (int Row, int At)[] beside = [(row, at - 1), (row, at + 1), (row - 1, at), (row - 1, at + 1), (row + 1, at - 1), (row + 1, at)];
            return string.Concat(beside.Where(b => b.Row >= 0 && b.Row < Rows.Length && b.At >= 0 && b.At < Rows[b.Row].Length).Select(b => Rows[b.Row][b.At]));
        }
        return "";
    }

    // Words that the edit leaves alone do not count as changed: the next one is tried.
    private static string Edit(string text, double share, Random random, Func<string, Random, string?> edit)
    {
        var words = Word().Matches(text).ToArray();
        var left = Math.Max(1, (int)(share * words.Length));
        var changed = new SortedList<int, (Match Word, string Text)>();
        random.Shuffle(words);
        foreach (var word in words)
        {
            if (left == 0) break;
            if (edit(word.Value, random) is not { } other) continue;
            changed.Add(word.Index, (word, other));
            left--;
        }
        var result = new System.Text.StringBuilder();
        var done = 0;
        foreach (var (word, other) in changed.Values)
        {
            result.Append(text, done, word.Index - done).Append(other);
            done = word.Index + word.Length;
        }
        return result.Append(text, done, text.Length - done).ToString();
    }

    private static string? Swapped(string word, Random random)
    {
        // Two equal letters would change nothing.
        int[] places = [.. Enumerable.Range(0, word.Length - 1).Where(i => word[i] != word[i + 1])];
        if (places.Length == 0) return null;
        var at = places[random.Next(places.Length)];
        return $"{word[..at]}{word[at + 1]}{word[at]}{word[(at + 2)..]}";
    }

    private static string Substituted(string word, Random random)
    {
        var at = random.Next(word.Length);
        char letter;
        do letter = TextEdits.Letter(random);
        while (letter == word[at]);
        return $"{word[..at]}{letter}{word[(at + 1)..]}";
    }

    private static string? Mistyped(string word, Random random)
    {
        int[] places = [.. Enumerable.Range(0, word.Length).Where(i => NeighboursOf(char.ToLowerInvariant(word[i])).Length > 0)];
        if (places.Length == 0) return null;
        var at = places[random.Next(places.Length)];
        var neighbours = NeighboursOf(char.ToLowerInvariant(word[at]));
        var typed = neighbours[random.Next(neighbours.Length)];
        return $"{word[..at]}{(char.IsUpper(word[at]) ? char.ToUpperInvariant(typed) : typed)}{word[(at + 1)..]}";
    }

    private static string Inserted(string word, Random random) => word.Insert(random.Next(word.Length + 1), $"{TextEdits.Letter(random)}");

    private static string? Deleted(string word, Random random) => word.Length < 2 ? null : word.Remove(random.Next(word.Length), 1);

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
