using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>Makes models: from folders in Hugging Face's layout, or from nothing.</summary>
internal static class Checkpoint
{
    private const string Score = RewardHeads.First + ".weight";
    private const string ExtraScores = RewardHeads.Further + ".weight";
    private const string LanguageHead = "lm_head.weight";
    private const string Anywhere = "The model";

    /// <summary>A language model.</summary>
    public static CausalModel Causal(ModelSpec spec, int seed, Device? device)
    {
        if (spec.Folder is { } adapter && AdapterFolder.Is(adapter)) return AdapterFolder.Causal(spec, seed, device);
        return WithAdapter(Whole(spec, seed, device), spec, seed);
    }

    private static CausalModel Whole(ModelSpec spec, int seed, Device? device)
    {
        if (Configuration(spec) is { } config)
            return Untrained(spec, config, device, zeroHead: false, seed, (file, weights) => new CausalModel(file, config, weights, languageHead: true));
        var (loaded, stored) = Open(spec.Folder!);
        using var reader = stored;
        var model = loaded.Model();
        return Stored(
            spec, loaded, reader, device, null, weights => new CausalModel(loaded, model, weights, languageHead: true), name => Spare(model, name) || RewardHeads.Has(name));
    }

    /// <summary>A reward model.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="head">How a missing scalar head starts; null refuses a folder without one.</param>
    /// <param name="seed">Decides what is fresh.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    public static RewardModel Reward(ModelSpec spec, RewardHead? head, int seed, Device? device)
    {
        if (spec.Folder is { } adapter && AdapterFolder.Is(adapter)) return AdapterFolder.Reward(spec, head, seed, device);
        return WithAdapter(Whole(spec, head, seed, device), spec, seed);
    }

    private static RewardModel Whole(ModelSpec spec, RewardHead? head, int seed, Device? device)
    {
        if (Configuration(spec) is { } config)
            return Untrained(spec, config, device, head!.ZeroInit, seed, (file, weights) => spec.IsPolicy ? new RewardModel(file, config, weights)
                : spec.Pairs is not null
                ? new RewardModel(file, config, weights, PairEncoder.Create(spec).PairLabels(needTie: false))
                : Labels(spec, file, config, head) is { } labels
                ? new RewardModel(file, config, weights, labels)
                : new RewardModel(file, config, weights, languageHead: true, head));

        var (loaded, stored) = Open(spec.Folder!);
        using var reader = stored;
        var model = loaded.Model();
        // A folder says what it was trained as; a training says what it makes of it.
        if (spec.IsPolicy || head is null && TextSettings.Read(loaded).IsPolicy)
            return Stored(spec, loaded, reader, device, null, weights => new RewardModel(loaded, model, weights), name => Spare(model, name) || RewardHeads.Has(name));
        if (spec.Pairs is not null || head is null && TextSettings.Read(loaded).Pairs is not null)
        {
            var labels = PairEncoder.Create(spec).PairLabels(needTie: false);
            return Stored(spec, loaded, reader, device, null, weights => new RewardModel(loaded, model, weights, labels), name => Spare(model, name) || RewardHeads.Has(name));
        }
        if (Labels(spec, loaded, model, head) is { } tokens)
            return Stored(spec, loaded, reader, device, null, weights => new RewardModel(loaded, model, weights, tokens), name => Spare(model, name) || RewardHeads.Has(name));

        var scored = reader.Find(Score) is not null;
        if (HeadRefusal(reader, loaded, model) is { } refusal) throw refusal;
        if (!scored && head is null)
            throw RewardKitException.Input($"{reader.Path}: no {Score} here: this is a language model, not a trained reward model.");
        // Without tying, a classifier saved by other tools has no language-model head; a language model must have one.
        var languageHead = model.TieWordEmbeddings || !scored || reader.Find(LanguageHead) is not null;
        var outputs = !scored ? 0 : 1 + (reader.Find(ExtraScores) is { Shape: [var further, ..] } ? (int)Math.Min(further, int.MaxValue - 1) : 0);
        if (outputs > 1 && head is not null && head.Outputs != outputs) throw OutputsRefusal(reader.Path, outputs, head.Outputs);
        var form = (head ?? new()) with { Bias = scored ? reader.Find("score.bias") is not null : head!.Bias, Outputs = head?.Outputs ?? outputs };
        var fresh = outputs == form.Outputs ? null : new UntrainedSource(model.InitializerRange, head!.ZeroInit, seed, Place(Noted(spec, loaded), device, reader));
        return Stored(spec, loaded, reader, device, fresh, weights => new RewardModel(loaded, model, weights, languageHead, form), name => Spare(model, name));
    }

    /// <summary>Why a head cannot be trained on by a loss that wants another number of outputs.</summary>
    public static RewardKitException OutputsRefusal(string where, int outputs, int asked) => RewardKitException.Input(
        $"{where}: this model has {Outputs(outputs)}, and the loss trains {Outputs(asked)}. Start from the model that it was trained from, or take a loss that trains as many.");

    private static string Outputs(int count) => count == 1 ? "one reward output" : $"{count} reward outputs";

