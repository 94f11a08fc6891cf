using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>Writes folders whole or not at all, and models like others.</summary>
internal static class WeightsFolder
{
    private const string Embeddings = "model.embed_tokens.weight";

    // What goes with a model beside its weights: configurations, tokenizers, templates, the card, the licence.
    private static readonly string[] s_texts = [".json", ".txt", ".model", ".jinja", ".md", ".gz", ""];

    /// <summary>Writes a folder beside, then puts it in place of whatever was there.</summary>
    public static void Replace(string folder, Action<string> write)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var (beside, old) = (folder + ".tmp", folder + ".old");
        foreach (var leftover in (string[])[beside, old])
            if (Directory.Exists(leftover)) Directory.Delete(leftover, recursive: true);
        Directory.CreateDirectory(beside);
        try
        {
            write(beside);
        }
        catch
        {
            Directory.Delete(beside, recursive: true);
            throw;
        }
        if (Directory.Exists(folder)) Directory.Move(folder, old);
        Directory.Move(beside, folder);
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
    }

    /// <summary>Writes a model like another one.</summary>
    public static void Write(string folder, string like, IReadOnlyList<WeightToWrite> weights, SaveOptions options, IReadOnlyList<string> newTokens)
    {
        if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(like)))
            throw RewardKitException.Input($"{folder}: a model cannot be written over the folder that it is read from; name another one.");
        var config = ConfigFile.Load(like).Copy();
        var type = options.Type;
        if (weights.FirstOrDefault(weight => weight.Name == Embeddings) is { } embeddings)
        {
            config.Json["vocab_size"] = embeddings.Shape[0];
            ModelFolder.NoteType(config.Json, type ?? embeddings.Type);
        }
        Replace(folder, beside =>
        {
            foreach (var file in Directory.EnumerateFiles(like).Where(IsText)) File.Copy(file, Path.Combine(beside, Path.GetFileName(file)));
            config.Save(beside);
            if (newTokens.Count > 0) TokenizerFiles.Append(beside, newTokens);
            using var _ = no_grad();
            SafetensorsWriter.WriteModel(beside, weights, options.ShardBytes, type);
        });
    }

    private static bool IsText(string path)
    {
        var name = Path.GetFileName(path);
        return s_texts.Contains(Path.GetExtension(name)) && name != ConfigFile.Name && !name.EndsWith(".index.json", StringComparison.Ordinal);
    }
}
