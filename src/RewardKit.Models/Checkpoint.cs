using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>Model folders and random starts: where a <see cref="RewardModel"/>'s weights come from and go to.</summary>
internal static class Checkpoint
{
    private const string Score = "score.weight";
    private const string LanguageHead = "lm_head.weight";

    /// <summary>A model with random weights.</summary>
    public static RewardModel Random(ModelConfig config, RewardHead head, int seed)
    {
        var model = new RewardModel(ConfigFile.From(config), config.Checked("The model's configuration"), languageHead: true, head.Bias);
        using var _ = no_grad();
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.StartsWith("score.", StringComparison.Ordinal)) StartHead(name, parameter, config, head, seed);
            else if (parameter.dim() == 2) RandomWeights.Normal(parameter, config.InitializerRange, seed, name);
        }
        return model;
    }

    /// <summary>A model from a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="head">How a missing scalar head starts; null refuses a folder without one.</param>
    /// <param name="seed">Decides a fresh head.</param>
    public static RewardModel Load(string folder, RewardHead? head, int seed)
    {
        var file = ConfigFile.Load(folder);
        var config = file.Model().Checked(folder);
        using var reader = SafetensorsReader.Open(folder);
        var scored = reader.Find(Score) is not null;
        if (!scored && head is null)
            throw RewardKitException.Input($"{reader.Path}: no {Score} here: this is a language model, not a trained reward model.");
        if (reader.Find(Score) is { Shape: [not 1, ..] } wide)
            throw RewardKitException.Input(
                $"{reader.Path}: {Score} has shape {SafetensorsFormat.ShapeText(wide.Shape)}, expected [1, {config.HiddenSize}]: "
                + "a reward model has exactly one output.");
        // Without tying, a classifier saved by other tools has no language-model head; a language model must have one.
        var languageHead = config.TieWordEmbeddings || !scored || reader.Find(LanguageHead) is not null;
        var model = new RewardModel(file, config, languageHead, scored ? reader.Find("score.bias") is not null : head!.Bias);
        try
        {
            using var _ = no_grad();
            var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
            RefuseMisfits(reader, config, parameters, headIsFresh: !scored);
            foreach (var (name, parameter) in parameters)
            {
                if (!scored && name.StartsWith("score.", StringComparison.Ordinal))
                {
                    StartHead(name, parameter, config, head!, seed);
                    continue;
                }
                using var stored = reader.Read(name);
                parameter.copy_(stored);
            }
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Writes a model folder beside and renames it.</summary>
    public static void Save(RewardModel model, ConfigFile file, string folder, PairEncoder encoder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var (beside, old) = (folder + ".tmp", folder + ".old");
        foreach (var leftover in (string[])[beside, old])
            if (Directory.Exists(leftover)) Directory.Delete(leftover, recursive: true);
        Directory.CreateDirectory(beside);

        encoder.Tokenizer.CopyTo(beside);
        Classifier(file, encoder).Save(beside);
        using (no_grad())
            SafetensorsWriter.Write(
                Path.Combine(beside, "model.safetensors"),
                model.named_parameters().Select(p => KeyValuePair.Create(p.name, (Tensor)p.parameter)));

        if (Directory.Exists(folder)) Directory.Move(folder, old);
        Directory.Move(beside, folder);
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
    }

    private static ConfigFile Classifier(ConfigFile file, PairEncoder encoder)
    {
        var result = file.Copy();
        var json = result.Json;
        json["architectures"] = new JsonArray(ConfigFile.SequenceClassification);
        json["num_labels"] = 1;
        json["id2label"] = new JsonObject { ["0"] = "LABEL_0" };
        json["label2id"] = new JsonObject { ["LABEL_0"] = 0 };
        json["torch_dtype"] = "float32";
        if (json.ContainsKey("dtype")) json["dtype"] = "float32";
        // Other tools read the reward at the last token that is no padding: with the end-of-text token for padding they
        // would step back over it, to another token than ours.
        var (pad, end) = (encoder.Tokenizer.PadId, encoder.Tokenizer.EosId);
        Note("pad_token_id", pad == end ? null : pad);
        // Without a name in the tokenizer's files these ids count: those of the model's first tokenizer must not stay.
        Note("eos_token_id", end);
        Note("bos_token_id", encoder.Tokenizer.BosId);
        new TextSettings(encoder.Template.Name, encoder.MaxPromptTokens, encoder.MaxResponseTokens).Write(json);
        return result;

        void Note(string key, int? id)
        {
            if (id is null) json.Remove(key);
            else json[key] = id;
        }
    }

    private static void StartHead(string name, Tensor parameter, ModelConfig config, RewardHead head, int seed)
    {
        if (head.ZeroInit || parameter.dim() == 1) parameter.zero_();
        else RandomWeights.Normal(parameter, config.InitializerRange, seed, name);
    }

    private static void RefuseMisfits(
        SafetensorsReader reader, ModelConfig config, Dictionary<string, Parameter> parameters, bool headIsFresh)
    {
        var problems = new List<string>();
        foreach (var (name, parameter) in parameters)
        {
            var expected = SafetensorsFormat.ShapeText(parameter.shape);
            if (reader.Find(name) is not { } entry)
            {
                if (!(headIsFresh && name.StartsWith("score.", StringComparison.Ordinal)))
                    problems.Add($"{name} is missing, expected with shape {expected}");
            }
            else if (!entry.Shape.SequenceEqual(parameter.shape))
            {
                problems.Add($"{name} has shape {SafetensorsFormat.ShapeText(entry.Shape)}, expected {expected}");
            }
        }
        foreach (var entry in reader.Entries)
            if (!parameters.ContainsKey(entry.Name) && !Redundant(entry.Name))
                problems.Add($"{entry.Name} with shape {SafetensorsFormat.ShapeText(entry.Shape)} has no place in this architecture");
        if (problems.Count == 0) return;
        var more = problems.Count > 4 ? $"; and {problems.Count - 4} more" : "";
        throw RewardKitException.Input($"{reader.Path} does not fit its {ConfigFile.Name}: {string.Join("; ", problems.Take(4))}{more}.");

        // Old checkpoints store the rotary frequencies, and some the tied head a second time.
        bool Redundant(string name) =>
            name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || config.TieWordEmbeddings && name == LanguageHead;
    }
}
