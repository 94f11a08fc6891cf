using System.Globalization;

namespace RewardKit.Conformance;

/// <summary>What a plugin said, thing by thing, so that two uses can be compared.</summary>
internal sealed class Transcript
{
    private readonly List<(string What, string? Text, double[] Numbers)> _entries = [];

    public void Add(string what, string text) => _entries.Add((what, text, []));

    public void Add(string what, params double[] numbers) => _entries.Add((what, null, numbers));

    /// <summary>The first thing in which another transcript differs, in words; null if there is none.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="tolerance">What numbers may differ by, relative to the larger or to 1; 0: each bit counts.</param>
    public string? Difference(Transcript other, double tolerance)
    {
        for (var i = 0; i < Math.Max(_entries.Count, other._entries.Count); i++)
        {
            if (i >= _entries.Count) return $"{other._entries[i].What} was there the second time only";
            if (i >= other._entries.Count) return $"{_entries[i].What} was there the first time only";
            var (mine, theirs) = (_entries[i], other._entries[i]);
            if (mine.What != theirs.What) return $"where there was {mine.What}, there was {theirs.What} the second time";
            if (mine.Text != theirs.Text) return $"{mine.What} was \"{mine.Text}\", then \"{theirs.Text}\"";
            if (Numbers.Difference(mine.Numbers, theirs.Numbers, tolerance) is { } difference) return $"{mine.What}: {difference}";
        }
        return null;
    }
}

/// <summary>Comparison of numbers, and how messages show them.</summary>
internal static class Numbers
{
    public static string Show(double number) => number.ToString("G9", CultureInfo.InvariantCulture);

    public static bool AreClose(double a, double b, double tolerance) => tolerance == 0
        ? BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b)
        : a.Equals(b) || Math.Abs(a - b) <= tolerance * Math.Max(1, Math.Max(Math.Abs(a), Math.Abs(b)));

    /// <summary>The first place where two rows of numbers differ, in words; null if there is none.</summary>
    public static string? Difference(IReadOnlyList<double> first, IReadOnlyList<double> second, double tolerance)
    {
        if (first.Count != second.Count) return $"{first.Count} numbers, then {second.Count}";
        for (var i = 0; i < first.Count; i++)
        {
            if (AreClose(first[i], second[i], tolerance)) continue;
            var place = first.Count > 1 ? $"number {i + 1} was " : "";
            // Bits may differ where nine digits do not.
            return AreClose(first[i], second[i], 1e-8)
                ? string.Create(CultureInfo.InvariantCulture, $"{place}{first[i]:R}, then {second[i]:R}")
                : $"{place}{Show(first[i])}, then {Show(second[i])}";
        }
        return null;
    }
}
