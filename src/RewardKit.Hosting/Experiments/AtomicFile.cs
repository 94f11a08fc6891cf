using RewardKit.Training.Checkpoints;

namespace RewardKit.Hosting.Experiments;

/// <summary>Files that are there whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the place, then renames; makes the folder.</summary>
    /// <param name="path">The file, with its folder.</param>
    /// <param name="content">What it is to hold.</param>
    /// <returns>The path.</returns>
    /// <exception cref="RewardKitException">It cannot be written.</exception>
    public static string Write(string path, ReadOnlySpan<byte> content)
    {
        var beside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(beside, content);
            File.Move(beside, path, overwrite: true);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(beside);
            throw StorageFailure.Of(Path.GetFileName(path), Path.GetDirectoryName(path)!, e, content.Length);
        }
    }
}
