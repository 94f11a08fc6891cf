using System.Globalization;

namespace RewardKit.Training.Checkpoints;

/// <summary>Tells the user that something could not be written, and above all that the disk is full.</summary>
public static class StorageFailure
{
    // Linux: a file larger than the limit, no space left, over the quota.
    private static readonly int[] NoRoom = [27, 28, 122];

    /// <summary>The failure to write something, as one message: what, where, and how to go on.</summary>
    /// <param name="what">What was to be written: <c>the checkpoint of step 120</c>.</param>
    /// <param name="path">Where.</param>
    /// <param name="cause">What the system said.</param>
    /// <param name="needed">The bytes that it takes; null where that is not known.</param>
    public static RewardKitException Of(string what, string path, Exception cause, long? needed = null)
    {
        if (!IsFull(cause)) return RewardKitException.Failure($"Cannot write {what} to {path}: {cause.Message}", cause);
        var room = needed is null ? "" : $" (it takes about {Bytes(needed.Value)}{Free(path)})";
        return RewardKitException.Failure(
            $"There is no room for {what} in {path}{room}: {cause.Message.TrimEnd('.')}. What was written before is intact: free space, and run the same command again.",
            cause);
    }

    /// <summary>Whether an error, or what caused it, is a full disk, a used-up quota or a file-size limit.</summary>
    /// <param name="error">The error.</param>
    public static bool IsFull(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException!)
            if (e is IOException && NoRoom.Contains(e.HResult)) return true;
        return false;
    }

    private static string Free(string path)
    {
        try
        {
            var folder = path;
            while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
            return $", {Bytes(new DriveInfo(folder).AvailableFreeSpace)} are free";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "";
        }
    }

    private static string Bytes(long count) => count < 1_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e3:0.#} kB")
        : string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:#,0.#} MB");
}
