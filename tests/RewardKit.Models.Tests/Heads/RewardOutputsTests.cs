using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Heads;

/// <summary>Heads with several outputs: the first is the reward, of the model in training as of the saved one.</summary>
public class RewardOutputsTests
{
    private const ForwardNeeds All = ForwardNeeds.Rewards | ForwardNeeds.Features | ForwardNeeds.Heads;

    private static readonly string Base = Files.Data("models/tiny_llama_with_tokenizer");

    private static readonly PackedItem[] Items = [new([1, 3], [[4, 5, 2], [6]]), new([7, 1], [[2]])];

    private static readonly RewardHead Two = new(Outputs: 2, Norm: HeadNorm.Unit);

    [Test]
    public void Outputs_are_rows_of_the_head_on_the_features_and_the_first_is_the_reward([Values] HeadNorm norm, [Values] bool bias)
    {
        using var scope = NewDisposeScope();
        using var model = Model(new(Bias: bias, Outputs: 3, Norm: norm));
        if (bias)
        {
            using var _ = no_grad();
            model.get_parameter("score.bias")!.fill_(0.5);
            model.get_parameter("extra_scores.bias")!.copy_(tensor((float[])[1, 2]));
        }
        var (output, rewards) = (Forward(model, All), Numbers(Forward(model, ForwardNeeds.Rewards).Rewards!));
        var (features, weights) = (output.Features!.detach(), output.HeadWeights!.detach());
        float[] biases = bias ? [0.5f, 1, 2] : [0, 0, 0];
        Assert.Multiple(() =>
        {
            Assert.That(model.Outputs, Is.EqualTo(3));
            Assert.That(output.HeadRewards!.shape, Is.EqualTo((long[])[3, 3]));
            Assert.That(weights.shape, Is.EqualTo((long[])[3, 8]));
            foreach (var (text, row) in Rows(output.HeadRewards!).Index())
                for (var k = 0; k < 3; k++)
                    Assert.That(row[k], Is.EqualTo(Rows(features)[text].Zip(Rows(weights)[k], (x, w) => x * w).Sum() + biases[k]).Within(1e-5));
            Assert.That(Numbers(output.Rewards!), Is.EqualTo(Rows(output.HeadRewards!).Select(row => row[0])));
            Assert.That(Numbers(output.Rewards!), Is.EqualTo(rewards).Within(1e-5));
            Assert.That(Rows(weights).Distinct(new SameNumbers()).Count(), Is.EqualTo(3), "each starts from other numbers");
            if (norm != HeadNorm.None) Assert.That(Rows(weights).Select(row => row.Sum(w => w * w)), Is.All.EqualTo(1).Within(1e-6));
            if (norm == HeadNorm.CentredUnit) Assert.That(Rows(weights).Select(row => row.Sum()), Is.All.EqualTo(0).Within(1e-6));
        });
    }

    // ODIN's worked example: two outputs of width 4.
    [TestCase(HeadNorm.CentredUnit, new[] { 0.61858957, -0.70106818, 0.28867513, -0.20619652 }, new[] { -0.25354628, 0.08451543, -0.59160798, 0.76063883 })]
    [TestCase(HeadNorm.Unit, new[] { 0.6 / 0.75498344, -0.2 / 0.75498344, 0.4 / 0.75498344, 0.1 / 0.75498344 }, new[] { 0.1 / 0.77459667, 0.3 / 0.77459667, -0.1 / 0.77459667, 0.7 / 0.77459667 })]
    public void Weights_are_normalised_row_by_row(HeadNorm norm, double[] first, double[] second)
    {
        using var scope = NewDisposeScope();
        using var model = SmallModel.Random(head: Two with { Norm = norm }, config: SmallModel.Config with { HiddenSize = 4, HeadDim = 8 });
        Set(model, "score.weight", 0.6f, -0.2f, 0.4f, 0.1f);
        Set(model, "extra_scores.weight", 0.1f, 0.3f, -0.1f, 0.7f);

        Assert.That(Rows(Forward(model, All).HeadWeights!), Is.EqualTo((double[][])[first, second]).Within(1e-7));
    }

