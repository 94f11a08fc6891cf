using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

public class RewardModelTests
{
    private static readonly ModelConfig Small = new()
    {
        VocabSize = 40,
        HiddenSize = 24,
        IntermediateSize = 40,
        NumHiddenLayers = 2,
        NumAttentionHeads = 3,
        NumKeyValueHeads = 1,
        MaxPositionEmbeddings = 64,
        InitializerRange = 0.3,
    };

    private const ForwardNeeds All = ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs | ForwardNeeds.Features;

    private static RewardModel Random(int seed = 1, RewardHead? head = null, ModelConfig? config = null) =>
        RewardModel.Create(new ModelSpec { Configuration = config ?? Small }, head ?? new(), seed);

    private static PairEncoder StoriesEncoder => PairEncoder.Create(new ModelSpec { Folder = Files.Stories, MaxPromptTokens = 200, MaxResponseTokens = 100 });

    private static (float[] Rewards, float[] LogProbs, float[] Features) Run(RewardModel model, params PackedItem[] items)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch(items);
        var output = model.Forward(batch, All);
        return (Numbers(output.Rewards!), model.HasLanguageHead ? Numbers(output.ResponseLogProbs!) : [], Numbers(output.Features!));
    }

    private static float[] Numbers(Tensor tensor) => tensor.data<float>().ToArray();

    private static float[] Weights(RewardModel model) => [.. model.parameters().SelectMany(p => Numbers(p.detach()))];

    [Test]
    public void Random_weights_depend_on_the_seed_alone()
    {
        using var scope = NewDisposeScope();
        using var first = Random(1);
        var threads = get_num_threads();
        set_num_threads(1);
        manual_seed(77);
        using var again = Random(1);
        set_num_threads(threads);
        using var other = Random(2);

        Assert.That(Weights(again), Is.EqualTo(Weights(first)));
        Assert.That(Weights(other), Is.Not.EqualTo(Weights(first)));
    }

    [Test]
    public void Random_weights_have_the_configured_spread()
    {
        using var scope = NewDisposeScope();
        using var model = Random(config: Small with { VocabSize = 2000, InitializerRange = 0.02 });
        var embeddings = model.get_parameter("model.embed_tokens.weight")!.detach();

        // 48,000 draws: the mean is within 4 standard errors of 0, the deviation within 4 of 0.02.
        Assert.That(embeddings.mean().item<float>(), Is.Zero.Within(4 * 0.02 / Math.Sqrt(48000)));
        Assert.That(embeddings.std().item<float>(), Is.EqualTo(0.02).Within(4 * 0.02 / Math.Sqrt(2 * 48000)));
        Assert.That(Numbers(model.get_parameter("model.norm.weight")!.detach()), Is.All.EqualTo(1f));
    }

    [Test]
    public void A_head_starts_as_asked()
    {
        using var scope = NewDisposeScope();
        using var zero = Random(head: new(ZeroInit: true, Bias: true));
        using var normal = Random();

        Assert.That(Run(zero, new PackedItem([1, 2], [[3], [4, 5]])).Rewards, Is.All.Zero);
        Assert.That(Run(normal, new PackedItem([1, 2], [[3], [4, 5]])).Rewards, Is.All.Not.Zero);
        Assert.That(zero.has_parameter("score.bias"), Is.True);
        Assert.That(normal.has_parameter("score.bias"), Is.False);
    }

    // By definition: the log-softmax of the logits before each response token, and the head on the last hidden state.
    [Test]
    public void Outputs_agree_with_the_logits_and_the_head()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var model = Random(head: new(Bias: true));
        model.get_parameter("score.bias")!.fill_(0.5);
        using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]]), new([7], [[8, 9, 10]])]);
        var output = model.Forward(batch, All);
        var logProbs = model.Logits(batch).log_softmax(-1);
        float At(long row, long token) => logProbs[row, token].item<float>();

        Assert.That(Numbers(output.ResponseLogProbs!), Is.EqualTo(
            (float[])[At(2, 4) + At(3, 5), At(2, 6), At(6, 8) + At(7, 9) + At(8, 10)]).Within(1e-5));
        var rewards = output.Features!.matmul(model.get_parameter("score.weight")![0]) + 0.5;
        Assert.That(Numbers(output.Rewards!), Is.EqualTo(Numbers(rewards)).Within(1e-6));
    }

    [Test]
    public void A_text_scores_alike_alone_and_in_any_batch()
    {
        using var model = Random();
        var prompt = (int[])[1, 2, 3, 4, 5];
        var (a, b) = ((int[])[6, 7, 8], (int[])[9, 10, 11, 12, 13, 14]);
        PackedItem other = new([20, 21], [[22, 23, 24, 25], [26]]);

        var alone = Run(model, new PackedItem(prompt, [a]));
        var paired = Run(model, new PackedItem(prompt, [a, b]));
        var swapped = Run(model, new PackedItem(prompt, [b, a]));
        var crowded = Run(model, other, new PackedItem(prompt, [b, a]), other);
        // Without sharing: the joint text as a prompt, read at its last token.
        var joint = Run(model, new PackedItem([.. prompt, .. a], [[]]));

        Assert.Multiple(() =>
        {
            foreach (var reward in (float[])[paired.Rewards[0], swapped.Rewards[1], crowded.Rewards[3], joint.Rewards[0]])
                Assert.That(reward, Is.EqualTo(alone.Rewards[0]).Within(1e-5));
            foreach (var logProb in (float[])[paired.LogProbs[0], swapped.LogProbs[1], crowded.LogProbs[3]])
                Assert.That(logProb, Is.EqualTo(alone.LogProbs[0]).Within(1e-5));
            Assert.That(crowded.Rewards[2], Is.EqualTo(paired.Rewards[1]).Within(1e-5));
        });
    }

    [Test]
    public void An_empty_response_reads_the_prompt_and_has_log_probability_zero()
    {
        using var model = Random();
        var prompt = (int[])[1, 2, 3];

        var empty = Run(model, new PackedItem(prompt, [[]]));
        var beside = Run(model, new PackedItem(prompt, [[4, 5], []]));

        Assert.That((empty.LogProbs[0], beside.LogProbs[1]), Is.EqualTo((0f, 0f)));
        Assert.That(beside.Rewards[1], Is.EqualTo(empty.Rewards[0]).Within(1e-5));
        Assert.That(beside.Rewards[1], Is.Not.EqualTo(beside.Rewards[0]).Within(1e-3));
    }

    [Test]
    public void A_gradient_reaches_every_parameter()
    {
        using var scope = NewDisposeScope();
        using var model = Random(head: new(Bias: true));
        using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]])]);

        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        (output.Rewards!.sum() + output.ResponseLogProbs!.sum()).backward();

        Assert.Multiple(() =>
        {
            foreach (var (name, parameter) in model.named_parameters())
                Assert.That(parameter.grad?.abs().sum().item<float>(), Is.GreaterThan(0), name);
        });
    }

    [Test]
    public void Only_what_is_asked_for_is_computed()
    {
        using var scope = NewDisposeScope();
        using var model = Random();
        using var batch = new PackedBatch([new([1], [[2]])]);

        Assert.That(model.Forward(batch, ForwardNeeds.Features), Has.Property("Rewards").Null.And.Property("ResponseLogProbs").Null);
        Assert.That(model.Forward(batch, ForwardNeeds.Rewards), Has.Property("Features").Null.And.Property("ResponseLogProbs").Null);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_saved_model_loads_to_the_same_bits(bool tied)
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var spec = new ModelSpec { Configuration = Small with { VocabSize = 512, TieWordEmbeddings = tied }, Tokenizer = Files.Stories, MaxPromptTokens = 20, MaxResponseTokens = 10 };
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

    [Test]
    public void The_files_that_decide_a_model_leave_out_what_is_never_read()
    {
        using var folder = TempFolder.CopyOf(Files.Stories);
        folder.Write("README.md", "");
        folder.Write("pytorch_model.bin", "");

        Assert.That(ModelFiles.OfModel(folder.Path).Select(Path.GetFileName), Is.EquivalentTo((string[])["config.json", "model.safetensors"]));
        Assert.That(ModelFiles.OfTokenizer(folder.Path).Select(Path.GetFileName), Is.EquivalentTo(
            (string[])["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]));
        Assert.That(ModelFiles.OfTokenizer(Files.Gpt2).Select(Path.GetFileName), Is.SupersetOf((string[])["vocab.json", "merges.txt"]));
        File.Move(folder["model.safetensors"], folder["part.safetensors"]);
        folder.Write("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"part.safetensors\", \"b\": \"part.safetensors\"}}");
        Assert.That(ModelFiles.OfModel(folder.Path).Select(Path.GetFileName), Is.EquivalentTo(
            (string[])["config.json", "model.safetensors.index.json", "part.safetensors"]));
    }

    [Test]
    public void A_classifier_without_language_head_gives_rewards_and_says_why_not_log_probabilities()
    {
        using var scope = NewDisposeScope();
        using var folder = TempFolder.CopyOf(Files.Data("models/tiny_llama_with_tokenizer"));
        Rewrite(folder, tensors =>
        {
            tensors.Remove("lm_head.weight");
            tensors["score.weight"] = ones(1, 8);
        });
        using var model = RewardModel.Load(folder.Path);
        using var batch = new PackedBatch([new([1, 3], [[4]])]);

        Assert.That(model.HasLanguageHead, Is.False);
        Assert.That(model.Forward(batch, ForwardNeeds.Rewards).Rewards!.shape, Is.EqualTo((long[])[1]));
        Assert.That(() => model.Forward(batch, ForwardNeeds.ResponseLogProbs),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("lm_head.weight"));
    }

    [TestCase("missing", "model.layers.0.mlp.up_proj.weight is missing, expected with shape [10, 8]")]
    [TestCase("misshapen", "model.layers.0.mlp.up_proj.weight has shape [8, 10], expected [10, 8]")]
    [TestCase("surplus", "model.layers.0.self_attn.q_proj.bias with shape [8] has no place")]
    [TestCase("labels", "score.weight has shape [2, 8], expected [1, 8]")]
    public void Tensors_that_do_not_fit_are_named_with_their_shapes(string what, string message)
    {
        using var scope = NewDisposeScope();
        using var folder = TempFolder.CopyOf(Files.Data("models/tiny_llama_with_tokenizer"));
        Rewrite(folder, tensors =>
        {
            const string up = "model.layers.0.mlp.up_proj.weight";
            if (what == "missing") tensors.Remove(up);
            if (what == "misshapen") tensors[up] = tensors[up].t();
            if (what == "surplus") tensors["model.layers.0.self_attn.q_proj.bias"] = zeros(8);
            if (what == "labels") tensors["score.weight"] = zeros(2, 8);
        });

        Assert.That(() => RewardModel.Create(new ModelSpec { Folder = folder.Path }, new(), 0), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains(message).And.Message.Contains("model.safetensors")
            .And.Property(nameof(RewardKitException.ExitCode)).EqualTo(2));
    }

    [TestCase("\"attention_bias\": false", "\"attention_bias\": true", "self_attn.q_proj.bias is missing, expected with shape [64]")]
    [TestCase("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}", "dynamic")]
    [TestCase("\"silu\"", "\"gelu\"", "hidden_act")]
    [TestCase("LlamaForCausalLM", "FalconForCausalLM", "FalconForCausalLM")]
    [TestCase("\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 2}", "yarn")]
    [TestCase("\"num_key_value_heads\": 4", "\"num_key_value_heads\": 3", "NumKeyValueHeads 3")]
    [TestCase("\"hidden_size\": 64", "\"hidden_size\": \"wide\"", "hidden_size is \"wide\"")]
    [TestCase("\"vocab_size\": 512", "\"vocab\": 512", "vocab_size is missing")]
    public void A_configuration_beyond_us_is_refused_by_name(string old, string @new, string named)
    {
        using var folder = TempFolder.CopyOf(Files.Stories);
        folder.Replace("config.json", old, @new);

        Assert.That(() => RewardModel.Create(new ModelSpec { Folder = folder.Path }, new(), 0),
            Throws.TypeOf<RewardKitException>().With.Message.Contains(named));
    }

    [Test]
    public void Other_architectures_are_refused_with_the_known_ones()
    {
        Assert.That(() => RewardModel.Create(new ModelSpec { Folder = Files.Data("models/tiny_qwen35") }, new(), 0),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("Qwen3_5").And.Message.Contains("LlamaForCausalLM"));
        Assert.That(() => RewardModel.Load(Files.Stories), Throws.TypeOf<RewardKitException>().With.Message.Contains("not a trained reward model"));
        Assert.That(() => RewardModel.Create(new ModelSpec(), new(), 0), Throws.TypeOf<RewardKitException>());
    }

    [Test]
    public void A_training_step_leaves_no_tensor_alive()
    {
        using var model = Random();
        Step();
        foreach (var parameter in model.parameters()) parameter.grad = null;
        var before = LiveTensors.Count;

        Step();
        foreach (var parameter in model.parameters()) parameter.grad = null;

        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Step()
        {
            using var scope = NewDisposeScope();
            using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]])]);
            var output = model.Forward(batch, All);
            (output.Rewards!.sum() + output.ResponseLogProbs!.sum() + output.Features!.sum()).backward();
        }
    }

    private static void Rewrite(TempFolder folder, Action<Dictionary<string, Tensor>> change)
    {
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(folder.Path)) tensors = reader.Entries.ToDictionary(e => e.Name, e => reader.Read(e.Name));
        change(tensors);
        SafetensorsWriter.Write(folder["model.safetensors"], tensors);
    }
}
