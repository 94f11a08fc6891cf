using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RewardKit.Models;

/// <summary>
/// A Hugging Face <c>config.json</c>: what we read of it, and the whole, so that keys we do not know survive a save.
/// </summary>
internal sealed class ConfigFile
{
    public const string Name = "config.json";
    public const string SequenceClassification = "LlamaForSequenceClassification";

    private static readonly string[] Architectures = ["LlamaForCausalLM", SequenceClassification];
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string _path;

    private ConfigFile(string path, JsonObject json)
    {
        _path = path;
        Json = json;
    }

    /// <summary>Every key of the file.</summary>
    public JsonObject Json { get; }

    /// <summary>Reads the file of a model folder.</summary>
    public static ConfigFile Load(string folder)
    {
        if (!Directory.Exists(folder)) throw RewardKitException.Input($"{folder}: there is no such model folder.");
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path)) throw RewardKitException.Input($"{folder}: no model here: expected {Name} in it.");
        try
        {
            return new(path, JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("it is not an object"));
        }
        catch (JsonException e)
        {
            throw RewardKitException.Input($"{path}: not readable as JSON: {e.Message}", e);
        }
    }

    /// <summary>A file for a configuration that comes from none.</summary>
    public static ConfigFile From(ModelConfig config)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["attention_bias"] = false,
            ["hidden_act"] = "silu",
            ["mlp_bias"] = false,
            ["vocab_size"] = config.VocabSize,
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.NumHiddenLayers,
            ["num_attention_heads"] = config.NumAttentionHeads,
            ["num_key_value_heads"] = config.NumKeyValueHeads,
            ["head_dim"] = config.HeadDim ?? config.HiddenSize / config.NumAttentionHeads,
            ["max_position_embeddings"] = config.MaxPositionEmbeddings,
            ["rms_norm_eps"] = config.RmsNormEps,
            ["rope_theta"] = config.RopeTheta,
            ["rope_scaling"] = config.RopeScaling is not { } scaling ? null : new JsonObject
            {
                ["rope_type"] = "llama3",
                ["factor"] = scaling.Factor,
                ["low_freq_factor"] = scaling.LowFreqFactor,
                ["high_freq_factor"] = scaling.HighFreqFactor,
                ["original_max_position_embeddings"] = scaling.OriginalMaxPositionEmbeddings,
            },
            ["tie_word_embeddings"] = config.TieWordEmbeddings,
            ["initializer_range"] = config.InitializerRange,
        };
        return new("the model's configuration", json);
    }

    /// <summary>A copy that can be changed.</summary>
    public ConfigFile Copy() => new(_path, (JsonObject)Json.DeepClone());

    /// <summary>Writes the file into a folder.</summary>
    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, Name), Json.ToJsonString(Indented) + "\n");

    /// <summary>The architecture; refused by name where it is not one of ours.</summary>
    public ModelConfig Model()
    {
        var named = (Json["architectures"] as JsonArray)?.Select(a => a?.ToString() ?? "").ToList() ?? [];
        if (named.Except(Architectures).FirstOrDefault() is { } unknown)
            throw Refused($"the architecture {unknown} is not supported (known: {string.Join(", ", Architectures)})");
        if (Json["model_type"]?.ToString() is { } type && type != "llama" || named.Count == 0 && Json["model_type"] is null)
            throw Refused($"model_type is {Json["model_type"]?.ToJsonString() ?? "missing"}, and only \"llama\" is supported");
        RefuseUnless("attention_bias", false);
        RefuseUnless("mlp_bias", false);
        RefuseUnless("hidden_act", "silu");
        // attention_dropout is left aside, as the field does it: noise would make a preference and its reference differ.
        var heads = Whole("num_attention_heads");
        var (theta, scaling) = Rope();
        return new ModelConfig
        {
            VocabSize = Whole("vocab_size"),
            HiddenSize = Whole("hidden_size"),
            IntermediateSize = Whole("intermediate_size"),
            NumHiddenLayers = Whole("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = Value<int>(Json, "num_key_value_heads") ?? heads,
            HeadDim = Value<int>(Json, "head_dim"),
            MaxPositionEmbeddings = Value<int>(Json, "max_position_embeddings") ?? 2048,
            RmsNormEps = Value<double>(Json, "rms_norm_eps") ?? 1e-6,
            RopeTheta = theta,
            RopeScaling = scaling,
            TieWordEmbeddings = Value<bool>(Json, "tie_word_embeddings") ?? false,
            InitializerRange = Value<double>(Json, "initializer_range") ?? 0.02,
        };
    }

    /// <summary>A number or flag; null where the key is missing or null.</summary>
    public T? Value<T>(JsonObject json, string key) where T : struct =>
        json[key] is not { } node ? null
        : node is JsonValue value && value.TryGetValue<T>(out var result) ? result
        : throw Refused($"{key} is {node.ToJsonString()}; expected {(typeof(T) == typeof(int) ? "a whole number" : typeof(T) == typeof(bool) ? "true or false" : "a number")}");

    // rope_parameters is the newer form of rope_theta with rope_scaling.
    private (double Theta, RopeScaling? Scaling) Rope()
    {
        var scaling = Json["rope_scaling"] as JsonObject ?? Json["rope_parameters"] as JsonObject;
        var theta = Value<double>(Json, "rope_theta")
            ?? (Json["rope_parameters"] is JsonObject parameters ? Value<double>(parameters, "rope_theta") : null) ?? 10000;
        return (scaling?["rope_type"] ?? scaling?["type"])?.ToString() switch
        {
            null or "default" => (theta, null),
            "llama3" => (theta, new(
                Need("factor"), Need("low_freq_factor"), Need("high_freq_factor"),
                Value<int>(scaling!, "original_max_position_embeddings") ?? throw Refused("rope_scaling lacks original_max_position_embeddings"))),
            var type => throw Refused($"rope_scaling of type {type} is not supported (known: default, llama3)"),
        };

        double Need(string key) => Value<double>(scaling!, key) ?? throw Refused($"rope_scaling lacks {key}");
    }

    private int Whole(string key) =>
        Value<int>(Json, key) is not { } value ? throw Refused($"{key} is missing")
        : value > 0 ? value
        : throw Refused($"{key} is {value}; expected at least 1");

    private void RefuseUnless<T>(string key, T supported)
    {
        if (Json[key] is { } node && node is JsonValue value && !(value.TryGetValue<T>(out var given) && Equals(given, supported)))
            throw Refused($"{key} is {node.ToJsonString()}, and only {JsonSerializer.Serialize(supported)} is supported");
    }

    private RewardKitException Refused(string what) => RewardKitException.Input($"{_path}: {what}.");
}