    [Test]
    public void The_size_of_a_normalised_head_changes_nothing_and_has_no_gradient([Values(HeadNorm.Unit, HeadNorm.CentredUnit)] HeadNorm norm)
    {
        using var scope = NewDisposeScope();
        using var model = Model(Two with { Norm = norm });
        var before = Numbers(Forward(model, All).HeadRewards!);
        using (no_grad()) model.get_parameter("score.weight")!.mul_(3);
        var output = Forward(model, All);
        (output.HeadRewards!.pow(2).sum() + output.HeadWeights!.select(1, 0).sum()).backward();
        Assert.Multiple(() =>
        {
            Assert.That(Numbers(output.HeadRewards!), Is.EqualTo(before).Within(1e-6));
            foreach (var name in (string[])["score.weight", "extra_scores.weight"])
            {
                var parameter = model.get_parameter(name)!;
                Assert.That(Numbers(parameter.grad!).Max(MathF.Abs), Is.GreaterThan(1e-3), name);
                Assert.That((parameter * parameter.grad!).sum().item<float>(), Is.Zero.Within(1e-4), name);
            }
        });
    }

    [TestCase(null)]
    [TestCase("bfloat16")]
    public void What_is_saved_is_what_scores(string? dtype)
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var spec = new ModelSpec { Folder = Base, Dtype = dtype };
        using var model = RewardModel.Create(spec, Two with { Bias = true }, 3);
        using (no_grad()) model.get_parameter("score.weight")!.mul_(5);

        model.Save(folder["saved"], PairEncoder.Create(spec));
        using var loaded = RewardModel.Load(folder["saved"]);
        using var reader = SafetensorsReader.Open(folder["saved"]);
        using var again = RewardModel.Create(new() { Folder = folder["saved"] }, Two with { Bias = true }, 9);

