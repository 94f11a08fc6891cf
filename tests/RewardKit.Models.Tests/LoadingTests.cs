using static RewardKit.Models.Tests.SmallModel;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>Folders that are models, and folders that are not.</summary>
public class LoadingTests
{
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

    [TestCase("missing", "model.layers.0.mlp.up_proj.weight is missing, expected with shape [10, 8]")]
    [TestCase("misshapen", "model.layers.0.mlp.up_proj.weight has shape [8, 10], expected [10, 8]")]
    [TestCase("surplus", "model.layers.0.self_attn.q_proj.bias with shape [8] has no place")]
    [TestCase("labels", "score.weight has shape [2, 8], expected [1, 8]")]
    public void Tensors_that_do_not_fit_are_named_with_their_shapes(string what, string message)
    {
        using var scope = NewDisposeScope();
        using var folder = TempFolder.CopyOf(Files.Data("models/tiny_llama_with_tokenizer"));
        folder.RewriteWeights(tensors =>
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

    // A model that was mapped from its file would change with it, and end the process where the file ends.
    [Test]
    public void A_loaded_model_does_not_change_with_its_file()
    {
        using var folder = TempFolder.CopyOf(Files.Stories);
        using var model = RewardModel.Create(new ModelSpec { Folder = folder.Path }, new(), 0);
        var text = new PackedItem([1, 403, 407], [[5, 6], [261, 2]]);
        var before = Run(model, text);

        using (var file = File.OpenWrite(folder["model.safetensors"]))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[file.Length / 2]);
        }
        Assert.That(Run(model, text), Is.EqualTo(before), "written over in place");
        File.WriteAllText(folder["model.safetensors"], "");
        Assert.That(Run(model, text), Is.EqualTo(before), "cut off");
    }
}
