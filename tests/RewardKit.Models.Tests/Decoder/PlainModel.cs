using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Decoder;

/// <summary>
/// The same models once more, in float64 and in plain loops over arrays, family by family after Hugging Face's
/// descriptions: no tensors, no batches, one text, each position in turn.
/// </summary>
internal sealed class PlainModel
{
    private readonly JsonObject _config;
    private readonly Dictionary<string, double[]> _weights = [];
    private readonly string _type;
    private readonly int _hidden;
    private readonly int _heads;
    private readonly int _keyHeads;
    private readonly int _width;

    public PlainModel(string folder)
    {
        _config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!.AsObject();
        _type = (string)_config["model_type"]!;
        _hidden = (int)_config["hidden_size"]!;
        _heads = (int)_config["num_attention_heads"]!;
        _keyHeads = (int?)_config["num_key_value_heads"] ?? _heads;
        _width = (int?)_config["head_dim"] ?? _hidden / _heads;
        using var scope = NewDisposeScope();
        using var reader = SafetensorsReader.Open(folder);
        foreach (var entry in reader.Entries) _weights[entry.Name] = reader.Read(entry.Name).to(ScalarType.Float64).data<double>().ToArray();
    }

    /// <summary>Logits at each position, and the final hidden states.</summary>
    public (double[][] Logits, double[][] Hidden) Run(int[] ids)
    {
        var stream = ids.Select(id => Row("model.embed_tokens.weight", id).ToArray()).ToArray();
        if (_type == "gemma2") foreach (var x in stream) for (var i = 0; i < x.Length; i++) x[i] *= Math.Sqrt(_hidden);
        for (var layer = 0; layer < (int)_config["num_hidden_layers"]!; layer++) Layer(stream, layer);
        var final = _type == "phi" ? "model.final_layernorm" : "model.norm";
        var hidden = stream.Select(x => Norm(x, final)).ToArray();
        var head = _weights.ContainsKey("lm_head.weight") ? "lm_head" : "model.embed_tokens";
        var logits = hidden.Select(x => Linear(x, head, _weights.ContainsKey(head + ".bias"))).ToArray();
        if (_type == "gemma2" && (double?)_config["final_logit_softcapping"] is { } cap)
            foreach (var row in logits) for (var i = 0; i < row.Length; i++) row[i] = cap * Math.Tanh(row[i] / cap);
        return (logits, hidden);
    }

    private void Layer(double[][] stream, int layer)
    {
        var name = $"model.layers.{layer}.";
        var normed = stream.Select(x => Norm(x, name + "input_layernorm")).ToArray();
        var attended = Attention(normed, layer);
        for (var t = 0; t < stream.Length; t++)
        {
            switch (_type)
            {
                case "phi":
                    Add(stream[t], attended[t]);
                    Add(stream[t], Linear(Linear(normed[t], name + "mlp.fc1", true).Select(Gelu).ToArray(), name + "mlp.fc2", true));
                    break;
                case "gemma2":
                    Add(stream[t], Norm(attended[t], name + "post_attention_layernorm"));
                    Add(stream[t], Norm(Gated(Norm(stream[t], name + "pre_feedforward_layernorm"), name, Gelu), name + "post_feedforward_layernorm"));
                    break;
                default:
                    Add(stream[t], attended[t]);
                    Add(stream[t], Gated(Norm(stream[t], name + "post_attention_layernorm"), name, x => x / (1 + Math.Exp(-x))));
                    break;
            }
        }
    }

    private double[][] Attention(double[][] inputs, int layer)
    {
        var name = $"model.layers.{layer}.self_attn.";
        var queryBias = _type is "phi" or "qwen2" || ((bool?)_config["attention_bias"] ?? false);
        var outputBias = _type == "phi" || ((bool?)_config["attention_bias"] ?? false);
        var scale = 1 / Math.Sqrt(_type == "gemma2" ? (double?)_config["query_pre_attn_scalar"] ?? 256 : _width);
        var cap = _type == "gemma2" ? (double?)_config["attn_logit_softcapping"] : null;
        var window = Window(layer);
        double[][][] Project(string what, int heads, bool turn) => [.. inputs.Select((x, t) =>
        {
            var all = Linear(x, name + what + "_proj", queryBias);
            return Enumerable.Range(0, heads).Select(h =>
            {
                var head = all[(h * _width)..((h + 1) * _width)];
                if (_type == "qwen3" && what != "v") head = Norm(head, name + what + "_norm");
                if (turn) Turn(head, t);
                return head;
            }).ToArray();
        })];
        var (q, k, v) = (Project("q", _heads, true), Project("k", _keyHeads, true), Project("v", _keyHeads, false));

        var result = new double[inputs.Length][];
        for (var t = 0; t < inputs.Length; t++)
        {
            var together = new double[_heads * _width];
            for (var h = 0; h < _heads; h++)
            {
                var shared = h / (_heads / _keyHeads);
                var weights = new double[t + 1];
                for (var s = 0; s <= t; s++)
                {
                    // A window of w keys: the query's own and the w - 1 before it.
                    if (window is { } w && t - s >= w) continue;
                    var score = 0.0;
                    for (var i = 0; i < _width; i++) score += q[t][h][i] * k[s][shared][i];
                    score *= scale;
                    if (cap is { } c) score = c * Math.Tanh(score / c);
                    weights[s] = Math.Exp(score);
                }
                var sum = weights.Sum();
                for (var s = 0; s <= t; s++)
                    for (var i = 0; i < _width; i++) together[h * _width + i] += weights[s] / sum * v[s][shared][i];
            }
            result[t] = Linear(together, name + (_type == "phi" ? "dense" : "o_proj"), outputBias);
        }
        return result;
    }

