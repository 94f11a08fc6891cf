using System.Text.Json.Nodes;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;

namespace RewardKit.Conformance;

/// <summary>
/// Small models with random weights, made once and kept: a base, two guides and a reward model over one byte-level
/// tokenizer. Their weights are large, so that some next tokens are far more probable than others.
/// </summary>
internal sealed class TinyModels
{
    private const int End = 256;

    private static readonly Lazy<TinyModels> s_shared = new(() => new());

    private TinyModels()
    {
        var folder = Directory.CreateTempSubdirectory("rewardkit-conformance-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer());
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{ "eos_token": "</s>" }""");
            var spec = new ModelSpec
            {
                Tokenizer = folder,
                Configuration = new()
                {
                    VocabSize = End + 1,
                    HiddenSize = 16,
                    IntermediateSize = 24,
                    NumHiddenLayers = 2,
                    NumAttentionHeads = 2,
                    NumKeyValueHeads = 1,
                    MaxPositionEmbeddings = 4096,
                    InitializerRange = 0.6,
                },
            };
            var encoder = PairEncoder.Create(spec);
            LanguageModel Language(string name, int seed) => new(name, CausalModel.Create(spec, seed), encoder, [End]);
            Base = Language("base", 1);
            Guides = [Language("first guide", 2), Language("second guide", 3)];
            Reward = RewardModel.Create(spec, new(), seed: 4);
            Scorer = new Scorer("reward", Reward, encoder);
            BaselineScorer = new Scorer("baseline reward", RewardModel.Create(spec, new(), seed: 5), encoder);
            Prefix = new("reward", Reward, encoder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static TinyModels Shared => s_shared.Value;

    public LanguageModel Base { get; }

    public IReadOnlyList<LanguageModel> Guides { get; }

    public RewardModel Reward { get; }

    public IScorer Scorer { get; }

    public IScorer BaselineScorer { get; }

    public PrefixScorer Prefix { get; }

    // Every byte a token, by GPT-2's letters for bytes: printable ones stand for themselves, the others for those from U+0100.
    private static string Tokenizer()
    {
        var vocabulary = new JsonObject();
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            vocabulary.Add(((char)(printable ? value : next++)).ToString(), value);
        }
        vocabulary.Add("</s>", End);
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = End,
                ["content"] = "</s>",
                ["special"] = true,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
            }),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        }.ToJsonString();
    }
}
