using RewardKit.Hosting.Experiments;

namespace RewardKit.Cli;

/// <summary>Files that a command wrote to a folder, and those that it left as they were.</summary>
internal sealed class NewFiles(string folder, IReadOnlyList<string> written, IReadOnlyList<string> kept)
{
    private readonly List<string> _written = [.. written];
    private readonly List<string> _kept = [.. kept];

    /// <summary>Writes files; what the file system refuses is one message.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="work">Writes them.</param>
    /// <exception cref="RewardKitException">A file cannot be written.</exception>
    public static void Write(string folder, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RewardKitException.Failure($"{folder} cannot be written to: {e.Message}", e);
        }
    }

    /// <summary>Writes a file, unless there is one of its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">What is to stand in it.</param>
    public void Add(string name, string text)
    {
        var path = Path.Combine(folder, name);
        if (File.Exists(path)) _kept.Add(path);
        else _written.Add(AtomicFile.Write(path, System.Text.Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Lists them; what lies in one folder below, in a line.</summary>
    public void Tell()
    {
        Tell("wrote", _written);
        Tell("kept", _kept);
    }

    private void Tell(string word, IEnumerable<string> files)
    {
        foreach (var group in files.GroupBy(file => Path.GetDirectoryName(Path.GetRelativePath(folder, file))!))
            Console.WriteLine(group.Key.Length == 0
                ? string.Join('\n', group.Select(file => $"{word,-6} {Path.GetFileName(file)}"))
                : $"{word,-6} {group.Key}{Path.DirectorySeparatorChar}: {string.Join(", ", group.Select(Path.GetFileName))}");
    }
}
