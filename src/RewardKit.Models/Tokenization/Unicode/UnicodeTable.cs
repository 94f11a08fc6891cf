using System.Globalization;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// Unicode's general categories, from a table of our own: the same whichever version this .NET knows, so that a text's
/// tokens do not change with it. <c>build/unicode.mjs</c> writes the table.
/// </summary>
internal static class UnicodeTable
{
    // In the order of System.Globalization.UnicodeCategory.
    private static readonly string[] Names =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
        "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly byte[] Categories = ReadCategories();

    /// <summary>A code point's general category.</summary>
    public static UnicodeCategory Category(int codePoint) => (UnicodeCategory)Categories[codePoint];

    /// <summary>The table's lines of one kind, as their fields behind the kind.</summary>
    /// <param name="kind">
    /// <c>g</c>: first, last, category. <c>m</c>: mark, combining class. <c>c</c>, <c>k</c>: character, its canonical or
    /// compatible decomposition. <c>p</c>: two characters, and the one they compose to. Code points are hexadecimal.
    /// </param>
    public static IEnumerable<string[]> Lines(char kind)
    {
        using var reader = new StreamReader(typeof(UnicodeTable).Assembly.GetManifestResourceStream("unicode.txt")!);
        while (reader.ReadLine() is { } line)
            if (line[0] == kind && line[1] == ' ') yield return line[2..].Split(' ');
    }

    /// <summary>Reads a code point.</summary>
    public static int CodePoint(string hex) => int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static byte[] ReadCategories()
    {
        var categories = new byte[0x110000];
        Array.Fill(categories, (byte)UnicodeCategory.OtherNotAssigned);
        Array.Fill(categories, (byte)UnicodeCategory.Surrogate, 0xD800, 0x800);
        foreach (var fields in Lines('g'))
        {
            var (first, last) = (CodePoint(fields[0]), CodePoint(fields[1]));
            Array.Fill(categories, (byte)Array.IndexOf(Names, fields[2]), first, last - first + 1);
        }
        return categories;
    }
}
