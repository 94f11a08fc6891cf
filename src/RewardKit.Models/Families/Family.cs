namespace RewardKit.Models;

/// <summary>
/// A model family: its names in <c>config.json</c>, and the few lines in which its decoder differs from Llama's. A key
/// that a file lacks means what Hugging Face's configuration class of that family takes it to mean.
/// </summary>
/// <param name="ModelType">The <c>model_type</c>.</param>
/// <param name="Name">What the names of its classes start with.</param>
/// <param name="Read">Sets the decoder's knobs from the file; given Llama's with what all families share.</param>
internal sealed record Family(string ModelType, string Name, Func<ConfigFile, ModelConfig, ModelConfig> Read)
{
    /// <summary>The families we know, the most read first.</summary>
    public static readonly IReadOnlyList<Family> All =
    [
        new("llama", "Llama", Llama), new("mistral", "Mistral", Mistral), new("qwen2", "Qwen2", Qwen2),
        new("qwen3", "Qwen3", Qwen3), new("gemma2", "Gemma2", Gemma2), new("phi", "Phi", Phi),
    ];

    /// <summary>The class with a language-model head.</summary>
    public string CausalModel => Name + "ForCausalLM";

    /// <summary>The class with a head for labels, of which a reward model has one.</summary>
    public string Classifier => Name + "ForSequenceClassification";

    /// <summary>The family of this <c>model_type</c>.</summary>
    public static Family Of(string modelType) => All.Single(family => family.ModelType == modelType);

    // Touvron et al. 2023, arXiv:2302.13971; biases are an option that derived models use.
    private static ModelConfig Llama(ConfigFile file, ModelConfig config)
    {
        file.Expect("hidden_act", "silu");
        var bias = file.Flag("attention_bias", false);
        return config with { AttentionBias = bias, OutputBias = bias, MlpBias = file.Flag("mlp_bias", false) };
    }

    // Jiang et al. 2023, arXiv:2310.06825: every layer sees the last 4,096 tokens, unless the file says null.
    private static ModelConfig Mistral(ConfigFile file, ModelConfig config)
    {
        file.Expect("hidden_act", "silu");
        return config with { Windows = file.Windows(config, file.Has("sliding_window") ? file.Whole("sliding_window") : 4096, _ => true) };
    }

    // Yang et al. 2024, arXiv:2407.10671: biases of query, key and value; windows in the upper layers where switched on.
    private static ModelConfig Qwen2(ConfigFile file, ModelConfig config)
    {
        file.Expect("hidden_act", "silu");
        var window = !file.Flag("use_sliding_window", false) ? null : file.Has("sliding_window") ? file.Whole("sliding_window") : 4096;
        var first = file.Value<int>(file.Json, "max_window_layers") ?? 28;
        return config with { AttentionBias = true, Windows = file.Windows(config, window, layer => layer >= first) };
    }

    // Yang et al. 2025, arXiv:2505.09388: Qwen2 with norms of queries and keys in place of biases.
    private static ModelConfig Qwen3(ConfigFile file, ModelConfig config)
    {
        var bias = file.Flag("attention_bias", false);
        return Qwen2(file, config) with { HeadDim = config.HeadDim ?? 128, QueryKeyNorm = true, AttentionBias = bias, OutputBias = bias };
    }

    // Gemma team 2024, arXiv:2408.00118.
    private static ModelConfig Gemma2(ConfigFile file, ModelConfig config)
    {
        file.Expect(file.Has("hidden_activation") ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh");
        file.Expect("attention_bias", false);
        return config with
        {
            HeadDim = config.HeadDim ?? 256,
            Norm = NormKind.RmsOnePlus,
            PostNorms = true,
            Activation = Activation.GeluTanh,
            ScaleEmbeddings = true,
            QueryScalar = file.Value<double>(file.Json, "query_pre_attn_scalar") ?? 256,
            AttentionSoftcap = file.Has("attn_logit_softcapping") ? file.Value<double>(file.Json, "attn_logit_softcapping") ?? 0 : 50,
            LogitSoftcap = file.Has("final_logit_softcapping") ? file.Value<double>(file.Json, "final_logit_softcapping") ?? 0 : 30,
            Windows = file.Windows(config, file.Has("sliding_window") ? file.Whole("sliding_window") : 4096, layer => layer % 2 == 0),
            TieWordEmbeddings = file.Flag("tie_word_embeddings", true),
        };
    }

    // Phi-2 (Javaheripi and Bubeck 2023): GPT-J's parallel layer, with biases throughout.
    private static ModelConfig Phi(ConfigFile file, ModelConfig config)
    {
        file.Expect("hidden_act", "gelu_new");
        file.Expect("qk_layernorm", false);
        return config with
        {
            AttentionBias = true,
            OutputBias = true,
            MlpBias = true,
            LanguageHeadBias = true,
            Norm = NormKind.Layer,
            RmsNormEps = file.Value<double>(file.Json, "layer_norm_eps") ?? 1e-5,
            RotaryDim = (int)(config.HeadWidth * (file.RotaryFactor ?? 0.5)),
            Parallel = true,
            GatedMlp = false,
            Activation = Activation.GeluTanh,
            Names = new("dense", "fc1", "fc2", "final_layernorm"),
        };
    }
}
