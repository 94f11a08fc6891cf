using System.Reflection;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>Where the test data are.</summary>
internal static class Files
{
    public static readonly string Root = typeof(Files).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string Stories => Path.Combine(Root, "scripts/models/stories260K");

    public static string Gpt2 => Path.Combine(Root, "scripts/models/gpt2-tokenizer");

    public static string Data(string path) => Path.Combine(Root, "tests/data", path);

    public static string TokenizerFolder(string name) => name switch
    {
        "gpt2" => Gpt2,
        "stories260K" => Stories,
        _ => Data("tokenizers/" + name),
    };

    public static Tokenizer Tokenizer(string name) => RewardKit.Models.Tokenization.Tokenizer.Load(TokenizerFolder(name));
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rewardkit-models-").FullName;

    /// <summary>A copy of a folder's files.</summary>
    public static TempFolder CopyOf(string folder)
    {
        var copy = new TempFolder();
        foreach (var file in Directory.EnumerateFiles(folder)) File.Copy(file, System.IO.Path.Combine(copy.Path, System.IO.Path.GetFileName(file)));
        return copy;
    }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text) => File.WriteAllText(this[name], text);

    public void Replace(string name, string old, string @new)
    {
        var text = File.ReadAllText(this[name]);
        Assert.That(text, Does.Contain(old));
        File.WriteAllText(this[name], text.Replace(old, @new));
    }

    /// <summary>Changes the tensors of <c>model.safetensors</c>.</summary>
    public void RewriteWeights(Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(Path)) tensors = reader.Entries.ToDictionary(e => e.Name, e => reader.Read(e.Name));
        change(tensors);
        SafetensorsWriter.Write(this["model.safetensors"], tensors);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
