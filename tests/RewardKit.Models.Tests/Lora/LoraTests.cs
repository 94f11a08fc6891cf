using RewardKit.Models.Tests.Decoder;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Lora;

/// <summary>Adapters on live models.</summary>
public class LoraTests
{
    private static readonly PackedItem[] Items = [new([3, 17, 5], [[5, 0, 22], [11]]), new([8, 19, 2, 14], [[1]])];

    private static readonly LoraOptions Small = new() { Rank = 2, Alpha = 6 };

    public static string[] Families => TinyModels.Names;

    private static TempFolder Tiny(string name)
    {
        var folder = new TempFolder();
        TinyModels.Write(folder, name);
        return folder;
    }

    private static RewardModel Open(TempFolder folder, string? dtype = null, LoraOptions? lora = null, int seed = 4) =>
        RewardModel.Create(new() { Folder = folder.Path, Dtype = dtype, Lora = lora }, new(Bias: true), seed);

    /// <summary>B is zero at first; this makes it a trained adapter's.</summary>
    private static void Train(RewardModel model, int seed)
    {
        using var _ = no_grad();
        foreach (var (name, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad))
            if (!name.EndsWith(".A", StringComparison.Ordinal)) RandomWeights.Uniform(parameter, 0.3, seed, name);
    }