        Assert.Multiple(() =>
        {
            Assert.That(Numbers(Forward(loaded, ForwardNeeds.Rewards).Rewards!), Is.EqualTo(Numbers(Forward(model, ForwardNeeds.Rewards).Rewards!)));
            Assert.That(Numbers(Forward(loaded, All).HeadRewards!), Is.EqualTo(Numbers(Forward(model, All).HeadRewards!)));
            Assert.That(Numbers(Forward(again, All).HeadRewards!), Is.EqualTo(Numbers(Forward(model, All).HeadRewards!)).Within(1e-6), "trained on");
            foreach (var name in (string[])["score.weight", "extra_scores.weight"])
            {
                Assert.That(reader.Find(name)!.Shape, Is.EqualTo((long[])[1, 8]), name);
                Assert.That(Numbers(reader.Read(name)).Sum(w => w * w), Is.EqualTo(1).Within(1e-6), name);
            }
            Assert.That(loaded.Outputs, Is.EqualTo(2));
            Assert.That(File.ReadAllText(Path.Combine(folder["saved"], "config.json")), Does.Contain("\"num_labels\": 1"));
            Assert.That(File.ReadAllText(Path.Combine(folder["saved"], "README.md")), Does.Contain("`extra_scores.weight`"));
            Assert.That(ModelSummary.Of(folder["saved"]).RewardHead, Does.StartWith("score.weight [1, 8], with a bias; extra_scores.weight [1, 8]"));
        });
    }

    [Test]
    public void The_weights_of_a_live_model_are_those_it_is_saved_with()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        using (var model = Model(Two))
        using (var weights = NamedWeights.Of(model))
        {
            Set(model, "extra_scores.weight", 1, 2, 3, 4, 5, 6, 7, 8);
            Assert.That(weights.Weights.Where(w => w.Role == WeightRole.RewardHead).Select(w => w.Name), Is.EqualTo((string[])["score.weight", "extra_scores.weight"]));
            Assert.That(Numbers(weights.Read("score.weight")).Sum(w => w * w), Is.EqualTo(1).Within(1e-6));
        }
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }

    [Test]
    public void A_trained_reward_model_keeps_its_head_and_gets_further_ones()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        using var trained = Model(new());
        trained.Save(folder["rm"], PairEncoder.Create(new() { Folder = Base }));

        using var model = RewardModel.Create(new() { Folder = folder["rm"] }, new(Outputs: 3), 7);

        Assert.That(Numbers(model.get_parameter("score.weight")!.detach()), Is.EqualTo(Numbers(trained.get_parameter("score.weight")!.detach())));
        Assert.That(Rows(Forward(model, All).HeadWeights!).Distinct(new SameNumbers()).Count(), Is.EqualTo(3));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Another_number_of_outputs_than_the_loss_trains_is_refused(bool lora)
    {
        using var folder = new TempFolder();
        using (var model = RewardModel.Create(new() { Folder = Base, Lora = lora ? new() { Rank = 1 } : null }, Two, 1))
            model.Save(folder["odin"], PairEncoder.Create(new() { Folder = Base }));
        var spec = new ModelSpec { Folder = folder["odin"] };

        Assert.Multiple(() =>
        {
            foreach (var (asked, words) in new[] { (1, "one reward output"), (3, "3 reward outputs") })
                Assert.That(() => RewardModel.Create(spec, new(Outputs: asked), 1), Throws.TypeOf<RewardKitException>()
                    .With.Message.Contains($"this model has 2 reward outputs, and the loss trains {words}").And.Message.Contains(folder["odin"]).And.Property("ExitCode").EqualTo(2));
            Assert.That(() => RewardModel.Create(new() { Folder = Base, LabelTokens = new(4, 6) }, Two, 1), Throws.TypeOf<RewardKitException>().With.Message.Contains("label tokens"));
            Assert.That(() => Model(new(ZeroInit: true, Norm: HeadNorm.Unit)), Throws.ArgumentException);
            Assert.That(() => Model(new(Outputs: 0)), Throws.InstanceOf<ArgumentException>());
        });
    }

    [Test]
    public void An_adapter_has_all_outputs_of_its_own()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var encoder = PairEncoder.Create(new() { Folder = Base });
        using var model = RewardModel.Create(new() { Folder = Base, Lora = new() { Rank = 2 } }, Two, 1);
        using (no_grad())
            foreach (var (name, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad)) RandomWeights.Uniform(parameter, 0.5, 3, name);
        var before = Numbers(Forward(model, All).HeadRewards!);
        Forward(model, All).HeadRewards!.sum().backward();
        foreach (var head in (string[])["adapter_score.default.weight", "adapter_extra_scores.default.weight"])
            Assert.That(Numbers(model.get_parameter(head)!.grad!).Max(MathF.Abs), Is.GreaterThan(0), head);

        model.Save(folder["adapter"], encoder);
        using var loaded = RewardModel.Load(folder["adapter"]);
        using var further = RewardModel.Create(new() { Folder = folder["adapter"] }, Two, 5);
        using var language = CausalModel.Create(new() { Folder = folder["adapter"] }, 5);
        ModelTools.MergeAdapter(folder["adapter"], folder["merged"], null, new());
        using var merged = RewardModel.Load(folder["merged"]);
        using var reader = SafetensorsReader.Open(Path.Combine(folder["adapter"], "adapter_model.safetensors"));

        Assert.Multiple(() =>
        {
            Assert.That(Numbers(Forward(loaded, All).HeadRewards!), Is.EqualTo(before));
            Assert.That(Numbers(Forward(further, All).HeadRewards!), Is.EqualTo(before).Within(1e-6));
            Assert.That(Numbers(Forward(merged, All).HeadRewards!), Is.EqualTo(before).Within(1e-5));
            Assert.That(reader.Find("base_model.model.extra_scores.weight")!.Shape, Is.EqualTo((long[])[1, 8]));
            Assert.That(ModelSummary.Of(folder["adapter"]).RewardHead, Does.Contain("base_model.model.extra_scores.weight [1, 8]"));
            using (model.DisableAdapters()) Assert.That(Numbers(Forward(model, All).HeadRewards!), Is.Not.EqualTo(before).Within(1e-3));
        });
    }

    private static RewardModel Model(RewardHead head) => RewardModel.Create(new() { Folder = Base }, head, 1);

    private static ModelOutput Forward(RewardModel model, ForwardNeeds needs) => model.Forward(new PackedBatch(Items), needs);

    private static void Set(RewardModel model, string name, params float[] values)
    {
        using var _ = no_grad();
        model.get_parameter(name)!.copy_(tensor(values).unsqueeze(0));
    }

    private static float[] Numbers(Tensor tensor) => [.. tensor.detach().to(ScalarType.Float32).contiguous().data<float>()];

    private static float[][] Rows(Tensor matrix) => [.. Numbers(matrix).Chunk((int)matrix.shape[1])];

    private sealed class SameNumbers : IEqualityComparer<float[]>
    {
        public bool Equals(float[]? one, float[]? other) => one!.SequenceEqual(other!);

        public int GetHashCode(float[] numbers) => numbers.Length;
    }
}
