namespace RewardKit.Training.Data;

/// <summary>What the user may have meant by a name that is not there.</summary>
public static class NearNames
{
    /// <summary>A sentence for the end of a message, after a space, with the nearest candidate; nothing if none is near.</summary>
    /// <param name="word">The name that is not there.</param>
    /// <param name="candidates">Those that are.</param>
    public static string Sentence(string word, IEnumerable<string> candidates) =>
        Nearest(word, candidates) is { } nearest ? $" Did you mean \"{nearest}\"?" : "";

    /// <summary>The candidate most like a name; null if none is like it.</summary>
    /// <param name="word">The name that is not there.</param>
    /// <param name="candidates">Those that are.</param>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(word);
        return candidates
            .Select(candidate => (Text: candidate, Distance: Distance(word, candidate)))
            .OrderBy(c => c.Distance).ThenBy(c => c.Text, StringComparer.Ordinal)
            .FirstOrDefault(c => c.Distance <= Math.Max(2, word.Length / 3)).Text;
    }

    /// <summary>
    /// A clause for the end of a message: up to three data files of the folder, those most like the name first; or that
    /// there is no such folder.
    /// </summary>
    internal static string In(string folder, string name)
    {
        if (!Directory.Exists(folder)) return $": there is no folder {folder}";
        var near = Directory.EnumerateFiles(folder, "*.jsonl*")
            .Select(Path.GetFileName).OfType<string>()
            .OrderBy(file => name == "" ? 0 : Distance(name, file)).ThenBy(file => file, StringComparer.Ordinal)
            .Take(3).ToArray();
        return near.Length == 0 ? $": the folder {folder} has no .jsonl or .jsonl.gz file" : $"; near it: {string.Join(", ", near)}";
    }

    /// <summary>A clause for the end of a message: the name most like the one that is missing, or all names there are.</summary>
    internal static string Of(string name, IReadOnlyList<string> names) =>
        names.Count == 0 ? "; it has none"
        : Nearest(name, names) is { } nearest ? $"; did you mean \"{nearest}\"?"
        : $"; it has {string.Join(", ", names.Take(12).Select(n => $"\"{n}\""))}{(names.Count > 12 ? " and more" : "")}";

    // Letters to insert, delete, replace or swap with a neighbour, case ignored.
    private static int Distance(string a, string b)
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
