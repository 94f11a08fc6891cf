using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>A tensor to be written, which is made when its turn comes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Make">Makes it; it is disposed once it is written.</param>
public sealed record WeightToWrite(string Name, IReadOnlyList<long> Shape, ScalarType Type, Func<Tensor> Make);

/// <summary>
/// The weights of a model by name, from a folder or a live model: for tools that combine models. Tensors are read one at a
/// time and written one at a time, so that no model is in memory whole.
/// </summary>
public sealed class NamedWeights : IModelWeights, IDisposable
{
    private readonly SafetensorsReader? _reader;
    private readonly Dictionary<string, Tensor>? _live;
    private readonly Dictionary<string, ModelWeight> _byName;
    private IReadOnlyList<string>? _tokens;

    private NamedWeights(string? folder, SafetensorsReader? reader, Dictionary<string, Tensor>? live, IEnumerable<(string Name, IReadOnlyList<long> Shape, ScalarType Type)> weights)
    {
        (Folder, _reader, _live) = (folder, reader, live);
        Weights = [.. weights.Select(weight => new ModelWeight(weight.Name, weight.Shape, weight.Type, Role(weight.Name)))];
        _byName = Weights.ToDictionary(weight => weight.Name, StringComparer.Ordinal);
    }

    /// <summary>The weights of a model folder.</summary>
    /// <param name="folder">A folder with safetensors, in one file or several.</param>
    /// <exception cref="RewardKitException">There is no model, or its files are malformed, or it holds an adapter.</exception>
    public static NamedWeights Open(string folder)
    {
        if (Directory.Exists(folder) && AdapterFolder.Is(folder))
            throw RewardKitException.Input($"{folder}: holds an adapter, not a model's weights. Merge it first: rewardkit model merge-adapter {folder} OUT.");
        ConfigFile.Load(folder);
        var reader = SafetensorsReader.Open(folder);
        return new(folder, reader, null, reader.Entries.Select(entry => (entry.Name, (IReadOnlyList<long>)entry.Shape, entry.Type)));
    }

    /// <summary>The factors of an adapter, and the scalar head that goes with it, under PEFT's names.</summary>
    internal static NamedWeights OpenAdapter(string folder)
    {
        var reader = SafetensorsReader.Open(Path.Combine(folder, AdapterFile.Name));
        return new(folder, reader, null, reader.Entries.Select(entry => (entry.Name, (IReadOnlyList<long>)entry.Shape, entry.Type)));
    }

    /// <summary>The weights of a live model as it is saved whole: its adapters left out, unless one is merged.</summary>
    /// <param name="model">The model; stays the caller's, and must outlive this.</param>
    public static NamedWeights Of(CausalModel model)
    {
        var live = model.Tensors().ToDictionary(StringComparer.Ordinal);
        foreach (var made in live.Values.Where(value => value is not Parameter)) made.DetachFromDisposeScope();
        return new(model.File.Folder, null, live, live.Select(entry => (entry.Key, (IReadOnlyList<long>)entry.Value.shape, entry.Value.dtype)));
    }

    /// <summary>The folder that they come from; null for a live model that comes from none.</summary>
    public string? Folder { get; }

    /// <inheritdoc/>
    public string Name => Folder is null ? "a model in memory" : Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <inheritdoc/>
    public IReadOnlyList<ModelWeight> Weights { get; }

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The tokenizer is damaged.</exception>
    public IReadOnlyList<string> Tokens => _tokens ??= ReadTokens();

    /// <summary>Looks a tensor up; null if there is none of this name.</summary>
    /// <param name="name">The name.</param>
    public ModelWeight? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A copy of a tensor's numbers in CPU memory, without gradients. The caller owns it.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="RewardKitException">There is none of this name.</exception>
    public Tensor Read(string name)
    {
        if (!_byName.ContainsKey(name)) throw RewardKitException.Input($"{_reader?.Path ?? "The model"}: there is no tensor {name}.");
        if (_reader is not null) return _reader.Read(name);
        using var values = _live![name].detach();
        return values.to(CPU, copy: true);
    }

    /// <summary>Every tensor as it is, to be written.</summary>
    public IEnumerable<WeightToWrite> ToWrite() => Weights.Select(weight => new WeightToWrite(weight.Name, weight.Shape, weight.Type, () => Read(weight.Name)));

    /// <summary>
    /// Writes a model folder like another one, but with these weights: its configuration (with the vocabulary's size and the
    /// type that the weights have), its tokenizer and its texts are copied. Beside and renamed.
    /// </summary>
    /// <param name="folder">The folder; replaced if it exists.</param>
    /// <param name="like">The folder to take everything but the weights from; another one than <paramref name="folder"/>.</param>
    /// <param name="weights">The weights, in the order of the files.</param>
    /// <param name="options">Type and size of the files.</param>
    /// <param name="newTokens">Tokens that its tokenizer has after those of the other one; null for none.</param>
    /// <exception cref="RewardKitException">A tensor turns out to be of another shape than was said.</exception>
    public static void Write(string folder, string like, IEnumerable<WeightToWrite> weights, SaveOptions? options = null, IReadOnlyList<string>? newTokens = null) =>
        WeightsFolder.Write(folder, like, [.. weights], options ?? new(), newTokens ?? []);

    // The families' own code agrees on these names.
    private static WeightRole Role(string name) => name.Split('.') switch
    {
        [.., "embed_tokens", _] => WeightRole.Embedding,
        ["lm_head", ..] => WeightRole.LanguageHead,
        [RewardHeads.First or RewardHeads.Further, ..] => WeightRole.RewardHead,
        ["base_model", "model", RewardHeads.First or RewardHeads.Further, ..] => WeightRole.RewardHead, // an adapter's
        _ => WeightRole.Body,
    };

    private IReadOnlyList<string> ReadTokens()
    {
        if (Folder is null || !((string[])["tokenizer.json", "vocab.json", "tokenizer.model"]).Any(name => File.Exists(Path.Combine(Folder, name)))) return [];
        var tokenizer = Tokenizer.Load(Folder);
        return [.. Enumerable.Range(0, tokenizer.VocabSize).Select(id => tokenizer.IdToToken(id) ?? "")];
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        foreach (var made in _live?.Values.Where(value => value is not Parameter) ?? []) made.Dispose();
    }
}
