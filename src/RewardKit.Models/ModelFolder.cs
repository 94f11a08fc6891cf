using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>Writes models as folders that Hugging Face's loaders read.</summary>
internal static class ModelFolder
{
    private const string Generation = "generation_config.json";

    /// <summary>Writes the folder beside and renames it.</summary>
    public static void Save(CausalModel model, string folder, PairEncoder encoder, SaveOptions options) =>
        WeightsFolder.Replace(folder, beside => Write(model, beside, encoder, options));

    private static void Write(CausalModel model, string beside, PairEncoder encoder, SaveOptions options)
    {
        encoder.Tokenizer.CopyTo(beside);
        var type = options.Type;
        var config = Configuration(model, encoder, type ?? model.Type);
        SaveGeneration(model.File, encoder.Tokenizer, beside);
        File.WriteAllText(Path.Combine(beside, "README.md"), (options.Card ?? new()).Text(model));
        if (model.Adapters is { Active: not null, Merged: false }) AdapterFolder.Save(model, beside, config.Json);
        else
            using (no_grad())
            using (NewDisposeScope())
                SafetensorsWriter.WriteModel(
                    beside, [.. model.Tensors().Select(t => new WeightToWrite(t.Key, t.Value.shape, t.Value.dtype, () => t.Value.detach()))], options.ShardBytes, type);
        config.Save(beside);
    }

    /// <summary>Notes the weights' type in a configuration.</summary>
    public static void NoteType(JsonObject json, ScalarType type)
    {
        // The key has a new name in newer versions; older ones read only the old.
        json["torch_dtype"] = TypeName(type);
        if (json.ContainsKey("dtype")) json["dtype"] = TypeName(type);
    }

    private static ConfigFile Configuration(CausalModel model, PairEncoder encoder, ScalarType type)
    {
        var result = model.File.Copy();
        var json = result.Json;
        json["architectures"] = new JsonArray(model.Architecture);
        json["model_type"] = model.Config.ModelType;
        json["vocab_size"] = model.Config.VocabSize;
        var labels = (model as RewardModel)?.Labels;
        foreach (var key in (string[])["num_labels", "id2label", "label2id"]) json.Remove(key);
        if (model is RewardModel { HasScalarHead: true })
        {
            json["num_labels"] = 1;
            json["id2label"] = new JsonObject { ["0"] = "LABEL_0" };
            json["label2id"] = new JsonObject { ["LABEL_0"] = 0 };
        }
        NoteType(json, type);
        // Other tools read the reward at the last token that is no padding: with the end-of-text token for padding they
        // would step back over it, to another token than ours.
        var (pad, end) = (encoder.Tokenizer.PadId, encoder.Tokenizer.EosId);
        Note("pad_token_id", pad == end ? null : pad);
        // Without a name in the tokenizer's files these ids count: those of the model's first tokenizer must not stay.
        Note("eos_token_id", end);
        Note("bos_token_id", encoder.Tokenizer.BosId);
        new TextSettings(
            encoder.Template.Name, encoder.MaxPromptTokens, encoder.MaxResponseTokens, labels is { } l ? new(l.First, l.Second) : null,
            model.AskedDtype, model is RewardModel { PairLabels: not null } ? encoder.Pairs : null,
            model is RewardModel { IsPolicy: true }).Write(json);
        return result;

        void Note(string key, int? id)
        {
            if (id is null) json.Remove(key);
            else json[key] = id;
        }
    }

    // The model's own, where it still has its tokenizer: it may list several end tokens, and how to sample.
    private static void SaveGeneration(ConfigFile file, Tokenizer tokenizer, string folder)
    {
        var target = Path.Combine(folder, Generation);
        if (file.Folder is { } from && Path.GetFullPath(from) == Path.GetFullPath(tokenizer.Folder) && File.Exists(Path.Combine(from, Generation)))
        {
            File.Copy(Path.Combine(from, Generation), target);
            return;
        }
        var json = new JsonObject();
        foreach (var (key, id) in new[] { ("bos_token_id", tokenizer.BosId), ("eos_token_id", tokenizer.EosId), ("pad_token_id", tokenizer.PadId) })
            if (id is not null) json[key] = id;
        File.WriteAllText(target, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>The name that configurations and options have for a type.</summary>
    public static string TypeName(ScalarType type) => type switch
    {
        ScalarType.Float32 => "float32",
        ScalarType.BFloat16 => "bfloat16",
        ScalarType.Float16 => "float16",
        ScalarType.Float64 => "float64",
        _ => throw new NotSupportedException($"a model of {type} weights"),
    };
}
