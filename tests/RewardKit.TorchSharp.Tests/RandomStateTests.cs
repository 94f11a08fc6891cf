using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

/// <summary>The state of the processor's random numbers.</summary>
public class RandomStateTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    private static float[] Draw() => [.. rand(5).Floats(), .. randn(20).Floats(), .. bernoulli(full(5, 0.5)).Floats()];

    [Test]
    public void The_numbers_are_PyTorchs()
    {
        // torch.manual_seed(0); torch.rand(3) in any PyTorch.
        manual_seed(0);
        Assert.That(rand(3).Floats(), Is.EqualTo(new[] { 0.4963f, 0.7682f, 0.0885f }).Within(5e-5));
    }

    [Test]
    public void A_state_can_be_kept_and_taken_up_again()
    {
        manual_seed(1);
        rand(3);
        var state = get_rng_state();
        var first = Draw();
        set_rng_state(state);
        Assert.That(Draw(), Is.EqualTo(first));
    }

    [Test]
    public void A_generator_of_its_own_leaves_the_default_one_alone()
    {
        manual_seed(3);
        var expected = Draw();
        manual_seed(3);
        using var own = new torch.Generator(11);
        var drawn = randperm(10, generator: own).Longs();
        Assert.That(Draw(), Is.EqualTo(expected));
        own.manual_seed(11);
        Assert.That(randperm(10, generator: own).Longs(), Is.EqualTo(drawn));
        Assert.That(drawn, Is.EquivalentTo(Enumerable.Range(0, 10)));
    }

    [Test]
    public void A_state_that_is_none_and_a_disposed_generator_are_refused()
    {
        Assert.That(() => set_rng_state(zeros(3, ScalarType.Byte)), Throws.InstanceOf<ExternalException>().With.Message.Contains("generator"));
        Assert.That(() => set_rng_state(zeros(3)), Throws.InstanceOf<ExternalException>().With.Message.Contains("generator"));
        var gone = new torch.Generator(1);
        gone.Dispose();
        Assert.That(() => gone.manual_seed(1), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => randperm(3, generator: gone), Throws.InstanceOf<ObjectDisposedException>());
    }
}
