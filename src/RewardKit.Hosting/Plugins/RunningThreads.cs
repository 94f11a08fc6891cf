namespace RewardKit.Hosting.Plugins;

/// <summary>The process's threads, as far as the system tells. .NET does not list its own.</summary>
internal static class RunningThreads
{
    private const string Tasks = "/proc/self/task";

    /// <summary>Their ids; none where the system does not tell.</summary>
    public static IReadOnlySet<int> Ids() => OperatingSystem.IsLinux()
        ? Directory.GetDirectories(Tasks).Select(t => int.Parse(Path.GetFileName(t), System.Globalization.CultureInfo.InvariantCulture)).ToHashSet()
        : new HashSet<int>();

    /// <summary>The names of those that began since, those of the runtime left out.</summary>
    public static IReadOnlyList<string> Since(IReadOnlySet<int> before) =>
        before.Count == 0 ? [] : [.. Ids().Except(before).Order().Select(Name).OfType<string>().Where(n => !n.StartsWith(".NET", StringComparison.Ordinal))];

    private static string? Name(int id)
    {
        try
        {
            return File.ReadAllText($"{Tasks}/{id}/comm").Trim();
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
