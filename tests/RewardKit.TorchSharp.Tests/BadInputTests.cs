using System.Globalization;
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

    [Test]
    public void Shapes_that_do_not_fit_are_named_with_their_argument()
    {
        var x = ones(2, 3, device: Device);
        Refused(() => x.view(4, 2), "aten::view", $"self: Float32 [2, 3] on {Device}", "size: [4, 2]");
        Refused(() => x.expand(2, 4), "aten::expand", $"self: Float32 [2, 3] on {Device}", "size: [2, 4]");
        Refused(() => x.matmul(x), "aten::matmul", $"other: Float32 [2, 3] on {Device}");
        Refused(() => cat([x, x.t()]), "aten::cat", $"tensors: Float32 [2, 3] on {Device}; Float32 [3, 2] on {Device}");
        Refused(() => stack([x, x.t()]), "aten::stack", $"Float32 [3, 2] on {Device}");
        Refused(() => einsum("ij,jk->ik", x, x), "aten::einsum", "equation: \"ij,jk->ik\"", $"Float32 [2, 3] on {Device}; Float32 [2, 3] on {Device}");
        Refused(() => x.copy_(ones(4, device: Device)), "aten::copy_", $"src: Float32 [4] on {Device}");
        Refused(() => x.add_(ones(4, 2, 3, device: Device)), "aten::add_.Tensor", $"other: Float32 [4, 2, 3] on {Device}");
        Refused(() => x.narrow(1, 2, 2), "aten::narrow", "start: 2", "length: 2");
        Refused(() => x.split([1, 1], 1), "aten::split_with_sizes", "split_sizes: [1, 1]", $"self: Float32 [2, 3] on {Device}");
        Refused(() => x.masked_fill(ones(2, ScalarType.Bool, device: Device), 0), "aten::masked_fill.Scalar", $"mask: Bool [2] on {Device}");
        Refused(() => nn.functional.layer_norm(x, [4]), "layer_norm", $"Float32 [2, 3] on {Device}", "normalized_shape: [4]");
        Refused(() => nn.functional.cross_entropy(x, zeros(3, ScalarType.Int64, device: Device)), "aten::cross_entropy_loss", $"target: Int64 [3] on {Device}");
        Refused(() => nn.functional.linear(x, x.t()), "linear", $"Float32 [3, 2] on {Device}");
        Refused(() => x.topk(4), "aten::topk", "k: 4");
    }

    [Test]
    public void Types_that_do_not_fit_are_named_with_their_argument()
    {
        var (x, integers, wide) = (ones(2, 2, device: Device), ones(2, 2, ScalarType.Int64, device: Device), ones(2, 2, ScalarType.Float64, device: Device));
        Refused(() => x.mm(wide), "aten::mm", $"self: Float32 [2, 2] on {Device}", $"mat2: Float64 [2, 2] on {Device}");
        Refused(() => nn.Embedding(2, 2, device: Device).call(x), "aten::embedding", $"indices: Float32 [2, 2] on {Device}");
        Refused(() => x.gather(0, x), "aten::gather", $"index: Float32 [2, 2] on {Device}");
        Assert.That(() => x.masked_fill(x, 0), Throws.ArgumentException.With.Message.Contains($"masked_fill needs a mask of type Bool, but was given Float32 [2, 2] on {Device}"));
        Refused(() => where(x, x, x), "aten::where.self", $"condition: Float32 [2, 2] on {Device}");
        Refused(() => integers.div_(2), "aten::div_.Scalar", $"self: Int64 [2, 2] on {Device}");
        Refused(() => integers.mean(), "aten::mean", $"self: Int64 [2, 2] on {Device}");
        Refused(() => x & x, "aten::bitwise_and.Tensor", $"self: Float32 [2, 2] on {Device}");
        Refused(() => integers.requires_grad_(), "requires_grad", "floating point");
        Refused(() => nn.functional.cross_entropy(x, ones(2, ScalarType.Int32, device: Device)), "aten::cross_entropy_loss", $"target: Int32 [2] on {Device}");
        Assert.That(() => x.data<double>(), Throws.ArgumentException);
        Assert.That(() => x.sum().item<long>(), Throws.ArgumentException.With.Message.Contains("Float32"));
    }

    [Test]
    public void Tensors_on_different_devices_are_named_with_their_devices()
    {
        if (Device.type == DeviceType.CPU) Assert.Ignore("needs a second device");
        var (x, y) = (ones(2, 2, device: Device), zeros(2, 2));
        Refused(() => x + y, "aten::add.Tensor", $"self: Float32 [2, 2] on {Device}", "other: Float32 [2, 2] on cpu");
        Refused(() => x.mm(y), "aten::mm", $"self: Float32 [2, 2] on {Device}", "mat2: Float32 [2, 2] on cpu");
        Refused(() => cat([x, y]), "aten::cat", $"Float32 [2, 2] on {Device}; Float32 [2, 2] on cpu");
        Refused(() => x.index_select(0, zeros(1, ScalarType.Int64)), "aten::index_select", "index: Int64 [1] on cpu");
        Refused(() => x.add_(y), "aten::add_.Tensor", "other: Float32 [2, 2] on cpu");
        Assert.That(() => x.grad = y, Throws.Exception.With.Message.Contains("cpu").And.Message.Contains("cuda"));
        Assert.That(() => x.data<float>(), Throws.InvalidOperationException.With.Message.Contains($"{Device}"));
        Assert.That(() => x.bytes.Length, Throws.InvalidOperationException.With.Message.Contains($"{Device}"));
    }

    [Test]
    public void A_tensor_without_elements_of_its_own_is_not_read()
    {
        var shape = zeros(2, 2, device: new Device(DeviceType.META));
        Assert.That((shape + shape).shape, Is.EqualTo(new long[] { 2, 2 }));
        Assert.That(() => shape.data<float>(), Throws.InvalidOperationException.With.Message.Contains("meta"));
        Assert.That(() => shape.sum().item<float>(), Throws.InstanceOf<ExternalException>());
        Refused(() => shape.cpu(), "aten::to", "meta");
    }

    [Test]
    public void A_disposed_tensor_is_named_with_operator_and_argument()
    {
        var (x, gone) = (ones(2, 2, device: Device, requires_grad: true), ones(2, 2, device: Device));
        gone.Dispose();
        Disposed(() => x + gone, "aten::add.Tensor", "as other");
        Disposed(() => gone + x, "aten::add.Tensor", "as self");
        Disposed(() => gone.sum(), "aten::sum", "as self");
        Disposed(() => cat([x, gone]), "aten::cat", "tensors[1]");
        Disposed(() => where(x > 0, gone, x), "aten::where.self", "as self");
        Disposed(() => x.clamp(min: gone), "aten::clamp.Tensor", "as min");
        Disposed(() => nn.functional.linear(x, x, gone), "linear", "as bias");
        Disposed(() => x[gone], "aten::index.Tensor", "indices[0]");
        Disposed(() => x[TensorIndex.Ellipsis, TensorIndex.Tensor(gone)]);
        Disposed(() => x[0] = gone);
        Disposed(() => gone[0] = 1);
        Disposed(() => gone[0]);
        Disposed(() => x.copy_(gone), "aten::copy_", "as src");
        Disposed(() => gone.backward(), "backward", "tensors[0]");
        Disposed(() => x.backward([gone]), "backward", "grad_tensors[0]");
        Disposed(() => autograd.grad([x.sum()], [x, gone]), "autograd.grad", "inputs[1]");
        Disposed(() => x.grad = gone);
        Disposed(() => gone.item<float>());
        Disposed(() => gone.data<float>());
        Disposed(() => _ = gone.shape);
        Disposed(() => _ = gone.dtype);
        Disposed(() => _ = gone.device);
        Disposed(() => _ = gone.grad);
        Disposed(() => gone.cpu());
        Disposed(() => nn.Parameter(gone));
    }

    [Test]
    public void An_optimiser_over_a_disposed_parameter_says_so()
    {
        var kept = nn.Parameter(ones(2, device: Device));
        var lost = nn.Parameter(ones(2, device: Device));
        var optimisers = new optim.Optimizer[] { optim.SGD([kept, lost], 0.1), optim.AdamW([kept, lost]) };
        kept.grad = ones(2, device: Device);
        lost.Dispose();
        foreach (var optimiser in optimisers)
        {
            Disposed(() => optimiser.step());
            Disposed(() => optimiser.zero_grad());
        }
        Disposed(() => nn.utils.clip_grad_norm_([kept, lost], 1));
    }

    [Test]
    public void A_closed_scope_takes_nothing_more()
    {
        var closed = NewDisposeScope();
        closed.Dispose();
        closed.Dispose();
        var x = ones(1, device: Device);
        Assert.That(() => closed.Attach(x), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => x.MoveToOtherDisposeScope(closed), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(_scope.Contains(x), "it stays where it was");
    }

    [Test]
    public void A_missing_tensor_is_named_with_operator_and_argument()
    {
        var x = ones(2, 2, device: Device);
        Assert.That(() => x + (Tensor)null!, Throws.ArgumentNullException.With.Message.Contains("aten::add.Tensor").And.Property("ParamName").EqualTo("other"));
        Assert.That(() => where(x > 0, x, (Tensor)null!), Throws.ArgumentNullException.With.Message.Contains("aten::where.self"));
        Assert.That(() => nn.functional.linear(x, null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("weight"));
        Assert.That(() => autograd.grad([x], [null!]), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("inputs[0]"));
        Assert.That(() => autograd.backward((Tensor)null!), Throws.ArgumentNullException);
        Assert.That(() => nn.Parameter(null!), Throws.InstanceOf<ArgumentNullException>());
        Assert.That(() => x.to((Tensor)null!), Throws.InstanceOf<ArgumentNullException>());
        Assert.That(() => cat((Tensor[])null!), Throws.Exception.With.Message.Contains("aten::cat"));
        Assert.That(() => x[TensorIndex.Tensor(null!)], Throws.InstanceOf<ArgumentNullException>());
        Assert.That(() => x.view(null!), Throws.Exception.With.Message.Contains("aten::view"));
        Assert.That(() => x.mul((Scalar)null!), Throws.InstanceOf<ArgumentNullException>());
        Assert.That(() => x[0] = null!, Throws.InstanceOf<ArgumentNullException>());
    }

    [Test]
    public void A_backward_pass_that_is_not_possible_names_its_tensors()
    {
        var (x, constant) = (ones(2, 3, device: Device, requires_grad: true), ones(1, device: Device));
        Refused(() => (x * 2).backward(), "backward", "scalar outputs", $"tensors: Float32 [2, 3] on {Device}");
        Refused(() => constant.backward(), "backward", "does not require grad", $"tensors: Float32 [1] on {Device}");
        Refused(() => (x * 2).backward([ones(2, device: Device)]), "backward", $"grad_tensors: Float32 [2] on {Device}");
        Refused(() => autograd.grad([x.sum()], [constant]), "autograd.grad", $"inputs: Float32 [1] on {Device}");
        Tensor frozen;
        using (inference_mode()) frozen = ones(3, device: Device);
        Refused(() => x * frozen, "aten::mul.Tensor", "Inference tensors cannot be saved for backward");
    }

    [Test]
    public void More_memory_than_there_is_is_refused_and_the_process_lives_on()
    {
        // 4 PiB are more than addresses, 10 TB more than any GPU; libtorch says how much was asked for in its own words.
        if (Device.type == DeviceType.CPU) Refused(() => empty([1L << 50]), "aten::empty", "size: [1125899906842624]", "4503599627370496 bytes");
        else Refused(() => empty([2_500_000_000_000], device: Device), "aten::empty", "size: [2500000000000]", "out of memory", "GiB", $"device: {Device}");
        var x = ones(1, device: Device).expand(1L << 25, 1L << 25);
        Refused(() => x + 1, "aten::add.Scalar", $"self: Float32 [33554432, 33554432] on {Device}");
        Refused(() => empty([1L << 62], device: Device), "aten::empty", "size: [4611686018427387904]");
        Refused(() => empty([-1], device: Device), "aten::empty", "size: [-1]");
        Assert.That((ones(2, device: Device) + 1).Floats(), Is.EqualTo(new[] { 2f, 2f }));
    }

    [Test]
    public void More_memory_than_this_machine_has_is_refused_and_the_process_lives_on()
    {
        if (Device.type != DeviceType.CPU) Assert.Ignore("about the processor's memory");
        if (File.ReadAllText("/proc/sys/vm/overcommit_memory").Trim() == "1") Assert.Ignore("this system promises memory that it does not have");
        var memory = long.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        var elements = memory;
        Refused(() => empty([elements]), "aten::empty", $"size: [{elements}]", $"{4 * elements} bytes");
        Assert.That((ones(2) + 1).Floats(), Is.EqualTo(new[] { 2f, 2f }));
    }

    private static void Refused(Action call, params string[] parts)
    {
        var message = Assert.Throws<ExternalException>(call)!.Message;
        foreach (var part in parts) Assert.That(message, Does.Contain(part));
    }

    private static void Refused<T>(Func<T> call, params string[] parts) => Refused(() => { _ = call(); }, parts);

    private static void Disposed(Action call, params string[] parts)
    {
        var message = Assert.Throws<ObjectDisposedException>(call)!.Message;
        Assert.That(message, Does.Contain("disposed").And.Contain("scope"));
        foreach (var part in parts) Assert.That(message, Does.Contain(part));
    }

    private static void Disposed<T>(Func<T> call, params string[] parts) => Disposed(() => { _ = call(); }, parts);
}
