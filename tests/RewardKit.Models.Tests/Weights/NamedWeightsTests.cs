using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Weights;

public class NamedWeightsTests
{
    private static readonly string Tiny = Files.Data("models/tiny_llama_with_tokenizer");

    private static float[] Numbers(Tensor tensor)
    {
        using (tensor) return tensor.data<float>().ToArray();
    }

    [Test]
    public void A_folder_and_the_live_model_made_of_it_have_the_same_weights()
    {
        using var folder = NamedWeights.Open(Files.Stories);
        using var model = CausalModel.Create(new() { Folder = Files.Stories }, 0);
        using var live = NamedWeights.Of(model);

        Assert.That(live.Weights.Select(w => w.Name), Is.EquivalentTo(folder.Weights.Select(w => w.Name)));
        foreach (var weight in folder.Weights)
        {
            Assert.That(live.Find(weight.Name)!.Shape, Is.EqualTo(weight.Shape));
            Assert.That(Numbers(live.Read(weight.Name)), Is.EqualTo(Numbers(folder.Read(weight.Name))), weight.Name);
        }
        Assert.That(folder.Find("model.nowhere"), Is.Null);
        Assert.That(() => folder.Read("model.nowhere"), Throws.TypeOf<RewardKitException>().With.Message.Contains("model.nowhere"));
    }

    // λ = 0.35 between two models, as weights are merged: each tensor by name, and the sum is linear in them.
    [Test]
    public void Weights_changed_one_by_one_make_a_model_like_the_first()
    {
        using var folder = new TempFolder();
        using (var other = CausalModel.Create(new() { Configuration = ModelConfig.Load(Tiny) }, 8))
        {
            using var first = NamedWeights.Open(Tiny);
            using var second = NamedWeights.Of(other);
            NamedWeights.Write(folder["merged"], Tiny, first.Weights.Select(weight => new WeightToWrite(weight.Name, weight.Shape, weight.Type, () =>
            {
                using var scope = NewDisposeScope();
                return (first.Read(weight.Name) * 0.65 + second.Read(weight.Name) * 0.35).MoveToOuterDisposeScope();
            })), new() { ShardBytes = 600 });

            using var merged = NamedWeights.Open(folder["merged"]);
            foreach (var weight in first.Weights)
                Assert.That(Numbers(merged.Read(weight.Name)), Is.EqualTo(
                    Numbers(first.Read(weight.Name)).Zip(Numbers(second.Read(weight.Name)), (a, b) => 0.65 * a + 0.35 * b)).Within(1e-6), weight.Name);
        }
        Assert.That(Directory.GetFiles(folder["merged"], "model-*.safetensors"), Has.Length.GreaterThan(2));
        Assert.That(Directory.EnumerateFiles(folder["merged"]).Select(Path.GetFileName), Is.SupersetOf((string[])["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json"]));
        using var loaded = CausalModel.Create(new() { Folder = folder["merged"] }, 0);
        Assert.That(loaded.Config.VocabSize, Is.EqualTo(9));
    }

    [Test]
    public void More_tokens_are_noted_in_the_configuration()
    {
        using var folder = new TempFolder();
        using var source = NamedWeights.Open(Tiny);
        NamedWeights.Write(folder["wide"], Tiny, source.ToWrite().Select(weight => weight.Name is "model.embed_tokens.weight" or "lm_head.weight"
            ? weight with { Shape = [12, 8], Make = () => ones(12, 8) } : weight));

        using var model = CausalModel.Create(new() { Folder = folder["wide"] }, 0);
        Assert.That(model.Config.VocabSize, Is.EqualTo(12));
    }

    [Test]
    public void What_was_not_said_before_is_refused_and_leaves_nothing()
    {
        using var folder = new TempFolder();
        using var source = NamedWeights.Open(Tiny);
        Assert.That(
            () => NamedWeights.Write(folder["out"], Tiny, source.ToWrite().Select(weight => weight with { Make = () => zeros(2, 3) })),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("has shape [2, 3], and was to be written with"));
        Assert.That(Directory.EnumerateFileSystemEntries(folder.Path), Is.Empty);
        Assert.That(() => NamedWeights.Write(Tiny + "/", Tiny, source.ToWrite()), Throws.TypeOf<RewardKitException>().With.Message.Contains("over the folder"));
    }

    [Test]
    public void Converting_keeps_everything_but_the_type()
    {
        using var folder = new TempFolder();
        ModelTools.Convert(Files.Stories, folder["half"], new() { Dtype = "bfloat16", ShardBytes = 200_000 });
        ModelTools.Convert(folder["half"], folder["back"], new() { Dtype = "float32" });

        using var original = NamedWeights.Open(Files.Stories);
        using var half = NamedWeights.Open(folder["half"]);
        using var back = NamedWeights.Open(folder["back"]);
        Assert.That(half.Weights.Select(w => w.Type), Is.All.EqualTo(ScalarType.BFloat16));
        foreach (var weight in original.Weights)
        {
            using var scope = NewDisposeScope();
            Assert.That(Numbers(back.Read(weight.Name)), Is.EqualTo(Numbers(original.Read(weight.Name).bfloat16().to_type(ScalarType.Float32))), weight.Name);
        }
        Assert.That(JsonNode.Parse(File.ReadAllText(Path.Combine(folder["half"], "config.json")))!["torch_dtype"]!.ToString(), Is.EqualTo("bfloat16"));
        Assert.That(Directory.GetFiles(folder["half"], "*.safetensors").Select(file => new FileInfo(file).Length), Is.All.LessThan(210_000));
        Assert.That(() => ModelTools.Convert(Files.Stories, folder["half"], new()), Throws.TypeOf<RewardKitException>().With.Message.Contains("exists already"));
    }

    [Test]
    public void Says_what_tensors_are_for_and_which_tokens_the_rows_belong_to()
    {
        using var weights = NamedWeights.Open(Tiny);
        Assert.That(weights.Weights.Where(w => w.Role == WeightRole.Embedding).Select(w => w.Name), Is.EqualTo((string[])["model.embed_tokens.weight"]));
        Assert.That(weights.Weights.Where(w => w.Role == WeightRole.LanguageHead).Select(w => w.Name), Is.EqualTo((string[])["lm_head.weight"]));
        Assert.That(weights.Tokens, Has.Count.EqualTo(Tokenizer.Load(Tiny).VocabSize).And.Contains("</s>"));
    }

    [Test]
    public void A_merger_that_makes_something_else_than_the_first_model_is_refused()
    {
        using var folder = new TempFolder();
        void Refused(Func<IReadOnlyList<ModelWeight>, IReadOnlyList<ModelWeight>> change, string message)
        {
            Assert.That(() => ModelTools.Merge(new Changed(change), [(Tiny, 1)], folder["out"], new()), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
            Assert.That(Directory.Exists(folder["out"]), Is.False);
        }
        Refused(all => [.. all.Skip(1)], "lacks ");
        Refused(all => [.. all, all[0] with { Name = "more" }], "has more, which");
        Refused(all => [all[0] with { Shape = [3, 2] }, .. all.Skip(1)], "[3, 2]; in");
    }

    private sealed class Changed(Func<IReadOnlyList<ModelWeight>, IReadOnlyList<ModelWeight>> change) : IWeightMerger
    {
        public MergedWeights Merge(IReadOnlyList<MergeMember> models) =>
            new(change(models[0].Model.Weights), weight => models[0].Model.Read(weight.Name));
    }
}
