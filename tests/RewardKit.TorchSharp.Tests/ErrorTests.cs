using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

public class ErrorTests
{
    [Test]
    public void A_failing_operator_is_named_with_its_reason_and_arguments()
    {
        using var a = ones(2, 3);
        using var b = ones(4, 5, dtype: ScalarType.Float64);
        var error = Assert.Throws<ExternalException>(() => a.mm(b));
        Assert.That(error!.Message, Does.Contain("aten::mm failed").And.Contain("2x3 and 4x5"));
        Assert.That(error.Message, Does.Contain("self: Float32 [2, 3] on cpu").And.Contain("mat2: Float64 [4, 5] on cpu"));
        Assert.That(error.Message, Does.Not.Contain("frame #").And.Not.Contain("Exception raised from"));
    }

    [Test]
    public void Lists_of_tensors_are_described_one_by_one()
    {
        using var a = ones(2, 3);
        using var b = ones(3);
        Assert.That(() => cat([a, b]), Throws.Exception.With.Message.Contains("tensors: Float32 [2, 3] on cpu; Float32 [3] on cpu"));
    }

    [Test]
    public void A_missing_tensor_of_a_list_is_named()
    {
        using var a = ones(2, 3);
        Assert.That(() => cat([a, null!]), Throws.ArgumentNullException.With.Message.Contains("tensors[1]"));
    }

    [Test]
    public void A_leaf_that_requires_a_gradient_is_not_overwritten()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, requires_grad: true);
        Assert.That(() => x.add_(1), Throws.Exception.With.Message.Contains("aten::add_.Scalar").And.Message.Contains("leaf Variable"));
        Assert.That(() => x[0] = 1, Throws.Exception.With.Message.Contains("leaf Variable"));
    }

    [Test]
    public void A_gradient_that_does_not_fit_is_refused_with_both_forms()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, requires_grad: true);
        Assert.That(() => x.grad = zeros(3), Throws.Exception.With.Message.Contains("[3]").And.Message.Contains("[2]"));
        Assert.That(() => x.grad = zeros(2, ScalarType.Float64), Throws.Exception.With.Message.Contains("Double").And.Message.Contains("Float"));
    }

    [Test]
    public void A_second_backward_through_a_freed_graph_is_refused()
    {
        using var scope = NewDisposeScope();
        var x = tensor(1f, requires_grad: true);
        var y = (x * x).sum();
        y.backward();
        Assert.That(() => y.backward(), Throws.InstanceOf<ExternalException>().With.Message.Contains("backward"));
    }

    [Test]
    public void A_missing_argument_is_named()
    {
        using var a = ones(1);
        Assert.That(() => a.mm(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("mat2"));
    }

    [Test]
    public void An_operator_that_this_libtorch_lacks_fails_only_when_called()
    {
        Assert.That(() => Native.Find("aten::no_such_operator", ""),
            Throws.InstanceOf<NotSupportedException>().With.Message.Contains("aten::no_such_operator").And.Message.Contains(Native.TorchVersion));
    }

    [Test]
    public void Without_CUDA_the_question_is_answered_and_the_use_refused()
    {
        if (cuda.is_available()) Assert.Ignore("there is a CUDA device here");
        using var a = ones(1);
        Assert.That(() => a.cuda(), Throws.InvalidOperationException.With.Message.Contains("CUDA"));
        Assert.That(() => zeros(1, device: "cuda"), Throws.InvalidOperationException.With.Message.Contains("CUDA"));
    }

    [Test]
    public void Named_dimensions_are_refused()
    {
        Assert.That(() => zeros(2, names: ["N"]), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("Named"));
    }

    [Test]
    public void A_missing_native_library_is_explained()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => NativeLibraryLocator.Find(null, [folder.Path]),
            Throws.InstanceOf<DllNotFoundException>().With.Message.Contains("libRewardKitTorch.so").And.Message.Contains("dotnet fsi build.fsx setup"));
        Assert.That(() => NativeLibraryLocator.Find("/nowhere/lib.so", []),
            Throws.InstanceOf<DllNotFoundException>().With.Message.Contains("/nowhere/lib.so").And.Message.Contains(NativeLibraryLocator.Variable));
    }

    [Test]
    public void The_native_library_is_found_beside_or_above_the_program()
    {
        using var folder = new TemporaryFolder();
        var program = Directory.CreateDirectory(Path.Combine(folder.Path, "a", "b")).FullName;
        var version = Directory.CreateDirectory(Path.Combine(folder.Path, "artifacts", "native", "9.9")).FullName;
        var library = Path.Combine(version, "libRewardKitTorch.so");
        File.WriteAllText(library, "");
        var current = Path.Combine(folder.Path, "artifacts", "native", "current");

        File.WriteAllText(current, "9.9\n");
        Assert.That(NativeLibraryLocator.Find(null, [program]), Is.EqualTo(library));
        File.Delete(current);
        Directory.CreateSymbolicLink(current, "9.9");
        Assert.That(NativeLibraryLocator.Find(null, [program]), Is.EqualTo(Path.Combine(current, "libRewardKitTorch.so")));
        File.WriteAllText(Path.Combine(program, "libRewardKitTorch.so"), "");
        Assert.That(NativeLibraryLocator.Find(null, [program]), Is.EqualTo(Path.Combine(program, "libRewardKitTorch.so")));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("rewardkit-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
