using RewardKit.Conformance;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.Tests.Decoding;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Plugins.RewardedSoups.Tests;

public sealed class RewardedSoupsConformance : MergerConformance
{
    protected override IWeightMerger Create() => new RewardedSoupsMerger(new());
}

public sealed class RewardedSoupsTests
{
    private static readonly RewardedSoupsMerger Soup = new(new());
    private static readonly RewardedSoupsMerger Exact = new(new() { Adapters = AdapterMerge.Deltas });

    // B₁ = (1, 2)ᵀ, A₁ = (0.5, −1); B₂ = (0, 1)ᵀ, A₂ = (2, 1); λ = (0.75, 0.25).
    [Test]
    public void Worked_example()
    {
        using var scope = NewDisposeScope();
        var (b1, a1, b2, a2) = (Matrix(2, 1, 2), Matrix(1, 0.5, -1), Matrix(2, 0, 1), Matrix(1, 2, 1));
        var b = Merged(new("first", ("B", b1)), new("second", ("B", b2)));
        var a = Merged(new("first", ("A", a1)), new("second", ("A", a2)));
        var deltas = Merged(new("first", ("W", b1.matmul(a1))), new("second", ("W", b2.matmul(a2))));
        double[] factors = Numbers(b.matmul(a));
        Assert.Multiple(() =>
        {
            Assert.That(Numbers(deltas), Is.EqualTo((double[])[0.375, -0.75, 1.25, -1.25]).Within(1e-6));
            Assert.That(factors, Is.EqualTo((double[])[0.65625, -0.375, 1.53125, -0.875]).Within(1e-6));
            Assert.That(Numbers(deltas).Zip(factors, (d, f) => d - f), Is.EqualTo((double[])[-0.28125, -0.375, -0.28125, -0.375]).Within(1e-6));
            Assert.That(Numbers(0.1875 * (b1 - b2).matmul(a1 - a2)), Is.EqualTo((double[])[-0.28125, -0.375, -0.28125, -0.375]).Within(1e-6));
        });

        static Tensor Merged(Given first, Given second)
        {
            var result = Soup.Merge([new(first, 0.75), new(second, 0.25)]);
            return result.Make(result.Weights[0]);
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    public void All_weight_on_a_model_is_that_model_and_reads_no_other(int place)
    {
        using var scope = NewDisposeScope();
        Given[] models = [new("first", ("W", Matrix(1, 0.1, 1 / 3.0))), new("second", ("W", Matrix(1, -0.7, 1e-9)))];
        var result = Soup.Merge([.. models.Select((model, i) => new MergeMember(model, i == place ? 1 : 0))]);
        Assert.That(Numbers(result.Make(result.Weights[0])), Is.EqualTo(Numbers(models[place].Read("W"))));
        Assert.That(models[1 - place].Reads, Is.Zero);
    }

    [Test]
    public void What_makes_no_sense_is_refused()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (new Given("first", ("W", Matrix(1, 1, 2))), new Given("second", ("W", Matrix(1, 3, 4))));
        Assert.Multiple(() =>
        {
            Refused("the weights sum to 2, and must sum to 1", new(first, 1), new(second, 1));
            Refused("the weights sum to 0,", new(first, 0), new(second, 0));
            Refused("second has the weight -0.5; expected 0 or more", new(first, 1.5), new(second, -0.5));
            Refused("second has the weight NaN", new(first, 1), new(second, double.NaN));
            Refused("W is [1, 2] in first and [2, 1] in other", new(first, 0.5), new(new Given("other", ("W", Matrix(2, 1, 2))), 0.5));
            Refused("other has no W, and first has", new(first, 0.5), new(new Given("other", ("V", Matrix(1, 1, 2))), 0.5));
            Refused("first has no V, and other has", new(first, 0.5), new(new Given("other", ("W", Matrix(1, 1, 2)), ("V", Matrix(1, 1, 2))), 0.5));
        });
        // Ten tenths are 1 as well as floating-point numbers can say it.
        Assert.That(() => Soup.Merge([.. Enumerable.Repeat(new MergeMember(first, 0.1), 10)]), Throws.Nothing);

        static void Refused(string message, params MergeMember[] models) =>
            Assert.That(() => Soup.Merge(models), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
    }

    [Test]
    public void Factors_of_adapters_make_an_adapter()
    {
        using var folder = new Adapters();
        ModelTools.Merge(Soup, [(folder.Save("one", 1), 0.75), (folder.Save("two", 2), 0.25)], folder["soup"], new());
        ModelTools.Merge(Soup, [(folder["one"], 0), (folder["two"], 1)], folder["second"], new());
        Assert.Multiple(() =>
        {
            foreach (var (name, values) in Factors("soup"))
                Assert.That(values, Is.EqualTo(Factors("one")[name].Zip(Factors("two")[name], (a, b) => 0.75 * a + 0.25 * b)).Within(1e-6), name);
            Assert.That(Factors("second"), Is.EqualTo(Factors("two")));
            Assert.That(Factors("soup"), Has.Count.EqualTo(4 * 5), "A and B of two layers in each of five blocks");
            // It is loaded as any other, and answers.
            Assert.That(Logits(folder["second"]), Is.EqualTo(Logits(folder["two"])));
            Assert.That(Logits(folder["soup"]), Is.Not.EqualTo(Logits(folder["one"])).Within(1e-3));
        });

        Dictionary<string, double[]> Factors(string name)
        {
            using var scope = NewDisposeScope();
            using var reader = Models.Safetensors.SafetensorsReader.Open(Path.Combine(folder[name], "adapter_model.safetensors"));
            return reader.Entries.ToDictionary(entry => entry.Name, entry => Numbers(reader.Read(entry.Name)));
        }
    }

    [Test]
    public void Deltas_of_adapters_make_a_whole_model_of_the_mean_update()
    {
        using var folder = new Adapters();
        ModelTools.Merge(Exact, [(folder.Save("one", 1), 0.75), (folder.Save("two", 2), 0.25)], folder["soup"], new());
        foreach (var name in new[] { "one", "two" }) ModelTools.MergeAdapter(folder[name], folder[name + "-whole"], null, new());
        ModelTools.Merge(Soup, [(folder["one-whole"], 0.75), (folder["two-whole"], 0.25)], folder["whole-soup"], new());
        ModelTools.Merge(Soup, [(folder["one"], 0.75), (folder["two"], 0.25)], folder["factors"], new());
        ModelTools.Merge(Soup, [(folder["one-whole"], 0.75), (folder["two"], 0.25)], folder["mixed"], new());
        using var scope = NewDisposeScope();
        using NamedWeights soup = NamedWeights.Open(folder["soup"]), start = NamedWeights.Open(SmallModels.Folder), one = NamedWeights.Open(folder["one-whole"]), two = NamedWeights.Open(folder["two-whole"]);
        Assert.Multiple(() =>
        {
            foreach (var weight in start.Weights)
            {
                var mean = start.Read(weight.Name) + 0.75 * (one.Read(weight.Name) - start.Read(weight.Name)) + 0.25 * (two.Read(weight.Name) - start.Read(weight.Name));
                Assert.That(Numbers(soup.Read(weight.Name)), Is.EqualTo(Numbers(mean)).Within(1e-6), weight.Name);
            }
            Assert.That(Logits(folder["whole-soup"]), Is.EqualTo(Logits(folder["soup"])), "whole models are interpolated under either option");
            Assert.That(Logits(folder["mixed"]), Is.EqualTo(Logits(folder["soup"])), "an adapter beside a whole model is merged first");
            Assert.That(Logits(folder["factors"]), Is.Not.EqualTo(Logits(folder["soup"])).Within(1e-4), "the update of mean factors is another one");
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName), Has.None.Contains("members").And.None.Contains("tmp"));
        });
    }

