using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tests.Decoder;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>Saved folders as other tools read them, and as they come back.</summary>
public class SavingTests
{
    private static readonly PackedItem Text = new([3, 7, 5, 5, 1], [[2, 4, 6], []]);

    [Test]
    public void Weights_above_a_size_are_written_in_several_files_with_an_index()
    {
        using var folder = Tiny("qwen2");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(Bias: true), 4);

        model.Save(folder["saved"], Encoder(folder), new() { ShardBytes = 3000 });

        var saved = folder["saved"];
        var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(saved, "model.safetensors.index.json"))).RootElement;
        var files = Directory.GetFiles(saved, "*.safetensors").Select(Path.GetFileName).Order().ToArray();
        var map = index.GetProperty("weight_map").EnumerateObject().ToDictionary(e => e.Name, e => e.Value.GetString()!);
        using var loaded = RewardModel.Load(saved);
        Assert.Multiple(() =>
        {
            Assert.That(files, Has.Length.GreaterThan(2));
            Assert.That(files[0], Is.EqualTo($"model-00001-of-{files.Length:00000}.safetensors"));
            Assert.That(map.Values.Distinct().Order(), Is.EqualTo(files));
            Assert.That(index.GetProperty("metadata").GetProperty("total_size").GetInt64(), Is.EqualTo(4 * model.parameters().Sum(p => p.NumberOfElements)));
            foreach (var file in files)
            {
                using var reader = SafetensorsReader.Open(Path.Combine(saved, file!));
                Assert.That(reader.Entries.Sum(e => 4 * e.Shape.Aggregate(1L, (a, b) => a * b)), Is.LessThanOrEqualTo(3000));
                foreach (var entry in reader.Entries) Assert.That(map[entry.Name], Is.EqualTo(file));
            }
            Assert.That(Rewards(loaded), Is.EqualTo(Rewards(model)));
        });
    }

    [TestCase("bfloat16", ScalarType.BFloat16)]
    [TestCase("float16", ScalarType.Float16)]
    [TestCase("float32", ScalarType.Float32)]
    public void The_files_type_can_be_chosen_and_kept(string dtype, ScalarType type)
    {
        using var folder = Tiny("gemma2");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        model.Save(folder["saved"], Encoder(folder), new() { Dtype = dtype });

        using var kept = RewardModel.Load(folder["saved"], dtype: "auto");
        using var widened = RewardModel.Load(folder["saved"]);
        kept.Save(folder["again"], Encoder(folder));

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["again"], "config.json")))!;
        Assert.Multiple(() =>
        {
            Assert.That((kept.Type, widened.Type), Is.EqualTo((type, ScalarType.Float32)));
            Assert.That((string)config["torch_dtype"]!, Is.EqualTo(dtype));
            Assert.That(File.ReadAllBytes(Path.Combine(folder["again"], "model.safetensors")),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(folder["saved"], "model.safetensors"))), "the same bits go in and out");
        });
        Assert.That(Rewards(widened), Is.EqualTo(Rewards(model)).Within(type == ScalarType.Float32 ? 0 : 0.05));
        if (type == ScalarType.Float16)
            Assert.That(() => Rewards(kept), Throws.TypeOf<RewardKitException>().With.Message.Contains("bfloat16 or float32"));
    }

    [Test]
    public void A_wider_head_keeps_its_bits_beside_half_weights()
    {
        using var scope = NewDisposeScope();
        using var folder = Tiny("llama");
        using (var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4)) model.Save(folder["saved"], Encoder(folder));

        using var loaded = RewardModel.Load(folder["saved"], dtype: "bfloat16");

        using var reader = SafetensorsReader.Open(folder["saved"]);
        Assert.That(loaded.get_parameter("score.weight")!.detach().data<float>().ToArray(), Is.EqualTo(reader.Read("score.weight").data<float>().ToArray()));
    }

    [TestCase("llama")]
    [TestCase("llama-linear")]
    [TestCase("phi")]
    public void A_grown_vocabulary_is_kept_and_changes_no_score(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = Tiny(name);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        var before = Rewards(model);

        model.GrowVocabulary(24, multiple: 16);
        model.Save(folder["saved"], Encoder(folder));
        using var loaded = RewardModel.Load(folder["saved"]);

        var embeddings = loaded.get_parameter("model.embed_tokens.weight")!.detach();
        var head = (loaded.get_parameter("lm_head.weight") ?? loaded.get_parameter("model.embed_tokens.weight"))!.detach();
        Assert.Multiple(() =>
        {
            Assert.That(Rewards(loaded), Is.EqualTo(before));
            Assert.That((loaded.Config.VocabSize, embeddings.size(0), head.size(0)), Is.EqualTo((32, 32L, 32L)));
            Assert.That(embeddings[30].data<float>().ToArray(), Is.EqualTo(embeddings.narrow(0, 0, 23).mean([0L]).data<float>().ToArray()).Within(1e-6));
            Assert.That(LogProbOf(loaded, 31), Is.Negative, "the new tokens are there to be predicted");
            Assert.That(() => model.GrowVocabulary(8), Throws.TypeOf<RewardKitException>().With.Message.Contains("not shrink"));
        });
    }

    [Test]
    public void A_language_model_is_saved_as_one()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var folder = Tiny("qwen3");
        folder.Replace("config.json", "\"vocab_size\"", "\"id2label\":{\"0\":\"a\",\"1\":\"b\"},\"vocab_size\"");
        using var model = CausalModel.Create(new() { Folder = folder.Path }, 0);

        model.Save(folder["saved"], Encoder(folder));
        using var loaded = CausalModel.Create(new() { Folder = folder["saved"] }, 0);

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["saved"], "config.json")))!.AsObject();
        using var batch = new PackedBatch([Text]);
        Assert.That(config["architectures"]!.ToJsonString(), Is.EqualTo("[\"Qwen3ForCausalLM\"]"));
        Assert.That(config.ContainsKey("id2label"), Is.False);
        Assert.That(loaded.Logits(batch).data<float>().ToArray(), Is.EqualTo(model.Logits(batch).data<float>().ToArray()));
    }

    [Test]
    public void A_reward_model_gives_its_language_model_back()
    {
        using var folder = Tiny("mistral");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        model.Save(folder["saved"], Encoder(folder));

        using var policy = CausalModel.Create(new() { Folder = folder["saved"] }, 0);
        policy.Save(folder["policy"], Encoder(folder));

        using var reader = SafetensorsReader.Open(folder["policy"]);
        using var original = SafetensorsReader.Open(folder.Path);
        Assert.That(reader.Entries.Select(e => e.Name).Order(), Is.EqualTo(original.Entries.Select(e => e.Name).Order()));
    }

    [Test]
    public void The_generation_settings_go_along_with_their_tokenizer_only()
    {
        using var folder = Tiny("llama");
        var own = Encoder(folder);
        folder.Write("generation_config.json", """{"eos_token_id": [2, 5], "temperature": 0.6}""");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);

        model.Save(folder["own"], own);
        model.Save(folder["other"], PairEncoder.Create(new() { Folder = Files.Data("models/tiny_llama_with_tokenizer") }));

        Assert.That(File.ReadAllText(Path.Combine(folder["own"], "generation_config.json")), Does.Contain("0.6"));
        Assert.That(JsonNode.Parse(File.ReadAllText(Path.Combine(folder["other"], "generation_config.json")))!["eos_token_id"]!.ToJsonString(), Is.EqualTo("2"));
    }

    [Test]
    public void The_card_tells_what_is_given()
    {
        using var folder = Tiny("qwen2");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        var card = new ModelCard
        {
            BaseModel = "Qwen/Qwen2.5-0.5B",
            Data = "HH-RLHF, harmless-base.",
            Method = "Bradley-Terry.",
            License = "mit",
            Options = new Dictionary<string, object?> { ["rate"] = 1e-5, ["note"] = "a|b" },
            Results = new Dictionary<string, double> { ["accuracy"] = 0.625 },
        };

        model.Save(folder["saved"], Encoder(folder), new() { Card = card });
        model.Save(folder["plain"], Encoder(folder));

        var text = File.ReadAllText(Path.Combine(folder["saved"], "README.md"));
        Assert.Multiple(() =>
        {
            Assert.That(text, Does.StartWith("---\nlibrary_name: transformers\npipeline_tag: text-classification\nlicense: \"mit\"\nbase_model: \"Qwen/Qwen2.5-0.5B\"\n"));
            Assert.That(text, Does.Contain("Qwen2ForSequenceClassification"));
            Assert.That(text, Does.Contain("## Data\n\nHH-RLHF, harmless-base.\n").And.Contain("## Method\n\nBradley-Terry.\n"));
            Assert.That(text, Does.Contain("| note | \"a\\|b\" |\n| rate | 1E-05 |\n").And.Contain("| accuracy | 0.625 |"));
            Assert.That(File.ReadAllText(Path.Combine(folder["plain"], "README.md")), Does.Not.Contain("## "));
        });
    }

    [Test]
    public void A_type_that_is_none_is_refused()
    {
        using var folder = Tiny("llama");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);

        Assert.That(() => RewardModel.Create(new() { Folder = folder.Path, Dtype = "half" }, new(), 4),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("\"half\"").And.Message.Contains("bfloat16"));
        Assert.That(() => model.Save(folder["saved"], Encoder(folder), new() { Dtype = "auto" }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("\"auto\""));
    }

    private static TempFolder Tiny(string name)
    {
        var folder = new TempFolder();
        TinyModels.Write(folder, name);
        return folder;
    }

    private static PairEncoder Encoder(TempFolder folder)
    {
        if (!File.Exists(folder["tokenizer.json"])) File.Copy(Files.Data("models/tiny_llama_with_tokenizer/tokenizer.json"), folder["tokenizer.json"]);
        return PairEncoder.Create(new() { Folder = folder.Path });
    }

    private static float[] Rewards(RewardModel model)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch([Text]);
        return model.Forward(batch, ForwardNeeds.Rewards).Rewards!.data<float>().ToArray();
    }

    private static float LogProbOf(RewardModel model, int token)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch([new([1, 2], [[token]])]);
        return model.Forward(batch, ForwardNeeds.ResponseLogProbs).ResponseLogProbs!.item<float>();
    }
}
