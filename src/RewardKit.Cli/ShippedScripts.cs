using System.Text.RegularExpressions;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli;

/// <summary>The scripts that come with the command, each a place to copy from, with the data and tokenizers that they name.</summary>
internal static partial class ShippedScripts
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "samples");

    /// <summary>Their names, without extension.</summary>
    public static IReadOnlyList<string> Names => [.. Directory.GetFiles(Folder, "*.fsx").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    /// <summary>The names of those that use a plugin.</summary>
    /// <param name="plugin">The plugin.</param>
    public static IReadOnlyList<string> Using(PluginDescription plugin) =>
        ScriptCall.Of(plugin) is { } call ? [.. Names.Where(name => ScriptCall.IsIn(File.ReadAllText(FileOf(name)), call))] : [];

    /// <summary>What a script is about: the first sentence of its first comment.</summary>
    /// <param name="name">Its name.</param>
    public static string SummaryOf(string name)
    {
        var comment = string.Join(' ', File.ReadLines(FileOf(name)).TakeWhile(line => line.StartsWith("//", StringComparison.Ordinal)).Select(line => line[2..].Trim()).TakeWhile(line => line.Length > 0));
        var end = comment.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? comment : comment[..(end + 1)];
    }

    /// <summary>
    /// Copies a script, and below its folder the data and tokenizers that it names. What is there already stays as it is.
    /// </summary>
    /// <param name="name">The shipped script.</param>
    /// <param name="target">The new file.</param>
    /// <returns>The files that were written, and those that were there, absolute.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static (IReadOnlyList<string> Written, IReadOnlyList<string> Kept) Copy(string name, string target)
    {
        var (written, kept) = (new List<string>(), new List<string>());
        // Its comments speak of the folder that it comes from.
        var text = File.ReadAllText(FileOf(name)).Replace("artifacts/rewardkit ", "rewardkit ", StringComparison.Ordinal)
            .Replace($"scripts/{name}.fsx", Path.GetFileName(target), StringComparison.Ordinal).Replace("scripts/", "", StringComparison.Ordinal);
        Put(target, beside => File.WriteAllText(beside, text));
        foreach (var file in Paths().Matches(text).SelectMany(match => FilesFor(match.Groups[1].Value)).Distinct().Order(StringComparer.Ordinal))
            Put(Path.Combine(Path.GetDirectoryName(target)!, file), beside => File.Copy(Path.Combine(Folder, file), beside));
        return (written, kept);

        void Put(string place, Action<string> write)
        {
            if (File.Exists(place))
            {
                kept.Add(place);
                return;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            var beside = $"{place}.{Environment.ProcessId}.tmp";
            write(beside);
            File.Move(beside, place);
            written.Add(place);
        }
    }

    // Of a file or folder named in a script: what is in it, and the licences and descriptions of the folders above it.
    private static IEnumerable<string> FilesFor(string path)
    {
        var place = Path.Combine(Folder, path);
        string[] files = File.Exists(place) ? [place] : Directory.Exists(place) ? Directory.GetFiles(place, "*", SearchOption.AllDirectories) : [];
        if (files.Length == 0) return [];
        for (var above = Path.GetDirectoryName(place)!; above.Length > Folder.Length; above = Path.GetDirectoryName(above)!)
            files = [.. files, .. Directory.GetFiles(above).Where(file => Path.GetFileName(file) is "LICENSE" or "README.md")];
        return files.Select(file => Path.GetRelativePath(Folder, file));
    }

    private static string FileOf(string name) => Path.Combine(Folder, name + ".fsx");

    [GeneratedRegex("\"((?:data|models)/[^\"]+)\"")]
    private static partial Regex Paths();
}
