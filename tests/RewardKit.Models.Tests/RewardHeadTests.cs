using RewardKit.Models.Safetensors;
using RewardKit.Models.Tests.Decoder;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>Where a reward comes from: scalar heads as others publish them, and label tokens.</summary>
public class RewardHeadTests
{
    private static readonly int[] Ids = [3, 7, 5, 5, 1, 8];

    // As the Hub has them: a classifier's class name, id2label with one entry and no num_labels, no language-model head.
    [TestCase("llama")]
    [TestCase("mistral")]
    [TestCase("qwen2")]
    [TestCase("qwen3")]
    [TestCase("gemma2")]
    [TestCase("phi")]
    public void A_published_reward_model_gives_the_head_on_the_last_hidden_state(string family)
    {
        using var folder = Published(family, """{"0":"LABEL_0"}""", rows: 1);
        using var model = RewardModel.Load(folder.Path);

        var (_, hidden) = new PlainModel(folder.Path).Run(Ids);
        using var scope = NewDisposeScope();
        var score = model.get_parameter("score.weight")!.detach().data<float>().ToArray();
        Assert.That(Reward(model), Is.EqualTo(hidden[^1].Zip(score, (x, w) => x * w).Sum()).Within(1e-5));
    }

    [TestCase("""{"0":"a","1":"b"}""", 2, "score.weight has shape [2, 12], expected [1, 12]")]
    [TestCase("""{"0":"a","1":"b"}""", 1, "num_labels is 2, expected 1")]
    [TestCase("""{"0":"LABEL_0"}""", 0, "the trained head was lost")]
    public void Two_outputs_and_lost_heads_are_refused_with_advice(string labels, int rows, string message)
    {
        using var folder = Published("llama", labels, rows);

        Assert.That(() => RewardModel.Load(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains(message).And.Property("ExitCode").EqualTo(2));
        Assert.That(() => RewardModel.Create(new() { Folder = folder.Path }, new(), 0), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
    }

    // Two labels in the configuration of a language model are a default of older tools, and mean nothing.
    [Test]
    public void A_language_models_labels_are_no_head()
    {
        using var folder = Published("llama", """{"0":"a","1":"b"}""", rows: 0);
        folder.Replace("config.json", "LlamaForSequenceClassification", "LlamaForCausalLM");
        folder.RewriteWeights(tensors => tensors["lm_head.weight"] = ones(23, 12));

        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(ZeroInit: true), 0);

        Assert.That(Reward(model), Is.Zero);
    }

    [TestCase("llama")]
    [TestCase("gemma2")]
    [TestCase("phi")]
    public void Label_tokens_give_the_difference_of_their_logits(string name)
    {
        using var folder = new TempFolder();
        TinyModels.Write(folder, name);
        using var model = RewardModel.Create(new() { Folder = folder.Path, LabelTokens = new(4, 9) }, new(), 0);
        using var swapped = RewardModel.Create(new() { Folder = folder.Path, LabelTokens = new(9, 4) }, new(), 0);

        var last = new PlainModel(folder.Path).Run(Ids).Logits[^1];
        var logSum = Math.Log(last.Sum(Math.Exp));
        Assert.Multiple(() =>
        {
            Assert.That(model.Labels, Is.EqualTo((4, 9)));
            Assert.That(Reward(model), Is.EqualTo(last[4] - last[9]).Within(1e-5));
            Assert.That(Reward(model), Is.EqualTo(last[4] - logSum - (last[9] - logSum)).Within(1e-5), "as log-probabilities");
            Assert.That(Reward(swapped), Is.EqualTo(-Reward(model)).Within(1e-6));
            Assert.That(model.has_parameter("score.weight"), Is.False);
        });
    }

    [Test]
    public void Label_tokens_survive_a_save_and_can_be_named()
    {
        using var folder = TempFolder.CopyOf(Files.Data("models/tiny_llama_with_tokenizer"));
        var tokenizer = Tokenizer.Load(folder.Path);
        var (first, second) = (tokenizer.IdToToken(5)!, tokenizer.IdToToken(6)!);
        var spec = new ModelSpec { Folder = folder.Path, LabelTokens = new(first, second) };
        using var model = RewardModel.Create(spec, new(), 0);

        model.Save(folder["saved"], PairEncoder.Create(spec));
        using var loaded = RewardModel.Load(folder["saved"]);

        Assert.That((model.Labels, loaded.Labels), Is.EqualTo(((5, 6), (5, 6))));
        Assert.That(Reward(loaded), Is.EqualTo(Reward(model)));
        Assert.That(File.ReadAllText(Path.Combine(folder["saved"], "config.json")), Does.Contain("LlamaForCausalLM").And.Not.Contain("num_labels"));
    }

    [Test]
    public void Label_tokens_that_cannot_be_are_refused()
    {
        var folder = Files.Data("models/tiny_llama_with_tokenizer");
        foreach (var (labels, message) in new (LabelTokens, string)[]
        {
            (new(5, 5), "the same"), (new(5, 9), "not in the model's vocabulary"), (new(-1, 3), "not in the model's vocabulary"), (new("no such label", "b"), "tokens in"),
        })
            Assert.That(() => RewardModel.Create(new() { Folder = folder, LabelTokens = labels }, new(), 0), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
    }

    [Test]
    public void Training_moves_the_label_logits()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        TinyModels.Write(folder, "gemma2");
        using var model = RewardModel.Create(new() { Folder = folder.Path, LabelTokens = new(4, 9) }, new(), 0);
        using var batch = new PackedBatch([new(Ids, [[]])]);
        var before = Reward(model);

        (-model.Forward(batch, ForwardNeeds.Rewards).Rewards!.sum()).backward();
        using var optimizer = FusedAdamW.Over(model.named_parameters(), weightDecay: 0);
        optimizer.Step(1e-3);

        Assert.That(Reward(model), Is.GreaterThan(before));
    }

    private static TempFolder Published(string family, string id2label, int rows)
    {
        var folder = new TempFolder();
        TinyModels.Write(folder, family);
        folder.Replace("config.json", "ForCausalLM\"]", $"ForSequenceClassification\"],\"id2label\":{id2label}");
        folder.RewriteWeights(tensors =>
        {
            foreach (var name in (string[])["lm_head.weight", "lm_head.bias"]) tensors.Remove(name);
            if (rows > 0) tensors["score.weight"] = arange(rows * 12, ScalarType.Float32).view(rows, 12) / 10;
        });
        return folder;
    }

    private static float Reward(RewardModel model)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch([new(Ids, [[]])]);
        return model.Forward(batch, ForwardNeeds.Rewards).Rewards!.item<float>();
    }
}
