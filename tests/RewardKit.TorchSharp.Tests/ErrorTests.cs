using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

public class ErrorTests
{
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
