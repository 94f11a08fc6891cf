using System.Globalization;
using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// Unicode's normalisation forms (UAX 15). .NET without ICU, which is how RewardKit runs, leaves all text as it is.
/// A lone surrogate becomes U+FFFD.
/// </summary>
internal static class UnicodeNormalization
{
    // Hangul syllables are computed from their parts.
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    private static readonly Dictionary<int, int[]> Canonical = Decompositions('c');
    private static readonly Dictionary<int, int[]> Compatible = Decompositions('k');
    private static readonly Dictionary<int, int> Classes =
        UnicodeTable.Lines('m').ToDictionary(f => UnicodeTable.CodePoint(f[0]), f => int.Parse(f[1], CultureInfo.InvariantCulture));
    private static readonly Dictionary<(int First, int Second), int> Pairs = UnicodeTable.Lines('p').ToDictionary(
        f => (UnicodeTable.CodePoint(f[0]), UnicodeTable.CodePoint(f[1])), f => UnicodeTable.CodePoint(f[2]));

    /// <summary>Form D, or form KD.</summary>
    /// <param name="text">The text.</param>
    /// <param name="compatible">Whether compatible characters become the same.</param>
    public static string Decompose(string text, bool compatible) =>
        System.Text.Ascii.IsValid(text) ? text : ToText(Decomposed(text, compatible));

    /// <summary>Form C, or form KC.</summary>
    /// <param name="text">The text.</param>
    /// <param name="compatible">Whether compatible characters become the same.</param>
    public static string Compose(string text, bool compatible)
    {
        if (System.Text.Ascii.IsValid(text)) return text;
        var points = Decomposed(text, compatible);
        var (kept, starter, lastClass) = (0, -1, -1);
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            var own = Class(point);
            // A mark is blocked from its starter by one of its own class or higher between them, a starter by any.
            if (starter >= 0 && own > lastClass && Pair(points[starter], point) is { } joint)
            {
                points[starter] = joint;
                continue;
            }
            if (own == 0) (starter, lastClass) = (kept, -1);
            else lastClass = own;
            points[kept++] = point;
        }
        points.RemoveRange(kept, points.Count - kept);
        return ToText(points);
    }

    private static List<int> Decomposed(string text, bool compatible)
    {
        var points = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            var point = rune.Value;
            if (point is >= SyllableBase and < SyllableBase + Leads * Vowels * Tails)
            {
                var index = point - SyllableBase;
                points.Add(LeadBase + index / (Vowels * Tails));
                points.Add(VowelBase + index / Tails % Vowels);
                if (index % Tails != 0) points.Add(TailBase + index % Tails);
            }
            else if ((compatible && Compatible.TryGetValue(point, out var parts)) || Canonical.TryGetValue(point, out parts))
            {
                points.AddRange(parts);
            }
            else
            {
                points.Add(point);
            }
        }
        Sort(points);
        return points;
    }

    // Marks in a row stand by their class; those of one class stay in order.
    private static void Sort(List<int> points)
    {
        for (var i = 0; i < points.Count;)
        {
            if (Class(points[i]) == 0)
            {
                i++;
                continue;
            }
            var end = i + 1;
            while (end < points.Count && Class(points[end]) != 0) end++;
            if (end - i > 1)
            {
                int[] sorted = [.. points.GetRange(i, end - i).OrderBy(Class)];
                for (var k = 0; k < sorted.Length; k++) points[i + k] = sorted[k];
            }
            i = end;
        }
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + Leads && second is >= VowelBase and < VowelBase + Vowels)
            return SyllableBase + ((first - LeadBase) * Vowels + second - VowelBase) * Tails;
        if (first is >= SyllableBase and < SyllableBase + Leads * Vowels * Tails && (first - SyllableBase) % Tails == 0
            && second is > TailBase and < TailBase + Tails)
            return first + second - TailBase;
        return Pairs.TryGetValue((first, second), out var joint) ? joint : null;
    }

    private static int Class(int point) => Classes.GetValueOrDefault(point);

    private static Dictionary<int, int[]> Decompositions(char kind) => UnicodeTable.Lines(kind).ToDictionary(
        f => UnicodeTable.CodePoint(f[0]), f => f.Skip(1).Select(UnicodeTable.CodePoint).ToArray());

    private static string ToText(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        foreach (var point in points) text.Append(new Rune(point));
        return text.ToString();
    }
}