    private int? Window(int layer)
    {
        var window = (int?)_config["sliding_window"];
        if (_config["layer_types"] is JsonArray types) return (string)types[layer]! == "sliding_attention" ? window : null;
        return _type switch
        {
            "mistral" => window,
            "qwen2" or "qwen3" => ((bool?)_config["use_sliding_window"] ?? false) && layer >= (int)_config["max_window_layers"]! ? window : null,
            "gemma2" => layer % 2 == 0 ? window : null,
            _ => null,
        };
    }

    // Channel i and its partner half a rotation width away are the two parts of a complex number that is turned.
    private void Turn(double[] head, int position)
    {
        var width = _type == "phi" ? (int)(_width * (double)_config["partial_rotary_factor"]!) : _width;
        for (var i = 0; i < width / 2; i++)
        {
            var angle = position * Frequency(i, width);
            var (a, b) = (head[i], head[i + width / 2]);
            head[i] = a * Math.Cos(angle) - b * Math.Sin(angle);
            head[i + width / 2] = a * Math.Sin(angle) + b * Math.Cos(angle);
        }
    }

    private double Frequency(int i, int width)
    {
        var frequency = 1 / Math.Pow((double)_config["rope_theta"]!, 2.0 * i / width);
        if (_config["rope_scaling"] is not JsonObject scaling) return frequency;
        var factor = (double)scaling["factor"]!;
        if ((string?)scaling["type"] == "linear") return frequency / factor;
        var (low, high, old) = ((double)scaling["low_freq_factor"]!, (double)scaling["high_freq_factor"]!, (int)scaling["original_max_position_embeddings"]!);
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < old / high) return frequency;
        if (wavelength > old / low) return frequency / factor;
        var smooth = (old / wavelength - low) / (high - low);
        return (1 - smooth) * frequency / factor + smooth * frequency;
    }

    private double[] Gated(double[] x, string layer, Func<double, double> activation)
    {
        var bias = (bool?)_config["mlp_bias"] ?? false;
        var (gate, up) = (Linear(x, layer + "mlp.gate_proj", bias), Linear(x, layer + "mlp.up_proj", bias));
        return Linear([.. gate.Zip(up, (g, u) => activation(g) * u)], layer + "mlp.down_proj", bias);
    }

    private double[] Norm(double[] x, string name)
    {
        var weight = _weights[name + ".weight"];
        if (_type == "phi")
        {
            var bias = _weights[name + ".bias"];
            var mean = x.Average();
            var deviation = Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + (double)_config["layer_norm_eps"]!);
            return [.. x.Select((v, i) => (v - mean) / deviation * weight[i] + bias[i])];
        }
        var root = Math.Sqrt(x.Average(v => v * v) + (double)_config["rms_norm_eps"]!);
        return [.. x.Select((v, i) => v / root * (_type == "gemma2" ? 1 + weight[i] : weight[i]))];
    }

    private double[] Linear(double[] x, string name, bool bias)
    {
        var matrix = _weights[name + ".weight"];
        var result = new double[matrix.Length / x.Length];
        for (var o = 0; o < result.Length; o++)
        {
            if (bias) result[o] = _weights[name + ".bias"][o];
            for (var i = 0; i < x.Length; i++) result[o] += matrix[o * x.Length + i] * x[i];
        }
        return result;
    }

    private Span<double> Row(string name, int row) => _weights[name].AsSpan(row * _hidden, _hidden);

    private static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    private static void Add(double[] to, double[] what)
    {
        for (var i = 0; i < to.Length; i++) to[i] += what[i];
    }
}
