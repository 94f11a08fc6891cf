using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models;

/// <summary>
/// The files of a folder that decide what a model computes; beside them lie readmes, licences and weights in other
/// formats, which are never read. Nothing here reads more than a list of weights files.
/// </summary>
public static class ModelFiles
{
    /// <summary>The configuration and the weights of a model folder or an adapter's, as far as they are there.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="RewardKitException">A sharded model's index is malformed.</exception>
    public static IReadOnlyList<string> OfModel(string folder) =>
        Existing(folder, AdapterFolder.Is(folder)
            ? [ConfigFile.Name, AdapterConfig.Name, AdapterFile.Name] : [ConfigFile.Name, .. SafetensorsReader.FilesIn(folder)]);

    /// <summary>The folder of the base model where a folder holds an adapter; null where it holds a whole model.</summary>
    /// <param name="spec">Names the folder, and maybe the base.</param>
    /// <exception cref="RewardKitException">The base is not there.</exception>
    public static string? BaseOf(ModelSpec spec) =>
        spec.Folder is { } folder && AdapterFolder.Is(folder) ? AdapterFolder.BaseOf(folder, spec.Base) : null;

    /// <summary>The folder that a specification's tokenizer is read from; null where it names none.</summary>
    /// <param name="spec">The specification.</param>
    public static string? TokenizerOf(ModelSpec spec) =>
        spec.Tokenizer ?? (spec.Folder is { } folder ? AdapterFolder.ForTexts(folder, spec.Base).Tokenizer : null);

    /// <summary>The files of a folder from which its tokenizer is read, as far as they are there.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> OfTokenizer(string folder) =>
        Existing(folder, [ConfigFile.Name, .. TokenizerFiles.Names.SelectMany(name => (string[])[name, name + ".gz"])]);

    private static string[] Existing(string folder, IEnumerable<string> names) =>
        [.. names.Select(name => Path.Combine(folder, name)).Where(File.Exists)];
}
