using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RewardKit.Models;

/// <summary>An adapter's <c>adapter_config.json</c>, as PEFT reads and writes it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Options">What it says of the adapter.</param>
/// <param name="Base">The name or folder of the base model; null where it says nothing.</param>
internal sealed record AdapterConfig(string Path, LoraOptions Options, string? Base)
{
    public const string Name = "adapter_config.json";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What changes the computation, and is not supported with any other value than these.
    private static readonly (string Key, string[] Allowed)[] s_plain =
    [
        ("bias", ["\"none\""]), ("fan_in_fan_out", ["false"]), ("use_dora", ["false"]), ("lora_bias", ["false"]), ("rank_pattern", ["{}"]),
        ("alpha_pattern", ["{}"]), ("layers_to_transform", ["[]"]), ("exclude_modules", ["[]"]), ("layer_replication", ["[]"]),
        ("target_parameters", ["[]"]), ("trainable_token_indices", ["[]", "{}"]), ("use_qalora", ["false"]),
    ];

    /// <summary>Reads the file of a folder.</summary>
    public static AdapterConfig Load(string folder)
    {
        if (!Directory.Exists(folder)) throw RewardKitException.Input($"{folder}: there is no such adapter folder.");
        var path = System.IO.Path.Combine(folder, Name);
        if (!File.Exists(path)) throw RewardKitException.Input($"{folder}: no adapter here: expected {Name} in it.");
        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(path), null, new() { AllowDuplicateProperties = false }) as JsonObject;
            return Read(path, json ?? throw new JsonException("it is not an object"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw RewardKitException.Input($"{path}: not readable as an adapter's configuration: {e.Message}", e);
        }
    }

    /// <summary>Writes the file.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">What it says of the adapter.</param>
    /// <param name="targets">The names of the layers it changes.</param>
    /// <param name="base">The folder of the base model.</param>
    /// <param name="scalarHead">Whether a scalar head goes with it.</param>
    public static void Save(string folder, LoraOptions options, IReadOnlyList<string> targets, string @base, bool scalarHead)
    {
        // PEFT writes what "all-linear" stood for, because the shorthand depends on the class of the model.
        IEnumerable<string> names = options.Targets is [LoraOptions.AllLinear] ? targets.Select(LoraOptions.Last).Distinct().Order(StringComparer.Ordinal) : options.Targets;
        var json = new JsonObject
        {
            ["alpha_pattern"] = new JsonObject(),
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = @base,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["layers_pattern"] = null,
            ["layers_to_transform"] = null,
            ["lora_alpha"] = options.Alpha == Math.Floor(options.Alpha) && Math.Abs(options.Alpha) < int.MaxValue ? (int)options.Alpha : options.Alpha,
            ["lora_dropout"] = options.Dropout,
            ["modules_to_save"] = scalarHead ? new JsonArray("score") : null,
            ["peft_type"] = "LORA",
            ["r"] = options.Rank,
            ["rank_pattern"] = new JsonObject(),
            ["revision"] = null,
            ["target_modules"] = options.TargetPattern is { } pattern ? pattern : new JsonArray([.. names.Select(name => (JsonNode)name)]),
            ["task_type"] = scalarHead ? "SEQ_CLS" : "CAUSAL_LM",
            ["use_rslora"] = options.RankStabilized,
        };
        File.WriteAllText(System.IO.Path.Combine(folder, Name), json.ToJsonString(s_indented) + "\n");
    }

    private static AdapterConfig Read(string path, JsonObject json)
    {
        if (json["peft_type"]?.ToString() is var type && type != "LORA") throw Refused($"peft_type is {Short(json["peft_type"])}, and only \"LORA\" is supported");
        foreach (var (key, allowed) in s_plain)
            if (json[key] is { } node && !allowed.Contains(node.ToJsonString()))
                throw Refused($"{key} is {Short(node)}, and only {allowed[0]} is supported");
        if (json["init_lora_weights"]?.ToString() is { } init && (string[])["pissa", "olora", "corda", "loftq"] is var changing && changing.Any(init.StartsWith))
            throw Refused($"init_lora_weights is \"{init}\", which changes the base model, too; convert the adapter to plain LoRA when saving it");
        foreach (var module in json["modules_to_save"] as JsonArray ?? [])
            if (module?.ToString() is not ("score" or "classifier"))
                throw Refused($"modules_to_save has {Short(module)}, and only \"score\" can be saved with an adapter");

        var options = new LoraOptions
        {
            Rank = Number<int>("r"),
            Alpha = Number<double>("lora_alpha"),
            Dropout = json["lora_dropout"] is null ? 0 : Number<double>("lora_dropout"),
            RankStabilized = json["use_rslora"] is { } stabilized && stabilized.GetValue<bool>(),
        };
        options = json["target_modules"] switch
        {
            JsonArray names => options with { Targets = [.. names.Select(name => name?.ToString() ?? "null")] },
            JsonValue value when value.ToString() == LoraOptions.AllLinear => options,
            JsonValue value => options with { TargetPattern = value.ToString() },
            var other => throw Refused($"target_modules is {Short(other)}; expected names of linear layers, or a pattern"),
        };
        return new(path, options.Checked(path), json["base_model_name_or_path"]?.ToString());

        T Number<T>(string key) => json[key] is JsonValue value && value.TryGetValue<T>(out var number) ? number
            : throw Refused($"{key} is {Short(json[key])}; expected a {(typeof(T) == typeof(int) ? "whole " : "")}number");

        RewardKitException Refused(string what) => RewardKitException.Input($"{path}: {what}.");
    }

    private static string Short(JsonNode? node) => node?.ToJsonString() is not { } text ? "missing" : text.Length > 80 ? text[..80] + "..." : text;
}
