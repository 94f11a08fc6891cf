using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static RewardKit.Models.Tests.SmallModel;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>A saved reward model: its scores, its texts, and what other tools see.</summary>
public class SavedRewardModelTests
{
    private static PairEncoder StoriesEncoder => PairEncoder.Create(new ModelSpec { Folder = Files.Stories, MaxPromptTokens = 200, MaxResponseTokens = 100 });

    [TestCase(true)]
    [TestCase(false)]
    public void A_saved_model_loads_to_the_same_bits(bool tied)
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var spec = new ModelSpec { Configuration = Config with { VocabSize = 512, TieWordEmbeddings = tied }, Tokenizer = Files.Stories, MaxPromptTokens = 20, MaxResponseTokens = 10 };
        using var model = RewardModel.Create(spec, new(Bias: true), 3);
        var encoder = PairEncoder.Create(spec);
        var items = new PackedItem([1, 403, 407], [[5, 6], [261, 2]]);
        var before = Run(model, items);

        model.Save(folder["rm"], encoder);
        model.Save(folder["rm"], encoder);
        using var loaded = RewardModel.Load(folder["rm"]);
        using var created = RewardModel.Create(new ModelSpec { Folder = folder["rm"] }, new(ZeroInit: true), 9);
        var reopened = PairEncoder.Create(new ModelSpec { Folder = folder["rm"] });

        Assert.Multiple(() =>
        {
            Assert.That(Run(loaded, items), Is.EqualTo(before));
            Assert.That(Run(created, items), Is.EqualTo(before), "a trained head is kept");
            Assert.That(loaded.Config, Is.EqualTo(model.Config with { HeadDim = 8 }));
            Assert.That(Directory.GetFileSystemEntries(folder.Path), Has.Length.EqualTo(1), "nothing is left beside");
            Assert.That((reopened.MaxPromptTokens, reopened.MaxResponseTokens, reopened.Template.Name), Is.EqualTo((20, 10, "plain")));
            var text = Conversation.User("Once upon a time, there was a dog that was very very small.");
            Assert.That(reopened.EncodePrompt(text).Ids, Is.EqualTo(encoder.EncodePrompt(text).Ids));
        });
    }

    [Test]
    public void A_saved_folder_is_a_sequence_classifier_to_other_tools()
    {
        using var folder = TempFolder.CopyOf(Files.Stories);
        folder.Replace("config.json", "\"use_cache\": true", "\"use_cache\": true, \"a_key_of_others\": [1, {\"x\": null}]");
        using var model = RewardModel.Create(new ModelSpec { Folder = folder.Path }, new(), 0);

        model.Save(folder["out"], StoriesEncoder);

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["out"], "config.json")))!.AsObject();
        using var reader = SafetensorsReader.Open(folder["out"]);
        Assert.Multiple(() =>
        {
            Assert.That(config["architectures"]!.ToJsonString(), Is.EqualTo("[\"LlamaForSequenceClassification\"]"));
            Assert.That(config["num_labels"]!.GetValue<int>(), Is.EqualTo(1));
            Assert.That(config["id2label"]!.ToJsonString(), Is.EqualTo("{\"0\":\"LABEL_0\"}"));
            Assert.That(config["a_key_of_others"]!.ToJsonString(), Is.EqualTo("[1,{\"x\":null}]"));
            Assert.That(reader.Find("score.weight")!.Shape, Is.EqualTo((long[])[1, 64]));
            Assert.That(reader.Find("lm_head.weight"), Is.Null, "tied to the embeddings");
            Assert.That(File.Exists(Path.Combine(folder["out"], "tokenizer.json")));
        });
    }

    [Test]
    public void A_pad_token_that_ends_texts_is_not_written()
    {
        using var folder = new TempFolder();
        var spec = new ModelSpec { Folder = Files.Data("models/tiny_llama_with_tokenizer") };
        using var model = RewardModel.Create(spec, new(), 0);

        model.Save(folder["out"], PairEncoder.Create(spec));

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["out"], "config.json")))!.AsObject();
        Assert.That((config.ContainsKey("pad_token_id"), config["eos_token_id"]!.GetValue<int>()), Is.EqualTo((false, 2)));
    }

    // The model's own config.json names an end token; the tokenizer it is trained with has none.
    [Test]
    public void Special_tokens_of_a_tokenizer_not_used_do_not_come_back_with_the_saved_model()
    {
        using var folder = new TempFolder();
        using var tokenizer = new TempFolder();
        File.Copy(Path.Combine(Files.Stories, "tokenizer.json"), tokenizer["tokenizer.json"]);
        var spec = new ModelSpec { Folder = Files.Stories, Tokenizer = tokenizer.Path };
        using var model = RewardModel.Create(spec, new(), 0);
        var encoder = PairEncoder.Create(spec);

        model.Save(folder["out"], encoder);

        var reopened = PairEncoder.Create(new ModelSpec { Folder = folder["out"] });
        Assert.That(encoder.Tokenizer.EosId, Is.Null);
        Assert.That((reopened.Tokenizer.EosId, reopened.Tokenizer.BosId, reopened.Tokenizer.AddsBos),
            Is.EqualTo((encoder.Tokenizer.EosId, encoder.Tokenizer.BosId, encoder.Tokenizer.AddsBos)));
    }

    // In float32, a model that was trained in bfloat16 gives other numbers.
    [TestCase("bfloat16", false)]
    [TestCase("bfloat16", true)]
    [TestCase("auto", false)]
    [TestCase("auto", true)]
    public void A_model_comes_back_in_the_type_that_was_asked_for(string dtype, bool adapter)
    {
        using var folder = new TempFolder();
        var spec = new ModelSpec { Folder = Files.Data("models/tiny_llama_with_tokenizer") };
        var encoder = PairEncoder.Create(spec);
        using (var full = CausalModel.Create(spec, 0)) full.Save(folder["half"], encoder, new() { Dtype = "bfloat16" });
        using var unasked = RewardModel.Create(spec with { Folder = folder["half"] }, new(), 4);
        using var model = RewardModel.Create(spec with { Folder = folder["half"], Dtype = dtype, Lora = adapter ? new() : null }, new(), 4);

        model.Save(folder["saved"], encoder);
        using var loaded = RewardModel.Load(folder["saved"]);
        using var widened = RewardModel.Load(folder["saved"], dtype: "float32");

        Assert.That((unasked.Type, model.Type, loaded.Type, widened.Type), Is.EqualTo((ScalarType.Float32, ScalarType.BFloat16, ScalarType.BFloat16, ScalarType.Float32)));
        Assert.That(Rewards(loaded), Is.EqualTo(Rewards(model)));
        Assert.That(Rewards(widened), Is.Not.EqualTo(Rewards(model)));
        if (!adapter) return;
        ModelTools.MergeAdapter(folder["saved"], folder["merged"], null, new());
        using var merged = RewardModel.Load(folder["merged"]);
        Assert.That(merged.Type, Is.EqualTo(ScalarType.BFloat16), "as the adapter");
    }

    private static float[] Rewards(RewardModel model)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch([new([1, 3], [[4, 5, 2], [6]])]);
        return Numbers(model.Forward(batch, ForwardNeeds.Rewards).Rewards!);
    }
}
