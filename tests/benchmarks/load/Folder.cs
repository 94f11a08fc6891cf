using System.Text;
using System.Text.Json;

namespace RewardKit.Benchmarks.Load;

/// <summary>A model folder on disk.</summary>
internal sealed record Folder(string Path, string File, long Bytes, long Parameters)
{
    private const int Layers = 14;

    /// <summary>Writes a Llama whose weights are small numbers.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="dtype">The weights' type as the file names it.</param>
    /// <param name="size">The bytes of one.</param>
    /// <param name="hidden">The model's width; 1024 makes a gigabyte of float32.</param>
    public static Folder Write(string path, string dtype, int size, int hidden = 1024)
    {
        Directory.CreateDirectory(path);
        System.IO.File.WriteAllText(System.IO.Path.Combine(path, "config.json"), JsonSerializer.Serialize(new
        {
            architectures = new[] { "LlamaForCausalLM" },
            model_type = "llama",
            vocab_size = 16 * hidden,
            hidden_size = hidden,
            intermediate_size = 4 * hidden,
            num_hidden_layers = Layers,
            num_attention_heads = 16,
            tie_word_embeddings = true,
        }));
        var header = new Dictionary<string, object>();
        long at = 0;
        foreach (var (name, shape) in Tensors(hidden))
        {
            var bytes = shape.Aggregate((long)size, (product, n) => product * n);
            header.Add(name, new { dtype, shape, data_offsets = new[] { at, at += bytes } });
        }
        var json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        var file = System.IO.Path.Combine(path, "model.safetensors");
        using var stream = System.IO.File.Create(file);
        stream.Write(BitConverter.GetBytes((long)json.Length));
        stream.Write(json);
        // 0.01 in either type: its upper two bytes are the same.
        var piece = new byte[1 << 20];
        for (var i = 0; i < piece.Length; i += 2) (piece[i], piece[i + 1]) = (0x24, 0x3c);
        for (var left = at; left > 0; left -= piece.Length) stream.Write(piece, 0, (int)Math.Min(left, piece.Length));
        return new(path, file, 8 + json.Length + at, at / size);
    }

    private static IEnumerable<(string Name, long[] Shape)> Tensors(int hidden)
    {
        yield return ("model.embed_tokens.weight", [16 * hidden, hidden]);
        for (var i = 0; i < Layers; i++)
        {
            foreach (var name in (string[])["q", "k", "v", "o"]) yield return ($"model.layers.{i}.self_attn.{name}_proj.weight", [hidden, hidden]);
            foreach (var name in (string[])["gate", "up"]) yield return ($"model.layers.{i}.mlp.{name}_proj.weight", [4 * hidden, hidden]);
            yield return ($"model.layers.{i}.mlp.down_proj.weight", [hidden, 4 * hidden]);
            foreach (var name in (string[])["input_layernorm", "post_attention_layernorm"]) yield return ($"model.layers.{i}.{name}.weight", [hidden]);
        }
        yield return ("model.norm.weight", [hidden]);
    }
}
