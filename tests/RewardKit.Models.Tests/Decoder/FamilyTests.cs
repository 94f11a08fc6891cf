using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Decoder;

/// <summary>Every family, by small models with random weights and an independent computation of the same.</summary>
public class FamilyTests
{
    private static readonly int[] Ids = [3, 17, 5, 5, 0, 22, 11, 8, 19, 2, 14];

    private const ForwardNeeds All = ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs | ForwardNeeds.Features;

    public static string[] Names => TinyModels.Names;

    [TestCaseSource(nameof(Names))]
    public void Logits_agree_with_plain_loops_in_float64(string name)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var folder = Tiny(name);
        using var model = CausalModel.Create(new() { Folder = folder.Path }, 0);
        using var batch = new PackedBatch([new(Ids[..4], [Ids[4..], Ids[6..]]), new(Ids, [[]])]);

        var logits = Rows(model.Logits(batch));

        var plain = new PlainModel(folder.Path);
        // The text in two pieces, then a second response of the same prompt, then the text in one piece.
        var expected = plain.Run(Ids).Logits.Concat(plain.Run([.. Ids[..4], .. Ids[6..]]).Logits[4..]).Concat(plain.Run(Ids).Logits).ToArray();
        Assert.That(logits.SelectMany(row => row), Is.EqualTo(expected.SelectMany(row => row)).Within(1e-4));
    }

    [TestCaseSource(nameof(Names))]
    public void Rewards_and_log_probabilities_agree_with_plain_loops(string name)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var folder = Tiny(name);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(Bias: true), 4);
        using var batch = new PackedBatch([new(Ids[..4], [Ids[4..], []])]);

        var output = model.Forward(batch, All);

        var (logits, hidden) = new PlainModel(folder.Path).Run(Ids);
        var score = model.get_parameter("score.weight")!.data<float>().ToArray();
        double Reward(int row) => hidden[row].Zip(score, (x, w) => x * w).Sum();
        var logProb = Enumerable.Range(3, Ids.Length - 4).Sum(t => logits[t][Ids[t + 1]] - Math.Log(logits[t].Sum(Math.Exp)));
        Assert.Multiple(() =>
        {
            Assert.That(Numbers(output.Rewards!), Is.EqualTo((double[])[Reward(Ids.Length - 1), Reward(3)]).Within(1e-5));
            Assert.That(Numbers(output.ResponseLogProbs!), Is.EqualTo((double[])[logProb, 0]).Within(1e-4));
        });
    }

    [TestCaseSource(nameof(Names))]
    public void A_text_scores_alike_in_any_company(string name)
    {
        using var folder = Tiny(name);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        PackedItem other = new([1, 2, 3, 4, 5, 6, 7, 8], [[9], [10, 11, 12, 13, 14, 15]]);
        PackedItem text = new(Ids[..5], [Ids[5..]]);

        var alone = Run(model, text);
        var first = Run(model, text, other);
        var last = Run(model, other, other, text);
        var beside = Run(model, new PackedItem(Ids[..5], [[7, 7, 7, 7], Ids[5..]]));
        var joint = Run(model, new PackedItem(Ids, [[]]));

        Assert.Multiple(() =>
        {
            foreach (var reward in (double[])[first.Rewards[0], last.Rewards[^1], beside.Rewards[1], joint.Rewards[0]])
                Assert.That(reward, Is.EqualTo(alone.Rewards[0]).Within(1e-5));
            foreach (var logProb in (double[])[first.LogProbs[0], last.LogProbs[^1], beside.LogProbs[1]])
                Assert.That(logProb, Is.EqualTo(alone.LogProbs[0]).Within(2e-5));
        });
    }

    [TestCaseSource(nameof(Names))]
    public void Gradients_agree_with_differences(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = Tiny(name);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(Bias: true), 4).to(ScalarType.Float64);
        using var batch = new PackedBatch([new(Ids[..4], [Ids[4..], [1, 2]])]);
        Tensor Value() => model.Forward(batch, ForwardNeeds.Rewards).Rewards!.sum();

        Value().backward();

        Assert.Multiple(() =>
        {
            foreach (var (parameter, gradient) in model.named_parameters().Where(p => !p.name.StartsWith("lm_head")).Select(p => (p, p.parameter.grad!)))
            {
                using var inner = NewDisposeScope();
                using var _ = no_grad();
                var at = gradient.abs().view(-1).argmax().item<long>();
                var element = parameter.parameter.detach().view(-1)[at];
                var value = element.item<double>();
                const double step = 1e-5;
                element.fill_(value + step);
                var above = Value().item<double>();
                element.fill_(value - step);
                var below = Value().item<double>();
                element.fill_(value);
                var slope = gradient.view(-1)[at].item<double>();
                Assert.That((above - below) / (2 * step), Is.EqualTo(slope).Within(1e-6 + 1e-4 * Math.Abs(slope)), parameter.name);
            }
        });
    }

    // The chunked or fused way of the log-probabilities against the plain one by the logits.
    [TestCaseSource(nameof(Names))]
    public void Gradients_of_log_probabilities_agree_with_those_through_the_logits(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = Tiny(name);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        using var batch = new PackedBatch([new(Ids[..4], [Ids[4..]])]);
        Dictionary<string, double[]> Gradients(Tensor value)
        {
            value.backward();
            var gradients = model.named_parameters().Where(p => !p.name.StartsWith("score.")).ToDictionary(p => p.name, p => Numbers(p.parameter.grad!));
            foreach (var parameter in model.parameters()) parameter.grad = null;
            return gradients;
        }

        var actual = Gradients(model.Forward(batch, ForwardNeeds.ResponseLogProbs).ResponseLogProbs!.sum());
        var logProbs = model.Logits(batch).log_softmax(-1).index_select(0, batch.PredictFrom).gather(1, batch.Targets.unsqueeze(1));
        var expected = Gradients(logProbs.sum());

        Assert.Multiple(() =>
        {
            foreach (var (parameter, gradient) in expected)
                Assert.That(actual[parameter], Is.EqualTo(gradient).Within(1e-4 * gradient.Max(Math.Abs)), parameter);
        });
    }

    [TestCaseSource(nameof(Names))]
    public void A_saved_model_gives_the_same_bits(string name)
    {
        using var folder = Tiny(name);
        var encoder = Encoder(folder);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        var items = new PackedItem(Ids[..5], [Ids[5..], [1]]);

        model.Save(folder["saved"], encoder);
        using var loaded = RewardModel.Load(folder["saved"]);

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["saved"], "config.json")))!;
        Assert.Multiple(() =>
        {
            Assert.That(Run(loaded, items), Is.EqualTo(Run(model, items)));
            Assert.That((string)config["architectures"]![0]!, Is.EqualTo(TinyModels.Class(name.Split('-')[0]) + "ForSequenceClassification"));
        });
    }

    [TestCaseSource(nameof(Names))]
    public void A_training_step_leaves_no_tensor_alive(string name)
    {
        using var folder = Tiny(name);
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        Step();
        var before = LiveTensors.Count;

        Step();

        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Step()
        {
            using var scope = NewDisposeScope();
            using var batch = new PackedBatch([new(Ids[..5], [Ids[5..]])]);
            var output = model.Forward(batch, All);
            (output.Rewards!.sum() + output.ResponseLogProbs!.sum()).backward();
            foreach (var parameter in model.parameters()) parameter.grad = null;
        }
    }

    // Eight bits of each number: within a few per cent of the spread of float32's values.
    [TestCaseSource(nameof(Names))]
    public void Bfloat16_weights_give_nearly_the_same(string name)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var folder = Tiny(name);
        using var exact = CausalModel.Create(new() { Folder = folder.Path }, 0);
        using var rounded = CausalModel.Create(new() { Folder = folder.Path, Dtype = "bfloat16" }, 0);
        using var batch = new PackedBatch([new(Ids, [[]])]);

        var (expected, actual) = (exact.Logits(batch), rounded.Logits(batch));

        Assert.That((rounded.Type, actual.dtype), Is.EqualTo((ScalarType.BFloat16, ScalarType.BFloat16)));
        Assert.That((actual - expected).pow(2).mean().sqrt().item<float>(), Is.LessThan(0.08 * expected.std().item<float>()));
    }

    [Test]
    public void Windows_caps_and_biases_matter()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        foreach (var (name, key, value) in new (string, string, JsonNode?)[]
        {
            ("mistral", "sliding_window", null), ("qwen2-windows", "use_sliding_window", false), ("gemma2", "attn_logit_softcapping", null),
            ("gemma2", "final_logit_softcapping", null), ("gemma2", "sliding_window", 64), ("gemma2", "query_pre_attn_scalar", 4),
            ("phi", "partial_rotary_factor", 1.0), ("llama-linear", "rope_scaling", null), ("llama", "rope_scaling", null),
        })
        {
            using var folder = Tiny(name);
            using var batch = new PackedBatch([new(Ids, [[]])]);
            using var model = CausalModel.Create(new() { Folder = folder.Path }, 0);
            var config = TinyModels.Config(name);
            config[key] = value;
            folder.Write("config.json", config.ToJsonString());
            using var without = CausalModel.Create(new() { Folder = folder.Path }, 0);

            Assert.That((model.Logits(batch) - without.Logits(batch)).abs().max().item<float>(), Is.GreaterThan(1e-2), $"{name} {key}");
        }
    }

    private static TempFolder Tiny(string name)
    {
        var folder = new TempFolder();
        TinyModels.Write(folder, name);
        return folder;
    }

    private static PairEncoder Encoder(TempFolder folder)
    {
        File.Copy(Files.Data("models/tiny_llama_with_tokenizer/tokenizer.json"), folder["tokenizer.json"]);
        return PairEncoder.Create(new() { Folder = folder.Path });
    }

    private static (double[] Rewards, double[] LogProbs) Run(RewardModel model, params PackedItem[] items)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch(items);
        var output = model.Forward(batch, All);
        return (Numbers(output.Rewards!), Numbers(output.ResponseLogProbs!));
    }

    private static double[] Numbers(Tensor tensor) => tensor.to(ScalarType.Float64).data<double>().ToArray();

    private static double[][] Rows(Tensor tensor) => [.. Numbers(tensor).Chunk((int)tensor.size(1))];
}
