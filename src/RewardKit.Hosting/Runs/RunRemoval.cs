namespace RewardKit.Hosting.Runs;

/// <summary>Removes runs with their folders.</summary>
public static class RunRemoval
{
    /// <summary>Refuses a run whose experiment a process is at work on: others of its arms may need this one.</summary>
    /// <exception cref="RewardKitException">There is such a process.</exception>
    public static void Check(RunRow row, IReadOnlyList<RunRow> all)
    {
        if (all.FirstOrDefault(r => r.IsLive && ExperimentOf(r) == ExperimentOf(row)) is not { } live) return;
        throw RewardKitException.Input(
            $"The run {row.Id} ({row.Arm}, seed {row.Seed}) cannot be removed: the process {live.Process?.Id} on {live.Process?.Host} is at work on its experiment "
            + $"({live.Arm}, seed {live.Seed}). Stop it, or wait for its end.");
    }

    /// <summary>Removes the folder, of an unfinished training, too, and forgets the run.</summary>
    /// <exception cref="RewardKitException">The folder cannot be removed, or is none of a run.</exception>
    public static void Remove(RunIndex index, RunRow row)
    {
        // The index is a file like others, and what it says is not deleted unseen.
        if (!row.Folder.StartsWith(Path.GetDirectoryName(index.Path)! + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            || !Path.GetFileName(row.Folder).StartsWith("seed-", StringComparison.Ordinal))
            throw RewardKitException.Failure($"{row.Folder} is no run's folder below {Path.GetDirectoryName(index.Path)}; nothing was removed.");
        try
        {
            foreach (var folder in new[] { row.Folder, RunFolders.Partial(row.Folder) }.Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
            if (Path.GetDirectoryName(row.Folder) is { } arm && Directory.Exists(arm) && !Directory.EnumerateFileSystemEntries(arm).Any()) Directory.Delete(arm);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RewardKitException.Failure($"The folder of the run {row.Id}, {row.Folder}, cannot be removed: {e.Message}", e);
        }
        index.Remove(row);
    }

    private static string? ExperimentOf(RunRow row) => Path.GetDirectoryName(Path.GetDirectoryName(row.Folder));
}
