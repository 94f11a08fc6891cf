using System.Text.Json;

namespace RewardKit.Plugins.BestOfN;

/// <summary>A judge's ranking of two responses, asked for as JSON.</summary>
public static class Ranking
{
    /// <summary>The judge's question about two responses.</summary>
    /// <param name="prompt">What they answer.</param>
    /// <param name="first">The one that is called A.</param>
    /// <param name="second">The one that is called B.</param>
    public static string Question(string prompt, string first, string second) =>
        $$"""
        Two models, A and B, answered the instruction below. Rank their answers by how well a careful person would judge them: by what
        they say, not by their length or by which one stands first. The better one has rank 1; if you find no difference, both have
        rank 1. Answer with this JSON and nothing else: [{"model": "A", "rank": 1}, {"model": "B", "rank": 2}]

        Instruction:
        {{prompt}}

        Answer of A:
        {{first}}

        Answer of B:
        {{second}}
        """;

    /// <summary>Reads the answer.</summary>
    /// <param name="text">The judge's text; what stands around the list does not matter.</param>
    /// <returns>1 if A is better, −1 if B is, 0 for no difference; null where the text has no such list.</returns>
    public static int? Parse(string text)
    {
        var (start, end) = (text.IndexOf('[', StringComparison.Ordinal), text.LastIndexOf(']'));
        if (start < 0 || end < start) return null;
        try
        {
            using var list = JsonDocument.Parse(text[start..(end + 1)]);
            return RankOf(list.RootElement, "A") is { } a && RankOf(list.RootElement, "B") is { } b ? b.CompareTo(a) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Named once, with a number.
    private static double? RankOf(JsonElement list, string model)
    {
        double? rank = null;
        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("model", out var name) || name.ValueKind != JsonValueKind.String || name.GetString() != model) continue;
            if (rank is not null || !entry.TryGetProperty("rank", out var number) || number.ValueKind != JsonValueKind.Number) return null;
            rank = number.GetDouble();
        }
        return rank;
    }
}
