using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models;

/// <summary>
/// The files of a folder that decide what a model computes; beside them lie readmes, licences and weights in other
/// formats, which are never read. Nothing here reads more than a list of weights files.
/// </summary>
public static class ModelFiles
{
    /// <summary>The configuration and the weights of a model folder, as far as they are there.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="RewardKitException">A sharded model's index is malformed.</exception>
    public static IReadOnlyList<string> OfModel(string folder) =>
        Existing(folder, [ConfigFile.Name, .. SafetensorsReader.FilesIn(folder)]);

    /// <summary>The files of a folder from which its tokenizer is read, as far as they are there.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> OfTokenizer(string folder) =>
        Existing(folder, [ConfigFile.Name, .. TokenizerFiles.Names.SelectMany(name => (string[])[name, name + ".gz"])]);

    private static string[] Existing(string folder, IEnumerable<string> names) =>
        [.. names.Select(name => Path.Combine(folder, name)).Where(File.Exists)];
}