    private static (float[] Rewards, float[] LogProbs) Run(RewardModel model)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch(Items);
        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        return (Numbers(output.Rewards!), Numbers(output.ResponseLogProbs!));
    }

    private static float[] Numbers(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to_type(ScalarType.Float32).flatten().data<float>().ToArray();
    }

    private static Dictionary<string, float[]> Weights(RewardModel model) =>
        model.named_parameters().Where(p => !p.name.Contains(".lora.") && !p.name.StartsWith("adapter_score", StringComparison.Ordinal))
            .ToDictionary(p => p.name, p => Numbers(p.parameter));

    // A = (0.5, −1), B = (1, 2)ᵀ, alpha 2, rank 1: with W = diag(1, −1) and x = (3, 1), W x = (3, −1), A x = 0.5, and
    // 2 · B · 0.5 = (1, 2) comes on top.
    [Test]
    public void One_layer_by_hand()
    {
        using var scope = NewDisposeScope();
        using var layer = new LoraLayer(
            nn.Parameter(tensor((float[])[0.5f, -1], [1, 2])), nn.Parameter(tensor((float[])[1, 2], [2, 1])), new() { Rank = 1, Alpha = 2 });
        var x = tensor((float[])[3, 1], [1, 2]);

        Assert.That(Numbers(layer.Add(tensor((float[])[3, -1], [1, 2]), x)), Is.EqualTo((float[])[4, 1]));
        Assert.That(Numbers(layer.Change()), Is.EqualTo((float[])[1, -2, 2, -4]));
        layer.Add(zeros(1, 2), x).sum().backward();
        Assert.That(Numbers(layer.B.grad!), Is.EqualTo((float[])[1, 1]), "2 · A x");
        Assert.That(Numbers(layer.A.grad!), Is.EqualTo((float[])[18, 6]), "2 · (1 + 2) · x");
    }

    [TestCase(false, 2)]
    [TestCase(true, 4)]
    public void The_scale_is_alpha_over_the_rank_or_its_root(bool stabilized, double scale) =>
        Assert.That(new LoraOptions { Rank = 4, Alpha = 8, RankStabilized = stabilized }.Scale, Is.EqualTo(scale));

    [Test]
    public void A_fresh_adapter_changes_nothing_and_trains_nothing_but_itself_and_the_head()
    {
        using var folder = Tiny("llama");
        using var plain = Open(folder);
        using var adapted = Open(folder, lora: Small with { Targets = ["q_proj", "layers.1.mlp.up_proj"] });

        Assert.That(Run(adapted), Is.EqualTo(Run(plain)));
        Assert.That(adapted.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.name), Is.EquivalentTo((string[])
        [
            .. Enumerable.Range(0, 3).SelectMany(i => (string[])[$"model.layers.{i}.self_attn.q_proj.lora.default.A", $"model.layers.{i}.self_attn.q_proj.lora.default.B"]),
            "model.layers.1.mlp.up_proj.lora.default.A", "model.layers.1.mlp.up_proj.lora.default.B",
            "adapter_score.default.weight", "adapter_score.default.bias",
        ]));
    }

    // PEFT starts A by Kaiming's rule with a = √5: uniform in ±1/√inputs, of variance 1/(3 · inputs).
    [Test]
    public void Factors_start_as_PEFT_starts_them_and_depend_on_the_seed_alone()
    {
        using var folder = Tiny("llama");
        var wide = Small with { Rank = 500 };
        using var first = Open(folder, lora: wide);
        using var again = Open(folder, lora: wide);
        using var other = Open(folder, lora: wide, seed: 5);
        float[] A(RewardModel model, string layer) => Numbers(model.get_parameter($"model.layers.0.{layer}.lora.default.A")!);
        var a = A(first, "self_attn.q_proj");

        Assert.That(a, Is.All.InRange(-1 / Math.Sqrt(12), 1 / Math.Sqrt(12)));
        Assert.That(a.Average(x => x * x), Is.EqualTo(1.0 / 36).Within(0.002));
        Assert.That(A(again, "self_attn.q_proj"), Is.EqualTo(a));
        Assert.That(A(other, "self_attn.q_proj"), Is.Not.EqualTo(a));
        Assert.That(A(first, "self_attn.k_proj"), Is.Not.EqualTo(a));
        Assert.That(Numbers(first.get_parameter("model.layers.0.self_attn.q_proj.lora.default.B")!), Is.All.Zero);
    }

    [TestCaseSource(nameof(Families))]
    public void Off_is_the_base_to_the_last_bit_and_merging_gives_the_same_scores_and_leads_back(string name)
    {
        using var folder = Tiny(name);
        using var plain = Open(folder);
        using var model = Open(folder, lora: Small);
        var weights = Weights(model);
        Train(model, 1);
        var (start, adapted) = (Run(plain), Run(model));
        Assert.That(adapted.Rewards, Is.Not.EqualTo(start.Rewards).Within(0.01));
        Assert.That(adapted.LogProbs, Is.Not.EqualTo(start.LogProbs).Within(0.01));

        using (model.DisableAdapters()) Assert.That(Run(model), Is.EqualTo(start));
        Assert.That(Run(model), Is.EqualTo(adapted));

        model.Adapters.Merge();
        var merged = Run(model);
        Assert.That(merged.Rewards, Is.EqualTo(adapted.Rewards).Within(1e-5));
        Assert.That(merged.LogProbs, Is.EqualTo(adapted.LogProbs).Within(1e-4));
        model.Adapters.Unmerge();
        Assert.That(Weights(model), Is.EqualTo(weights));
        Assert.That(Run(model), Is.EqualTo(adapted));
    }

    [Test]
    public void A_base_of_a_narrow_type_keeps_it_and_comes_back_from_merging()
    {
        using var folder = Tiny("llama");
        using var model = Open(folder, "bfloat16", Small);
        var weights = Weights(model);
        Train(model, 1);
        var adapted = Run(model);

        Assert.That(model.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.parameter.dtype), Is.All.EqualTo(ScalarType.Float32));
        Assert.That(model.get_parameter("model.layers.0.self_attn.q_proj.weight")!.dtype, Is.EqualTo(ScalarType.BFloat16));
        model.Adapters.Merge();
        Assert.That(Run(model).Rewards, Is.EqualTo(adapted.Rewards).Within(0.1));
        model.Adapters.Unmerge();
        Assert.That(Weights(model), Is.EqualTo(weights));
        Assert.That(Run(model), Is.EqualTo(adapted));
    }

    [Test]
    public void Several_adapters_share_a_base_each_with_its_head()
    {
        using var folder = Tiny("qwen2");
        using var model = Open(folder, lora: Small);
        Train(model, 1);
        var first = Run(model);
        model.Adapters.Add("second", new() { Rank = 3, Targets = ["down_proj"] }, 9);
        Train(model, 2);
        var second = Run(model);

        Assert.That(model.Adapters.Names, Is.EqualTo((string[])["default", "second"]));
        Assert.That(model.Adapters.OptionsOf("second").Rank, Is.EqualTo(3));
        Assert.That(second.Rewards, Is.Not.EqualTo(first.Rewards).Within(1e-3));
        model.Adapters.Use("default");
        Assert.That(Run(model), Is.EqualTo(first));
        Assert.That(model.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.name), Has.All.Contain(".default."));
        model.Adapters.Use("second");
        Assert.That(Run(model), Is.EqualTo(second));
    }

    [TestCase("llama", "down_proj,gate_proj,k_proj,o_proj,q_proj,up_proj,v_proj")]
    [TestCase("phi", "dense,fc1,fc2,k_proj,q_proj,v_proj")]
    public void All_linear_are_all_but_the_output_heads(string name, string expected)
    {
        using var folder = Tiny(name);
        using var model = Open(folder, lora: Small);

        Assert.That(model.Adapters.Targets.Select(LoraOptions.Last).Distinct().Order(StringComparer.Ordinal), Is.EqualTo(expected.Split(',')));
        Assert.That(model.Adapters.Targets, Has.Count.EqualTo(3 * expected.Split(',').Length));
    }

    [Test]
    public void A_pattern_fits_whole_names()
    {
        using var folder = Tiny("llama");
        using var model = Open(folder, lora: Small with { TargetPattern = @".*layers\.[02]\..*\.(q|v)_proj" });

        Assert.That(model.Adapters.Targets, Is.EquivalentTo((string[])
        [
            "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj", "model.layers.2.self_attn.q_proj", "model.layers.2.self_attn.v_proj",
        ]));
    }

    [Test]
    public void What_no_adapter_can_be_is_refused_by_name()
    {
        using var folder = Tiny("llama");
        void Refused(LoraOptions options, params string[] said)
        {
            var error = Assert.Throws<RewardKitException>(() => Open(folder, lora: options))!;
            Assert.That(error.ExitCode, Is.EqualTo(2));
            foreach (var text in said) Assert.That(error.Message, Does.Contain(text));
        }

        Refused(new() { Rank = 0 }, "rank is 0", "at least 1");
        Refused(new() { Alpha = double.NaN }, "alpha is NaN");
        Refused(new() { Dropout = 1 }, "dropout is 1", "below 1");
        Refused(new() { Targets = ["q_proj", "query"] }, "\"query\"", "q_proj, k_proj, v_proj, o_proj");
        Refused(new() { Targets = ["lm_head"] }, "\"lm_head\"", "Output heads are not adapted");
        Refused(new() { Targets = [] }, "no targets");
        Refused(new() { TargetPattern = "q_proj" }, "no linear layer fits the pattern q_proj", "model.layers.0.self_attn.q_proj");
        Refused(new() { TargetPattern = "(" }, "no regular expression");
        Refused(new() { TargetPattern = @"(([a-z0-9_.]+)+)[A-Z]" }, "too long");
        Refused(new() { Targets = ["q_proj"], TargetPattern = ".*" }, "both");
        Assert.That(
            () => RewardModel.Create(new() { Configuration = new() { VocabSize = 9, HiddenSize = 8, IntermediateSize = 8, NumHiddenLayers = 1, NumAttentionHeads = 1, NumKeyValueHeads = 1 }, Lora = new() }, new(), 0),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("random weights"));
    }

    [Test]
    public void The_state_of_adapters_is_guarded()
    {
        using var folder = Tiny("llama");
        using var model = Open(folder);
        Assert.That(() => model.Adapters.Merge(), Throws.TypeOf<RewardKitException>().With.Message.Contains("no adapter in use"));
        using (model.DisableAdapters()) Assert.That(Run(model).Rewards, Is.All.Not.NaN);
        model.Adapters.Add("a", Small, 1);
        Assert.That(() => model.Adapters.Add("a", Small, 1), Throws.TypeOf<RewardKitException>().With.Message.Contains("already"));
        Assert.That(() => model.Adapters.Add("a.b", Small, 1), Throws.TypeOf<RewardKitException>().With.Message.Contains("without dots"));
        Assert.That(() => model.Adapters.Use("b"), Throws.TypeOf<RewardKitException>().With.Message.Contains("the adapters are a"));
        Assert.That(() => model.Adapters.Unmerge(), Throws.TypeOf<RewardKitException>());
        model.Adapters.Merge(keepBase: false);
        foreach (var forbidden in (Action[])[() => model.DisableAdapters(), () => model.Adapters.Merge(), () => model.Adapters.Use("a"), () => model.Adapters.Add("b", Small, 1)])
            Assert.That(forbidden, Throws.TypeOf<RewardKitException>().With.Message.Contains("\"a\" is merged"));
        Assert.That(() => model.Adapters.Unmerge(), Throws.TypeOf<RewardKitException>().With.Message.Contains("without keeping"));
    }

    [Test]
    public void Dropout_acts_in_training_alone_and_follows_the_seed()
    {
        using var folder = Tiny("llama");
        using var model = Open(folder, lora: Small with { Dropout = 0.5 });
        Train(model, 1);
        float[] Seeded(int seed)
        {
            manual_seed(seed);
            return Run(model).Rewards;
        }

        var asked = Seeded(1);
        Assert.That(Seeded(2), Is.EqualTo(asked));
        model.train();
        var trained = Seeded(1);
        Assert.That(trained, Is.Not.EqualTo(asked));
        Assert.That(Seeded(1), Is.EqualTo(trained));
        Assert.That(Seeded(2), Is.Not.EqualTo(trained));
        model.eval();
        Assert.That(Seeded(3), Is.EqualTo(asked));
    }

    [Test]
    public void No_tensor_outlives_its_model_or_its_pass()
    {
        using var folder = Tiny("llama");
        Whole();
        var before = LiveTensors.Count;
        Whole();
        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Whole()
        {
            using var model = Open(folder, lora: Small);
            Run(model);
            var alone = LiveTensors.Count;
            using (model.DisableAdapters()) Run(model);
            Run(model);
            Assert.That(LiveTensors.Count, Is.EqualTo(alone));
            model.Adapters.Merge();
        }
    }
}
