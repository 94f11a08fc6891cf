using RewardKit;
using TorchSharp;

namespace Acme.Namespace.Tests;

public sealed class MyMethodMergerTests
{
    // Weights 3 and 1: (3·1 + 1·5) / 4 = 2 and (3·2 + 1·10) / 4 = 4.
    [Test]
    public void Two_models_by_hand()
    {
        using var scope = torch.NewDisposeScope();
        var merged = new MyMethodMerger(new()).Merge([new(new Model("one", 1, 2), 3), new(new Model("two", 5, 10), 1)]);
        Assert.That(merged.Make(merged.Weights[0]).data<float>().ToArray(), Is.EqualTo(new[] { 2f, 4f }));
    }

    [Test]
    public void Models_of_different_shapes_are_refused_by_the_tensors_name()
    {
        MergeMember[] models = [new(new Model("one", 1, 2), 1), new(new Model("two", 1, 2, 3), 1)];
        var refused = Assert.Throws<RewardKitException>(() => new MyMethodMerger(new()).Merge(models));
        Assert.That(refused!.Message, Does.Contain("norm.weight").And.Contain("[2]").And.Contain("[3]"));
    }

    private sealed class Model(string name, params float[] values) : IModelWeights
    {
        public string Name => name;

        public IReadOnlyList<ModelWeight> Weights => [new("norm.weight", [values.Length], torch.float32, WeightRole.Body)];

        public IReadOnlyList<string> Tokens => [];

        public torch.Tensor Read(string weight) => torch.tensor(values);
    }
}