    [Test]
    public void Adapters_of_different_forms_have_no_common_factors()
    {
        using var folder = new Adapters();
        var (one, other) = (folder.Save("one", 1), folder.Save("other", 2, new() { Rank = 3, Alpha = 6, Targets = ["q_proj", "down_proj"] }));
        Assert.That(
            () => ModelTools.Merge(Soup, [(one, 0.5), (other, 0.5)], folder["soup"], new()), Throws.TypeOf<RewardKitException>().With.Message.Contains("the rank is 2 and 3. Merge each into its base first"));
        Assert.That(() => ModelTools.Merge(Exact, [(one, 0.5), (other, 0.5)], folder["soup"], new()), Throws.Nothing, "their updates have");
    }

    private static Tensor Matrix(int rows, params double[] values) => tensor([.. values.Select(value => (float)value)], [rows, values.Length / rows]);

    private static double[] Numbers(Tensor values) => values.to_type(ScalarType.Float64).contiguous().data<double>().ToArray();

    private static double[] Logits(string folder)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var model = LanguageModel.Load(folder);
        return Numbers(SmallModels.LogProbs(model, [1, 5, 9, 11]));
    }

    /// <summary>A folder for adapters of stories260K, which goes with the test.</summary>
    private sealed class Adapters : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("rewardkit-soups-").FullName;

        public string this[string name] => System.IO.Path.Combine(Path, name);

        /// <summary>Saves an adapter whose factors are random numbers, and returns its folder.</summary>
        public string Save(string name, int seed, LoraOptions? options = null)
        {
            using var scope = NewDisposeScope();
            var spec = new ModelSpec { Folder = SmallModels.Folder, Lora = options ?? new() { Rank = 2, Alpha = 4, Targets = ["q_proj", "down_proj"] } };
            using var model = CausalModel.Create(spec, seed);
            using (no_grad())
            {
                manual_seed(seed);
                foreach (var (_, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad)) parameter.copy_(randn(parameter.shape) * 0.2);
            }
            model.Save(this[name], PairEncoder.Create(new() { Folder = SmallModels.Folder }));
            return this[name];
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    /// <summary>A model's tensors in memory.</summary>
    private sealed class Given(string name, params (string Name, Tensor Values)[] tensors) : IModelWeights
    {
        public string Name => name;

        public int Reads { get; private set; }

        public IReadOnlyList<ModelWeight> Weights { get; } = [.. tensors.Select(t => new ModelWeight(t.Name, t.Values.shape, t.Values.dtype, WeightRole.Body))];

        public IReadOnlyList<string> Tokens => [];

        public Tensor Read(string tensor)
        {
            Reads++;
            return tensors.Single(t => t.Name == tensor).Values.clone();
        }
    }
}
