using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class BadInputTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void A_failing_operator_is_named_with_its_reason_and_arguments()
    {
        var a = ones(2, 3, device: Device);
        var b = ones(4, 5, dtype: ScalarType.Float64, device: Device);
        var error = Assert.Throws<ExternalException>(() => a.mm(b));
        Assert.That(error!.Message, Does.Contain("aten::mm failed").And.Contain("2x3 and 4x5"));
        Assert.That(error.Message, Does.Contain($"self: Float32 [2, 3] on {Device}").And.Contain($"mat2: Float64 [4, 5] on {Device}"));
        Assert.That(error.Message, Does.Not.Contain("frame #").And.Not.Contain("Exception raised from"));
    }

    [Test]
    public void Lists_of_tensors_are_described_one_by_one()
    {
        var a = ones(2, 3, device: Device);
        var b = ones(3, device: Device);
        Assert.That(() => cat([a, b]), Throws.Exception.With.Message.Contains($"tensors: Float32 [2, 3] on {Device}; Float32 [3] on {Device}"));
    }

    [Test]
    public void A_missing_tensor_of_a_list_is_named()
    {
        var a = ones(2, 3, device: Device);
        Assert.That(() => cat([a, null!]), Throws.ArgumentNullException.With.Message.Contains("tensors[1]"));
    }

    [Test]
    public void A_leaf_that_requires_a_gradient_is_not_overwritten()
    {
        var x = zeros(2, requires_grad: true, device: Device);
        Assert.That(() => x.add_(1), Throws.Exception.With.Message.Contains("aten::add_.Scalar").And.Message.Contains("leaf Variable"));
        Assert.That(() => x[0] = 1, Throws.Exception.With.Message.Contains("leaf Variable"));
    }

    [Test]
    public void A_gradient_that_does_not_fit_is_refused_with_both_forms()
    {
        var x = zeros(2, requires_grad: true, device: Device);
        Assert.That(() => x.grad = zeros(3, device: Device), Throws.Exception.With.Message.Contains("[3]").And.Message.Contains("[2]"));
        Assert.That(() => x.grad = zeros(2, ScalarType.Float64, device: Device), Throws.Exception.With.Message.Contains("Double").And.Message.Contains("Float"));
    }

    [Test]
    public void A_second_backward_through_a_freed_graph_is_refused()
    {
        var x = tensor(1f, requires_grad: true, device: Device);
        var y = (x * x).sum();
        y.backward();
        Assert.That(() => y.backward(), Throws.InstanceOf<ExternalException>().With.Message.Contains("backward"));
    }

    [Test]
    public void A_missing_argument_is_named()
    {
        var a = ones(1, device: Device);
        Assert.That(() => a.mm(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("mat2"));
    }
}