    private static T WithAdapter<T>(T model, ModelSpec spec, int seed) where T : CausalModel
    {
        if (spec.Lora is not { } options) return model;
        try
        {
            model.Adapters.Add(AdapterFolder.Default, options, seed);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // Old checkpoints store the rotary frequencies, and some the tied head a second time.
    private static bool Spare(ModelConfig config, string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || config.TieWordEmbeddings && name == LanguageHead;

    /// <summary>The configuration of a model with random weights; null for a folder.</summary>
    private static ModelConfig? Configuration(ModelSpec spec)
    {
        if (spec.Folder is null == spec.Configuration is null)
            throw RewardKitException.Input("A model needs either a folder or a configuration"
                + (spec.Folder is null ? "; neither is given." : $"; both are given (folder {spec.Folder})."));
        if (spec is { Configuration: not null, Lora: not null })
            throw RewardKitException.Input("A model with random weights has nothing to adapt: an adapter (Lora) needs a folder with a trained base.");
        return spec.Configuration?.Checked("The model's configuration");
    }

    private static T Untrained<T>(
        ModelSpec spec, ModelConfig config, Device? device, bool zeroHead, int seed, Func<ConfigFile, ModelWeights, T> make)
        where T : CausalModel
    {
        var place = new Placement(Dtype(spec.Dtype, Anywhere) ?? ScalarType.Float32, device ?? CPU);
        var model = make(ConfigFile.From(config), new(new UntrainedSource(config.InitializerRange, zeroHead, seed, place)));
        model.AskedDtype = spec.Dtype;
        return model;
    }

    private static (ConfigFile File, SafetensorsReader Reader) Open(string folder)
    {
        var file = ConfigFile.Load(folder);
        file.Model();
        return (file, SafetensorsReader.Open(folder));
    }

    private static T Stored<T>(
        ModelSpec spec, ConfigFile file, SafetensorsReader reader, Device? device, IParameterSource? fresh, Func<ModelWeights, T> make,
        Func<string, bool> spare)
        where T : CausalModel
    {
        var dtype = Noted(spec, file);
        using var source = new StoredSource(reader, Place(dtype, device, reader), fresh, RewardHeads.Has);
        var model = source.Make(make, spare);
        model.AskedDtype = dtype;
        return model;
    }

    // Loaded in another type than it was trained in, a model would give other scores.
    private static string? Noted(ModelSpec spec, ConfigFile file) => spec.Dtype ?? TextSettings.Read(file).Dtype;

    private static Placement Place(string? dtype, Device? device, SafetensorsReader reader) =>
        new(Dtype(dtype, Anywhere) ?? reader.Find("model.embed_tokens.weight")?.Type ?? ScalarType.Float32, device ?? CPU);

    /// <summary>The type of this name; null for what the file has.</summary>
    public static ScalarType? Dtype(string? name, string where) => name switch
    {
        null or "float32" => ScalarType.Float32,
        "bfloat16" => ScalarType.BFloat16,
        "float16" => ScalarType.Float16,
        "auto" => null,
        _ => throw RewardKitException.Input($"{where}: the dtype is \"{name}\"; expected float32, bfloat16, float16 or auto."),
    };

    private static (int, int)? Labels(ModelSpec spec, ConfigFile file, ModelConfig config, RewardHead? head)
    {
        var labels = spec.LabelTokens ?? TextSettings.Read(file).Labels;
        if (labels is not null && head is { Outputs: > 1 })
            throw RewardKitException.Input($"The loss trains {Outputs(head.Outputs)}, and a model with label tokens has no scalar head. Leave the label tokens out.");
        return labels?.Ids(
            () => Tokenizer.Load(spec.Tokenizer ?? spec.Folder ?? throw RewardKitException.Input(
                "Label tokens given by text need a tokenizer: set the Tokenizer option to a folder with one.")),
            config.VocabSize);
    }

    /// <summary>
    /// Why a folder's scalar head cannot be used; null where it can, or where there is none. A head with several outputs, and a
    /// head that was lost on the way, are the two ways in which reward models go wrong.
    /// </summary>
    public static RewardKitException? HeadRefusal(SafetensorsReader reader, ConfigFile file, ModelConfig config)
    {
        var scored = reader.Find(Score) is not null;
        const string one = "A reward model has exactly one output: convert a two-label head by taking row 1 less row 0 of score.weight, or train anew from the language model.";
        if (reader.Find(Score) is { Shape: [not 1, ..] } wide)
            return RewardKitException.Input(
                $"{reader.Path}: {Score} has shape {SafetensorsFormat.ShapeText(wide.Shape)}, expected [1, {config.HiddenSize}]. {one}");
        var classifier = file.Architectures.Contains(file.Family().Classifier);
        if (scored || classifier)
        {
            var labels = file.Value<int>(file.Json, "num_labels") ?? (file.Json["id2label"] as JsonObject)?.Count ?? 1;
            if (labels != 1) return file.Refused($"num_labels is {labels}, expected 1. {one}");
        }
        return scored || !classifier ? null : RewardKitException.Input(
            $"{reader.Path}: no {Score} here, although {ConfigFile.Name} names {file.Family().Classifier}: the trained head was lost when this folder was written.");
    }
}
