namespace RewardKit.Hosting.Plugins;

/// <summary>Finds what the user may have meant.</summary>
public static class Suggestion
{
    /// <summary>A sentence with the nearest candidate, or nothing if none is near.</summary>
    public static string Sentence(string word, IEnumerable<string> candidates)
    {
        var nearest = candidates
            .Select(candidate => (Text: candidate, Distance: Distance(word, candidate)))
            .OrderBy(c => c.Distance).ThenBy(c => c.Text, StringComparer.Ordinal)
            .FirstOrDefault(c => c.Distance <= Math.Max(2, word.Length / 3)).Text;
        return nearest is null ? "" : $" Did you mean \"{nearest}\"?";
    }

    /// <summary>Letters to insert, delete, replace or swap with a neighbour, case ignored.</summary>
    public static int Distance(string a, string b)
    {
        (a, b) = (a.ToLowerInvariant(), b.ToLowerInvariant());
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }
                var replace = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replace, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[a.Length, b.Length];
    }
}
