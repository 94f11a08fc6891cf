namespace RewardKit.Training.Data;

/// <summary>What to look at when a data file is not where its path says, or a key not in its record.</summary>
internal static class NearNames
{
    /// <summary>
    /// A clause for the end of a message: up to three data files of the folder, those most like the name first; or that
    /// there is no such folder.
    /// </summary>
    public static string In(string folder, string name)
    {
        if (!Directory.Exists(folder)) return $": there is no folder {folder}";
        var near = Directory.EnumerateFiles(folder, "*.jsonl*")
            .Select(Path.GetFileName).OfType<string>()
            .OrderBy(file => name == "" ? 0 : Distance(name, file)).ThenBy(file => file, StringComparer.Ordinal)
            .Take(3).ToArray();
        return near.Length == 0 ? $": the folder {folder} has no .jsonl or .jsonl.gz file" : $"; near it: {string.Join(", ", near)}";
    }

    /// <summary>A clause for the end of a message: the name most like the one that is missing, or all names there are.</summary>
    public static string Of(string name, IReadOnlyList<string> names)
    {
        if (names.Count == 0) return "; it has none";
        var best = names.MinBy(n => Distance(name.ToLowerInvariant(), n.ToLowerInvariant()))!;
        return Distance(name.ToLowerInvariant(), best.ToLowerInvariant()) <= 1 + name.Length / 3
            ? $"; did you mean \"{best}\"?"
            : $"; it has {string.Join(", ", names.Take(12).Select(n => $"\"{n}\""))}{(names.Count > 12 ? " and more" : "")}";
    }

    // Levenshtein's, by rows.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? diagonal : diagonal + 1;
                diagonal = row[j];
                row[j] = Math.Min(cost, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
