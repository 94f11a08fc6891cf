using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Decoder;

/// <summary>
/// Small models of each family with random weights, written as Hugging Face writes them: a <c>config.json</c> with that
/// family's keys, and the tensors that its own code has. Windows are shorter than the texts and caps are low, so that a
/// model without them gives other numbers.
/// </summary>
internal static class TinyModels
{
    private const int Vocabulary = 23;
    private const int Hidden = 12;

    public static readonly string[] Names =
        ["llama", "llama-linear", "llama-biases", "mistral", "mistral-full", "qwen2", "qwen2-windows", "qwen3", "qwen3-layers", "gemma2", "gemma2-layers", "phi"];

    /// <summary>Writes a model into a folder.</summary>
    public static void Write(TempFolder folder, string name, int seed = 1)
    {
        var config = Config(name);
        folder.Write("config.json", config.ToJsonString());
        var random = new Random(seed);
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder["model.safetensors"], Shapes(config).Select(entry => KeyValuePair.Create(
            entry.Name, tensor(Values(random, entry.Name, entry.Shape), entry.Shape))));
    }

    public static JsonObject Config(string name)
    {
        var family = name.Split('-')[0];
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(Class(family) + "ForCausalLM"),
            ["model_type"] = family,
            ["vocab_size"] = Vocabulary,
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = 20,
            ["num_hidden_layers"] = 3,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["head_dim"] = 6,
            ["hidden_act"] = "silu",
            ["max_position_embeddings"] = 64,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 1000.0,
            ["tie_word_embeddings"] = false,
            ["torch_dtype"] = "float32",
        };
        foreach (var (key, value) in Differences(name)) config[key] = value?.DeepClone();
        return config;
    }

    public static string Class(string family) => family switch
    {
        "llama" => "Llama",
        "mistral" => "Mistral",
        "qwen2" => "Qwen2",
        "qwen3" => "Qwen3",
        "gemma2" => "Gemma2",
        _ => "Phi",
    };

    private static JsonObject Differences(string name) => name switch
    {
        "llama" => new()
        {
            ["rope_scaling"] = new JsonObject { ["rope_type"] = "llama3", ["factor"] = 4.0, ["low_freq_factor"] = 1.0, ["high_freq_factor"] = 4.0, ["original_max_position_embeddings"] = 16 },
        },
        "llama-linear" => new() { ["rope_scaling"] = new JsonObject { ["type"] = "linear", ["factor"] = 2.5 }, ["tie_word_embeddings"] = true },
        "llama-biases" => new() { ["attention_bias"] = true, ["mlp_bias"] = true },
        "mistral" => new() { ["sliding_window"] = 4 },
        "mistral-full" => new() { ["sliding_window"] = null },
        "qwen2" => new() { ["sliding_window"] = 2, ["use_sliding_window"] = false, ["max_window_layers"] = 0, ["head_dim"] = 3 * 2 },
        "qwen2-windows" => new() { ["sliding_window"] = 3, ["use_sliding_window"] = true, ["max_window_layers"] = 2 },
        "qwen3" => new() { ["attention_bias"] = false, ["tie_word_embeddings"] = true },
        "qwen3-layers" => new() { ["use_sliding_window"] = true, ["sliding_window"] = 3, ["layer_types"] = new JsonArray("full_attention", "sliding_attention", "full_attention") },
        "gemma2" => new()
        {
            ["hidden_activation"] = "gelu_pytorch_tanh",
            ["hidden_act"] = "gelu_pytorch_tanh",
            ["query_pre_attn_scalar"] = 9,
            ["attn_logit_softcapping"] = 1.5,
            ["final_logit_softcapping"] = 2.0,
            ["sliding_window"] = 3,
            ["tie_word_embeddings"] = true,
        },
        "gemma2-layers" => new()
        {
            ["hidden_activation"] = "gelu_pytorch_tanh",
            ["attn_logit_softcapping"] = null,
            ["final_logit_softcapping"] = 3.0,
            ["sliding_window"] = 4,
            ["layer_types"] = new JsonArray("full_attention", "sliding_attention", "sliding_attention"),
            ["tie_word_embeddings"] = true,
        },
        _ => new()
        {
            ["hidden_act"] = "gelu_new",
            ["partial_rotary_factor"] = 0.5,
            ["layer_norm_eps"] = 1e-4,
            ["num_attention_heads"] = 3,
            ["num_key_value_heads"] = null,
            ["head_dim"] = null,
            ["qk_layernorm"] = false,
        },
    };

    /// <summary>The tensors that a model of this configuration has.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Shapes(JsonObject config)
    {
        var type = (string)config["model_type"]!;
        var heads = (int)config["num_attention_heads"]!;
        var keyHeads = (int?)config["num_key_value_heads"] ?? heads;
        var width = (int?)config["head_dim"] ?? Hidden / heads;
        var inner = (int)config["intermediate_size"]!;
        var phi = type == "phi";
        bool Flag(string key) => (bool?)config[key] ?? false;

        yield return ("model.embed_tokens.weight", [Vocabulary, Hidden]);
        for (var i = 0; i < (int)config["num_hidden_layers"]!; i++)
        {
            var layer = $"model.layers.{i}.";
            string[] norms = phi ? ["input_layernorm"] : ["input_layernorm", "post_attention_layernorm"];
            if (type == "gemma2") norms = [.. norms, "pre_feedforward_layernorm", "post_feedforward_layernorm"];
            foreach (var norm in norms) yield return (layer + norm + ".weight", [Hidden]);
            if (phi) yield return (layer + "input_layernorm.bias", [Hidden]);
            (string Name, long Out, long In, bool Bias)[] projections =
            [
                ("self_attn.q_proj", heads * width, Hidden, phi || type == "qwen2" || Flag("attention_bias")),
                ("self_attn.k_proj", keyHeads * width, Hidden, phi || type == "qwen2" || Flag("attention_bias")),
                ("self_attn.v_proj", keyHeads * width, Hidden, phi || type == "qwen2" || Flag("attention_bias")),
                (phi ? "self_attn.dense" : "self_attn.o_proj", Hidden, heads * width, phi || Flag("attention_bias")),
                .. phi
                    ? [("mlp.fc1", inner, Hidden, true), ("mlp.fc2", Hidden, inner, true)]
                    : ((string, long, long, bool)[])[("mlp.gate_proj", inner, Hidden, Flag("mlp_bias")), ("mlp.up_proj", inner, Hidden, Flag("mlp_bias")), ("mlp.down_proj", Hidden, inner, Flag("mlp_bias"))],
            ];
            foreach (var (name, rows, columns, bias) in projections)
            {
                yield return ($"{layer}{name}.weight", [rows, columns]);
                if (bias) yield return ($"{layer}{name}.bias", [rows]);
            }
            if (type == "qwen3")
                foreach (var norm in (string[])["q_norm", "k_norm"]) yield return ($"{layer}self_attn.{norm}.weight", [width]);
        }
        yield return (phi ? "model.final_layernorm.weight" : "model.norm.weight", [Hidden]);
        if (phi) yield return ("model.final_layernorm.bias", [Hidden]);
        if (!Flag("tie_word_embeddings")) yield return ("lm_head.weight", [Vocabulary, Hidden]);
        if (phi) yield return ("lm_head.bias", [Vocabulary]);
    }

    private static float[] Values(Random random, string name, long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, n) => product * n)];
        for (var i = 0; i < values.Length; i++) values[i] = (float)((random.NextDouble() - 0.5) * (name.Contains("embed") ? 3 : 1.5));
        return values;
    }
}
