using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace RewardKit.Training.Checkpoints;

/// <summary>
/// A folder that is there whole or not at all: written beside under a temporary name and renamed. Its <c>files.json</c> has
/// the size and the SHA-256 of each file, so that one that was cut off or changed is found.
/// </summary>
internal static class SealedFolder
{
    /// <summary>How the name of what is being written, or deleted, ends.</summary>
    private const string Unfinished = ".tmp";

    private const string Listing = "files.json";

    private sealed record Entry(long Bytes, string Sha256);

    /// <summary>Writes a folder, in place of one that may be there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="fill">Writes the files into the folder it is given.</param>
    /// <exception cref="IOException">It cannot be written; then nothing of it is left.</exception>
    public static void Write(string path, Action<string> fill)
    {
        var beside = path + Unfinished;
        try
        {
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
            Directory.CreateDirectory(beside);
            fill(beside);
            var entries = new SortedDictionary<string, Entry>(StringComparer.Ordinal);
            foreach (var file in Directory.GetFiles(beside))
            {
                Durable.File(file);
                entries.Add(Path.GetFileName(file), Describe(file));
            }
            var listing = Path.Combine(beside, Listing);
            File.WriteAllBytes(listing, JsonSerializer.SerializeToUtf8Bytes(entries, JsonSerializerOptions.Web));
            Durable.File(listing);
            Durable.Folder(beside);
            Delete(path);
            Directory.Move(beside, path);
            Durable.Folder(Path.GetDirectoryName(path)!);
        }
        catch
        {
            // Where the disk is full, what cannot be used must not take room.
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
            throw;
        }
    }

    /// <summary>What is wrong with a folder, in words; null where every file is as it was written.</summary>
    public static string? Damage(string path)
    {
        try
        {
            var listing = Path.Combine(path, Listing);
            if (!File.Exists(listing)) return $"{Listing} is missing";
            var entries = JsonSerializer.Deserialize<Dictionary<string, Entry>>(File.ReadAllBytes(listing), JsonSerializerOptions.Web);
            if (entries is null || entries.Values.Any(e => e is null)) return $"{Listing} is not as it was written";
            foreach (var (name, expected) in entries.OrderBy(e => e.Key, StringComparer.Ordinal))
            {
                var file = new FileInfo(Path.Combine(path, name));
                if (!file.Exists) return $"{name} is missing";
                if (file.Length != expected.Bytes)
                    return string.Create(CultureInfo.InvariantCulture, $"{name} has {file.Length} bytes instead of {expected.Bytes}");
                if (Describe(file.FullName) != expected) return $"{name} is not as it was written";
            }
            return null;
        }
        catch (JsonException)
        {
            return $"{Listing} is not as it was written";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>Deletes a folder; whoever looks meanwhile sees it whole or not at all.</summary>
    public static void Delete(string path)
    {
        if (!Directory.Exists(path)) return;
        var doomed = path + ".old" + Unfinished;
        if (Directory.Exists(doomed)) Directory.Delete(doomed, recursive: true);
        Directory.Move(path, doomed);
        Directory.Delete(doomed, recursive: true);
    }

    /// <summary>Deletes what writing and deleting left when they were interrupted.</summary>
    public static void Sweep(string parent)
    {
        if (!Directory.Exists(parent)) return;
        foreach (var folder in Directory.GetDirectories(parent, "*" + Unfinished)) Directory.Delete(folder, recursive: true);
    }

    private static Entry Describe(string file)
    {
        using var stream = File.OpenRead(file);
        return new(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}
