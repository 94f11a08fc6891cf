using RewardKit.Conformance;
using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.Tests.Decoding;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Plugins.DogeRm.Tests;

public sealed class DogeRmConformance : MergerConformance
{
    protected override IWeightMerger Create() => new DogeRmMerger(new());
}

public sealed class DogeRmTests
{
    private const string Embeddings = "model.embed_tokens.weight", Layer = "model.layers.0.weight", Head = "score.weight", LanguageHead = "lm_head.weight";
    private static readonly DogeRmMerger Doge = new(new());

    private static Given Reward => new("reward", ["a", "b", "c"],
        (Embeddings, WeightRole.Embedding, [[1, 2], [0, -1], [4, 4]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]]), (Head, WeightRole.RewardHead, [[0.5, -0.25]]));

    private static Given Domain => new("domain", ["a", "b", "d"],
        (Embeddings, WeightRole.Embedding, [[3, 0], [1, 1], [-2, 5]]), (Layer, WeightRole.Body, [[0.6, 0], [-1, 0.3]]), (LanguageHead, WeightRole.LanguageHead, [[9, 9], [9, 9], [9, 9]]));

    // λ = 0.35. Each token's embeddings, the layer, and the reward of the token a as head · (W e_a).
    [Test]
    public void Worked_example()
    {
        var merged = Merge(Reward, Domain, 0.35);
        Assert.Multiple(() =>
        {
            Assert.That(merged.NewTokens, Is.EqualTo(new[] { "d" }));
            Assert.That(merged[Embeddings], Is.EqualTo((double[])[1.7, 1.3, 0.35, -0.3, 4, 4, -2, 5]).Within(1e-6));
            Assert.That(merged[Layer], Is.EqualTo((double[])[0.34, -0.26, 0.3, 0.43]).Within(1e-6));
            Assert.That(merged[Head], Is.EqualTo((double[])[0.5, -0.25]));
            Assert.That(merged.Names, Does.Not.Contain(LanguageHead));
            Assert.That(Hidden(merged), Is.EqualTo((double[])[0.24, 1.069]).Within(1e-6));
            Assert.That(RewardOf(merged), Is.EqualTo(-0.147250).Within(1e-6));
            Assert.That(RewardOf(Merge(Reward, Domain, 0)), Is.EqualTo(-0.8).Within(1e-6));
        });

        static double[] Hidden(Merged of) => [of[Layer][0] * of[Embeddings][0] + of[Layer][1] * of[Embeddings][1], of[Layer][2] * of[Embeddings][0] + of[Layer][3] * of[Embeddings][1]];

        static double RewardOf(Merged of) => Hidden(of).Zip(of[Head], (h, w) => h * w).Sum();
    }

    [Test]
    public void It_is_linear_between_its_ends_and_at_either_end_a_private_token_keeps_its_embedding()
    {
        var (none, all) = (Merge(Reward, Domain, 0), Merge(Reward, Domain, 1));
        Assert.Multiple(() =>
        {
            Assert.That(none[Layer], Is.EqualTo(Reward[Layer]));
            Assert.That(none[Embeddings], Is.EqualTo((double[])[1, 2, 0, -1, 4, 4, -2, 5]));
            Assert.That(all[Layer], Is.EqualTo(Domain[Layer]));
            Assert.That(all[Embeddings], Is.EqualTo((double[])[3, 0, 1, 1, 4, 4, -2, 5]));
            Assert.That(all[Head], Is.EqualTo(Reward[Head]));
        });
        foreach (var λ in new[] { 0.05, 0.5, 0.9 })
            foreach (var name in new[] { Embeddings, Layer })
                Assert.That(Merge(Reward, Domain, λ)[name], Is.EqualTo(none[name].Zip(all[name], (a, b) => (1 - λ) * a + λ * b)).Within(1e-6), $"{name} at {λ}");
    }

    [Test]
    public void A_domain_model_with_the_reward_models_body_changes_nothing_whatever_its_head()
    {
        var same = new Given("same", Reward.Tokens, (Embeddings, WeightRole.Embedding, [[1, 2], [0, -1], [4, 4]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]]),
            (LanguageHead, WeightRole.LanguageHead, [[7, 7], [7, 7], [7, 7]]));
        foreach (var λ in new[] { 0, 0.3, 1 })
            foreach (var name in new[] { Embeddings, Layer, Head })
                Assert.That(Merge(Reward, same, λ)[name], Is.EqualTo(Reward[name]).Within(1e-6), $"{name} at {λ}");
    }

    [Test]
    public void Where_a_token_stands_in_either_vocabulary_does_not_matter()
    {
        var moved = new Given("moved", ["d", "a", "b"], (Embeddings, WeightRole.Embedding, [[-2, 5], [3, 0], [1, 1]]), (Layer, WeightRole.Body, [[0.6, 0], [-1, 0.3]]));
        Assert.That(Merge(Reward, moved, 0.35)[Embeddings], Is.EqualTo(Merge(Reward, Domain, 0.35)[Embeddings]));

        var turned = new Given("turned", ["c", "a", "b"], (Embeddings, WeightRole.Embedding, [[4, 4], [1, 2], [0, -1]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]]), (Head, WeightRole.RewardHead, [[0.5, -0.25]]));
        Assert.That(Merge(turned, Domain, 0.35)[Embeddings], Is.EqualTo((double[])[4, 4, 1.7, 1.3, 0.35, -0.3, -2, 5]).Within(1e-6));
    }

    [Test]
    public void Rows_that_no_token_has_stay_and_new_tokens_take_them()
    {
        var padded = new Given("padded", ["a", "b", "c"],
            (Embeddings, WeightRole.Embedding, [[1, 2], [0, -1], [4, 4], [8, 8], [9, 9]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]]), (Head, WeightRole.RewardHead, [[0.5, -0.25]]));
        Assert.That(Merge(padded, Domain, 0.35)[Embeddings], Is.EqualTo((double[])[1.7, 1.3, 0.35, -0.3, 4, 4, -2, 5, 9, 9]).Within(1e-6));
    }

    [Test]
    public void A_language_model_head_beside_the_reward_head_stays_too()
    {
        var hybrid = new Given("hybrid", ["a", "b", "d"], (Embeddings, WeightRole.Embedding, [[1, 2], [0, -1], [4, 4]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]]),
            (LanguageHead, WeightRole.LanguageHead, [[1, 2], [3, 4], [5, 6]]), (Head, WeightRole.RewardHead, [[0.5, -0.25]]));
        Assert.That(Merge(hybrid, Domain, 0.35)[LanguageHead], Is.EqualTo(hybrid[LanguageHead]));
    }

    [Test]
    public void The_released_codes_weights_are_taken_as_they_are()
    {
        using var scope = NewDisposeScope();
        var free = new DogeRmMerger(new() { FreeWeights = true }).Merge([new(Reward, 0.5), new(Domain, 1)]);
        var embeddings = free.Weights.Single(weight => weight.Name == Embeddings);
        Assert.That(Numbers(free.Make(embeddings)), Is.EqualTo((double[])[3.5, 1, 1, 0.5, 4, 4, -2, 5]).Within(1e-6));
    }

    // c is the reward model's alone; d is in two of the three, and weighted as they are among themselves, 2 : 1.
    [Test]
    public void A_token_that_some_models_have_is_theirs_by_their_weights()
    {
        using var scope = NewDisposeScope();
        var third = new Given("third", ["a", "b", "d"], (Embeddings, WeightRole.Embedding, [[2, 2], [2, 2], [1, -1]]), (Layer, WeightRole.Body, [[0, 0], [0, 0]]));
        var merged = Doge.Merge([new(Reward, 0.4), new(Domain, 0.4), new(third, 0.2)]);
        Assert.That(merged.NewTokens, Is.EqualTo(new[] { "d" }));
        Assert.That(Numbers(merged.Make(merged.Weights.Single(weight => weight.Name == Embeddings))), Is.EqualTo((double[])[2, 1.2, 0.8, 0.4, 4, 4, -1, 3]).Within(1e-6));
    }

    [Test]
    public void What_makes_no_sense_is_refused()
    {
        Refused("the weights sum to 1.5, and must sum to 1", new(Reward, 1), new(Domain, 0.5));
        Refused("domain has the weight -0.5", new(Reward, 1.5), new(Domain, -0.5));
        Refused("bare has no tokenizer, and reward has one", new(Reward, 0.5), new(new Given("bare", [], (Embeddings, WeightRole.Embedding, [[1, 2]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]])), 0.5));
        Refused($"{Layer} is [2, 2] in reward and [1, 2] in other", new(Reward, 0.5), new(new Given("other", ["a"], (Embeddings, WeightRole.Embedding, [[1, 2]]), (Layer, WeightRole.Body, [[1, 2]])), 0.5));
        Refused($"other has no {Layer}, and reward has", new(Reward, 0.5), new(new Given("other", ["a"], (Embeddings, WeightRole.Embedding, [[1, 2]])), 0.5));
        var hybrid = new Given("hybrid", ["a", "b", "c"], (Embeddings, WeightRole.Embedding, [[1, 2], [0, -1], [4, 4]]), (Layer, WeightRole.Body, [[0.2, -0.4], [1, 0.5]]),
            (LanguageHead, WeightRole.LanguageHead, [[0, 0], [0, 0], [0, 0]]), (Head, WeightRole.RewardHead, [[0.5, -0.25]]));
        Refused("hybrid has a language-model head, which has no rows for the 1 tokens that only other models have, \"d\" for one", new(hybrid, 0.5), new(Domain, 0.5));

        static void Refused(string message, params MergeMember[] models) =>
            Assert.That(() => Doge.Merge(models), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
    }

    [Test]
    public void A_merged_folder_scores_and_knows_the_new_tokens()
    {
        var folder = Directory.CreateTempSubdirectory("rewardkit-doge-").FullName;
        try
        {
            using (var reward = SmallModels.Reward(3)) reward.Save(Path.Combine(folder, "reward"), PairEncoder.Create(new() { Folder = SmallModels.Folder }));
            Save(SmallModels.Random(5), Path.Combine(folder, "plain"));
            Save(SmallModels.Random(5), Path.Combine(folder, "domain"));
            GrowByOneToken(Path.Combine(folder, "domain"));
            foreach (var (name, λ) in new[] { ("none", 0), ("half", 0.5) })
                ModelTools.Merge(Doge, [(Path.Combine(folder, "reward"), 1 - λ), (Path.Combine(folder, "domain"), λ)], Path.Combine(folder, name), new());
            ModelTools.Merge(Doge, [(Path.Combine(folder, "reward"), 0.5), (Path.Combine(folder, "plain"), 0.5)], Path.Combine(folder, "same-tokens"), new());
            using (var half = RewardModel.Load(Path.Combine(folder, "half"), CPU)) half.Save(Path.Combine(folder, "again"), PairEncoder.Create(new() { Folder = Path.Combine(folder, "half") }));
            Assert.Multiple(() =>
            {
                Assert.That(Score("none"), Is.EqualTo(Score("reward")), "λ = 0 is the reward model, bit for bit");
                Assert.That(Score("again"), Is.EqualTo(Score("half")), "saved and loaded once more");
                Assert.That(Score("half"), Is.Not.EqualTo(Score("reward")).Within(1e-3));
                Assert.That(Score("half"), Is.EqualTo(Score("same-tokens")).Within(1e-6), "a token that the text has not changes nothing");
                Assert.That(Tokenizer.Load(Path.Combine(folder, "half")).Encode("a<domain>b"), Does.Contain(512));
                Assert.That(ModelConfig.Load(Path.Combine(folder, "half")).VocabSize, Is.EqualTo(513));
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        double Score(string name)
        {
            using var scope = NewDisposeScope();
            var spec = new ModelSpec { Folder = Path.Combine(folder, name) };
            using var model = RewardModel.Load(spec.Folder!, CPU);
            return new Scorer(name, model, PairEncoder.Create(spec)).Score([new(Conversation.User("Once upon"), Conversation.Assistant("a time."))])[0];
        }

        static void Save(Models.Generation.LanguageModel model, string to)
        {
            using (model) model.Model.Save(to, model.Encoder);
        }

        static void GrowByOneToken(string model)
        {
            using var weights = NamedWeights.Open(model);
            var grown = weights.ToWrite().Select(weight => weight.Shape[0] != 512 || weight.Shape.Count != 2 ? weight
                : weight with { Shape = [513, weight.Shape[1]], Make = () => cat([weights.Read(weight.Name), ones([1, weight.Shape[1]]).to_type(weight.Type)]) });
            NamedWeights.Write(model + "-grown", model, grown, null, ["<domain>"]);
            weights.Dispose();
            Directory.Delete(model, recursive: true);
            Directory.Move(model + "-grown", model);
        }
    }

    private static Merged Merge(Given reward, Given domain, double λ)
    {
        using var scope = NewDisposeScope();
        var result = Doge.Merge([new(reward, 1 - λ), new(domain, λ)]);
        return new(result.Weights.ToDictionary(weight => weight.Name, weight =>
        {
            var made = result.Make(weight);
            Assert.That(made.shape, Is.EqualTo(weight.Shape), weight.Name);
            return Numbers(made);
        }), result.NewTokens);
    }

    private static double[] Numbers(Tensor values) => values.to_type(ScalarType.Float64).contiguous().data<double>().ToArray();

    /// <summary>What came of a merge.</summary>
    private sealed record Merged(Dictionary<string, double[]> Values, IReadOnlyList<string> NewTokens)
    {
        public double[] this[string name] => Values[name];

        public IEnumerable<string> Names => Values.Keys;
    }

    /// <summary>A model in memory: rows of numbers by name.</summary>
    private sealed class Given(string name, IReadOnlyList<string> tokens, params (string Name, WeightRole Role, double[][] Rows)[] tensors) : IModelWeights
    {
        public string Name => name;

        public IReadOnlyList<ModelWeight> Weights { get; } =
            [.. tensors.Select(t => new ModelWeight(t.Name, [t.Rows.Length, t.Rows[0].Length], ScalarType.Float32, t.Role))];

        public IReadOnlyList<string> Tokens => tokens;

        public double[] this[string tensor] => [.. tensors.Single(t => t.Name == tensor).Rows.SelectMany(row => row).Select(value => (double)(float)value)];

        public Tensor Read(string tensor)
        {
            var rows = tensors.Single(t => t.Name == tensor).Rows;
            return torch.tensor([.. rows.SelectMany(row => row).Select(value => (float)value)], [rows.Length, rows[0].Length]);
        }
    }
}
