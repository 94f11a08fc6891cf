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

    // Far beyond any model, and small enough that no product of two overflows.
    private const int MostOfAnything = 1 << 26;

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

    /// <summary>The folder it was read from; null where it comes from none.</summary>
    public string? Folder { get; private init; }

    /// <summary>Reads the file of a model folder.</summary>
    public static ConfigFile Load(string folder)
    {
        if (!Directory.Exists(folder)) throw RewardKitException.Input($"{folder}: there is no such model folder.");
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path)) throw RewardKitException.Input($"{folder}: no model here: expected {Name} in it.");
        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(path), null, new() { AllowDuplicateProperties = false }) as JsonObject;
            return new(path, json ?? throw new JsonException("it is not an object")) { Folder = folder };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
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
    public ConfigFile Copy() => new(_path, (JsonObject)Json.DeepClone()) { Folder = Folder };

    /// <summary>Writes the file into a folder.</summary>
    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, Name), Json.ToJsonString(Indented) + "\n");

    /// <summary>The class names under <c>architectures</c>; usually one.</summary>
    public IReadOnlyList<string> Architectures =>
        Json["architectures"] is not { } names ? []
        : names is JsonArray list ? [.. list.Select(name => name?.ToString() ?? "null")]
        : throw Refused($"architectures is {Short(names)}; expected a list of names");

    /// <summary>The family; refused by name where it is not one of ours.</summary>
    public Family Family()
    {
        var known = Models.Family.All;
        var type = Json["model_type"]?.ToString();
        var family = known.FirstOrDefault(f => f.ModelType == type);
        foreach (var name in Architectures)
        {
            var named = known.FirstOrDefault(f => name == f.CausalModel || name == f.Classifier);
            if (named is null)
                throw Refused($"the architecture {name} is not supported (known: {string.Join(", ", known.Select(f => f.CausalModel))}, "
                    + "and the same ending in ForSequenceClassification)");
            if (type is not null && family != named) throw Refused($"the architecture {name} does not go with model_type {type}");
            family = named;
        }
        return family ?? throw Refused(
            $"model_type is {Json["model_type"]?.ToJsonString() ?? "missing"}, which is not supported (known: {string.Join(", ", known.Select(f => f.ModelType))})");
    }

    /// <summary>The architecture.</summary>
    /// <exception cref="RewardKitException">It asks for something not supported; the message names the key.</exception>
    public ModelConfig Model()
    {
        var family = Family();
        if (Json["quantization_config"] is not null)
            throw Refused("quantization_config is set, and quantized weights are not supported; take the model's unquantized folder");
        // attention_dropout is left aside, as the field does it: noise would make a preference and its reference differ.
        var heads = Need("num_attention_heads");
        var (theta, factor, scaling) = Rope();
        return family.Read(this, new ModelConfig
        {
            ModelType = family.ModelType,
            VocabSize = Need("vocab_size"),
            HiddenSize = Need("hidden_size"),
            IntermediateSize = Need("intermediate_size"),
            NumHiddenLayers = Need("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = Whole("num_key_value_heads") ?? heads,
            HeadDim = Whole("head_dim"),
            MaxPositionEmbeddings = Whole("max_position_embeddings") ?? 2048,
            RmsNormEps = Value<double>(Json, "rms_norm_eps") ?? 1e-6,
            RopeTheta = theta,
            RopeFactor = factor,
            RopeScaling = scaling,
            TieWordEmbeddings = Flag("tie_word_embeddings", false),
            InitializerRange = Value<double>(Json, "initializer_range") ?? 0.02,
        }).Checked(_path);
    }

    /// <summary>Whether the file has the key, be it null.</summary>
    public bool Has(string key) => Json.ContainsKey(key);

    /// <summary>A number or flag; null where the key is missing or null.</summary>
    public T? Value<T>(JsonObject json, string key) where T : struct =>
        json[key] is not { } node ? null
        : node is JsonValue value && value.TryGetValue<T>(out var result) ? result
        : throw Refused($"{key} is {Short(node)}; expected {(typeof(T) == typeof(int) ? "a whole number" : typeof(T) == typeof(bool) ? "true or false" : "a number")}");

    /// <summary>A whole number of at least 1; null where the key is missing or null.</summary>
    public int? Whole(string key) => Value<int>(Json, key) is not { } value ? null
        : value is > 0 and <= MostOfAnything ? value
        : throw Refused($"{key} is {value}; expected 1 to {MostOfAnything}");

    /// <summary>A flag.</summary>
    public bool Flag(string key, bool missing) => Value<bool>(Json, key) ?? missing;

    /// <summary>Refuses another value than the one we know; a missing key is one that has it.</summary>
    public void Expect<T>(string key, T supported)
    {
        if (Json[key] is { } node && !(node is JsonValue value && value.TryGetValue<T>(out var given) && Equals(given, supported)))
            throw Refused($"{key} is {Short(node)}, and only {JsonSerializer.Serialize(supported)} is supported");
    }

    /// <summary>Part of a head's channels that turn; null where nothing is said.</summary>
    public double? RotaryFactor => Factor(Json) ?? (Object("rope_parameters") is { } rope ? Factor(rope) : null);

    /// <summary>The windows by layer: where <c>layer_types</c> says, else where the family has them.</summary>
    /// <param name="config">What is read so far.</param>
    /// <param name="window">How many keys are seen; null: all, everywhere.</param>
    /// <param name="slides">The family's own rule.</param>
    public IReadOnlyList<int> Windows(ModelConfig config, int? window, Func<int, bool> slides)
    {
        if (Json["layer_types"] is not { } node) return window is null ? [] : [.. Layers().Select(layer => slides(layer) ? window.Value : 0)];
        if (node is not JsonArray types || types.Count != config.NumHiddenLayers)
            throw Refused($"layer_types does not list {config.NumHiddenLayers} layers");
        foreach (var type in types)
            if (type?.ToString() is not ("full_attention" or "sliding_attention"))
                throw Refused($"layer_types has {Short(type)} (known: full_attention, sliding_attention)");
        return window is null ? [] : [.. Layers().Select(layer => types[layer]!.ToString() == "sliding_attention" ? window.Value : 0)];

        IEnumerable<int> Layers() => Enumerable.Range(0, config.NumHiddenLayers);
    }

    /// <summary>An error at this file.</summary>
    public RewardKitException Refused(string what) => RewardKitException.Input($"{_path}: {what}.");

    // rope_parameters is the newer form of rope_theta with rope_scaling.
    private (double Theta, double Factor, RopeScaling? Scaling) Rope()
    {
        var (scaling, parameters) = (Object("rope_scaling"), Object("rope_parameters"));
        var theta = Value<double>(Json, "rope_theta") ?? (parameters is null ? null : Value<double>(parameters, "rope_theta")) ?? 10000;
        scaling ??= parameters;
        if (scaling?.Any(part => part.Value is JsonObject) == true) throw Refused("rope_parameters differ by kind of layer, which is not supported");
        return (scaling?["rope_type"] ?? scaling?["type"])?.ToString() switch
        {
            null or "default" => (theta, 1, null),
            "linear" => (theta, Part("factor"), null),
            "llama3" => (theta, 1, new(
                Part("factor"), Part("low_freq_factor"), Part("high_freq_factor"),
                Value<int>(scaling!, "original_max_position_embeddings") ?? throw Refused("rope_scaling lacks original_max_position_embeddings"))),
            "dynamic" => throw Refused("rope_scaling of type dynamic makes a text's score depend on the longest text beside it, and is not supported"),
            var type => throw Refused($"rope_scaling of type {type} is not supported (known: default, linear, llama3)"),
        };

        double Part(string key) => Value<double>(scaling!, key) ?? throw Refused($"rope_scaling lacks {key}");
    }

    private JsonObject? Object(string key) => Json[key] is not { } node ? null
        : node as JsonObject ?? throw Refused($"{key} is {Short(node)}; expected an object");

    private double? Factor(JsonObject json) => Value<double>(json, "partial_rotary_factor") is not { } factor ? null
        : factor is > 0 and <= 1 ? factor
        : throw Refused(FormattableString.Invariant($"partial_rotary_factor is {factor}; expected more than 0 and at most 1"));

    private int Need(string key) => Whole(key) ?? throw Refused($"{key} is missing");

    private static string Short(JsonNode? node) => node?.ToJsonString() is not { } text ? "null" : text.Length > 80 ? text[..80] + "..." : text;
}
