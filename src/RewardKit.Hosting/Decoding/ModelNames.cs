using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;

namespace RewardKit.Hosting.Decoding;

/// <summary>What models are called, and what identifies them.</summary>
internal static class ModelNames
{
    /// <summary>The folder's name; of a run's trained model the arm's and the seed's.</summary>
    public static string Of(ModelSpec model)
    {
        if (model.Folder is not { } folder) return "random weights";
        var parts = Path.TrimEndingDirectorySeparator(folder).Split(Path.DirectorySeparatorChar);
        return parts is [.., var arm, var seed, "checkpoint"] ? $"{arm}/{seed}" : parts[^1];
    }

    /// <summary>The content of a model's files, and how they are read. Where they lie plays no part.</summary>
    public static string Identity(ModelSpec model, FileHashes files)
    {
        var parts = new List<string> { JsonSerializer.Serialize(model with { Folder = null, Base = null, Tokenizer = null }) };
        if (model.Folder is { } folder) parts.Add(files.Of(folder, ModelFiles.OfModel(folder)));
        if (ModelFiles.BaseOf(model) is { } below) parts.Add(files.Of(below, ModelFiles.OfModel(below)));
        if (ModelFiles.TokenizerOf(model) is { } tokenizer) parts.Add(files.Of(tokenizer, ModelFiles.OfTokenizer(tokenizer)));
        return string.Join(' ', parts);
    }
}
