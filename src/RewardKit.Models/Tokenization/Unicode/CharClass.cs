using System.Globalization;
using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>What splitting patterns tell apart: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c>, and all else.</summary>
internal static class CharClass
{
    /// <summary>Neither of the others, <c>[^\s\p{L}\p{N}]</c>; also half a surrogate pair.</summary>
    public const byte Other = 0;

    /// <summary><c>\p{L}</c>.</summary>
    public const byte Letter = 1;

    /// <summary><c>\p{N}</c>.</summary>
    public const byte Number = 2;

    /// <summary><c>\s</c> (Unicode's White_Space), without <c>\r</c> and <c>\n</c>.</summary>
    public const byte Space = 3;

    /// <summary><c>\r</c> and <c>\n</c>; greater than <see cref="Space"/>, so that <c>\s</c> is one comparison.</summary>
    public const byte NewLine = 4;

    private const byte Surrogate = 5;

    private static readonly byte[] Basic = MakeBasic();

    /// <summary>The class of the character at a place, and how many UTF-16 units it has.</summary>
    public static byte At(ReadOnlySpan<char> text, int at, out int width)
    {
        width = 1;
        var found = Basic[text[at]];
        return found < Surrogate ? found : AtSurrogate(text, at, out width);
    }

    /// <summary>Where the run of characters of a class that begins at a place ends.</summary>
    public static int EndOfRun(ReadOnlySpan<char> text, int at, byte ofClass)
    {
        while (at < text.Length)
        {
            var found = Basic[text[at]];
            if (found == ofClass) at++;
            else if (found == Surrogate && AtSurrogate(text, at, out var width) == ofClass) at += width;
            else break;
        }
        return at;
    }

    /// <summary>Where the run of white space that begins at a place ends.</summary>
    public static int EndOfSpace(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && Basic[text[at]] is Space or NewLine) at++;
        return at;
    }

    /// <summary>Whether a character belongs to words: <c>\w</c> as Rust's regular expressions have it (UTS 18).</summary>
    public static bool IsWord(Rune rune) => UnicodeTable.Category(rune.Value) switch
    {
        <= UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
            or UnicodeCategory.ConnectorPunctuation => true,
        // Circled and squared letters; joiners.
        UnicodeCategory.OtherSymbol => rune.Value is >= 0x24B6 and <= 0x24E9 or >= 0x1F130 and <= 0x1F149
            or >= 0x1F150 and <= 0x1F169 or >= 0x1F170 and <= 0x1F189,
        _ => rune.Value is 0x200C or 0x200D,
    };

    /// <summary>Whether a character is punctuation: Unicode's, and ASCII's symbols.</summary>
    public static bool IsPunctuation(Rune rune) => UnicodeTable.Category(rune.Value) is
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation || rune.IsAscii && Rune.IsSymbol(rune);

    /// <summary>Whether a character is a number.</summary>
    public static bool IsNumber(Rune rune) => Of(UnicodeTable.Category(rune.Value)) == Number;

    /// <summary>Whether a character is a mark that combines with the one before it.</summary>
    public static bool IsMark(Rune rune) => UnicodeTable.Category(rune.Value) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static byte AtSurrogate(ReadOnlySpan<char> text, int at, out int width)
    {
        width = 1;
        if (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[at + 1])) return Other;
        width = 2;
        return Of(UnicodeTable.Category(char.ConvertToUtf32(text[at], text[at + 1])));
    }

    private static byte[] MakeBasic()
    {
        var classes = new byte[1 << 16];
        for (var c = 0; c < classes.Length; c++)
            classes[c] = (char)c is '\r' or '\n' ? NewLine : char.IsWhiteSpace((char)c) ? Space
                : char.IsSurrogate((char)c) ? Surrogate : Of(UnicodeTable.Category(c));
        return classes;
    }

    private static byte Of(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
        _ => Other,
    };
}
