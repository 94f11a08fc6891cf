using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace RewardKit.TorchSharp.Tests;

/// <summary>Which native library is loaded, and what is said of one that does not fit.</summary>
public class NativeLibraryTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("rewardkit-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    [Platform("Linux")]
    public void Idle_threads_of_libgomp_soon_sleep_unless_the_user_says_what_they_do()
    {
        torch.zeros(1).Dispose();
        var asked = Environment.GetEnvironmentVariable("GOMP_SPINCOUNT");
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null) asked ??= "2000";
        // What native code sees; .NET has a copy of its own.
        Assert.That(Marshal.PtrToStringUTF8(getenv("GOMP_SPINCOUNT")), Is.EqualTo(asked));

        [DllImport("libc")]
        static extern nint getenv(string name);
    }

    [Test]
    public void A_missing_native_library_is_explained()
    {
        Assert.That(() => NativeLibraryLocator.Find(null, [_folder], "/nowhere"),
            Throws.InstanceOf<DllNotFoundException>().With.Message.Contains("libRewardKitTorch.so").And.Message.Contains("dotnet fsi build.fsx setup"));
        Assert.That(() => NativeLibraryLocator.Find("/nowhere/lib.so", [], "/nowhere"),
            Throws.InstanceOf<DllNotFoundException>().With.Message.Contains("/nowhere/lib.so").And.Message.Contains(NativeLibraryLocator.Variable));
    }

    [Test]
    public void The_native_library_is_found_beside_or_above_the_program_or_else_among_the_users_files()
    {
        var program = Directory.CreateDirectory(Path.Combine(_folder, "a", "b")).FullName;
        var version = Directory.CreateDirectory(Path.Combine(_folder, "artifacts", "native", "9.9")).FullName;
        var library = Path.Combine(version, "libRewardKitTorch.so");
        File.WriteAllText(library, "");
        var current = Path.Combine(_folder, "artifacts", "native", "current");
        var user = Directory.CreateDirectory(Path.Combine(_folder, "user")).FullName;
        File.WriteAllText(Path.Combine(user, "libRewardKitTorch.so"), "");

        Assert.That(NativeLibraryLocator.Find(null, [program], user), Is.EqualTo(Path.Combine(user, "libRewardKitTorch.so")));
        File.WriteAllText(current, "9.9\n");
        Assert.That(NativeLibraryLocator.Find(null, [program], user), Is.EqualTo(library));
        File.Delete(current);
        Directory.CreateSymbolicLink(current, "9.9");
        Assert.That(NativeLibraryLocator.Find(null, [program], user), Is.EqualTo(Path.Combine(current, "libRewardKitTorch.so")));
        File.WriteAllText(Path.Combine(program, "libRewardKitTorch.so"), "");
        Assert.That(NativeLibraryLocator.Find(null, [program], user), Is.EqualTo(Path.Combine(program, "libRewardKitTorch.so")));
    }

    [Test]
    public void A_file_that_is_no_library_is_named_with_its_libtorch_and_the_fix()
    {
        var file = Path.Combine(_folder, "libRewardKitTorch.so");
        File.WriteAllText(file, "no library");
        File.WriteAllText(Path.Combine(_folder, "libtorch.txt"), "/opt/libtorch\n");
        Assert.That(() => NativeLibraryLocator.Load(file), Throws.InstanceOf<DllNotFoundException>()
            .With.Message.Contains($"'{file}'").And.Message.Contains("/opt/libtorch").And.Message.Contains("dotnet fsi build.fsx setup"));
    }

    [Test]
    public void A_library_of_another_version_is_refused()
    {
        var nothing = Compile("int unrelated;");
        Assert.That(() => NativeLibraryLocator.Load(nothing), Throws.InstanceOf<DllNotFoundException>()
            .With.Message.Contains($"'{nothing}' was built from other sources").And.Message.Contains("dotnet fsi build.fsx setup"));

        var older = Compile(Shim("0123456789abcdef", built: "2.6.0", loaded: "2.6.0"));
        Assert.That(() => NativeLibraryLocator.Load(older), Throws.InstanceOf<DllNotFoundException>()
            .With.Message.Contains($"'{older}' was built from other sources"));
    }

    [Test]
    public void A_libtorch_of_another_version_is_refused()
    {
        var exchanged = Compile(Shim(ShimInterface.Hash, built: "2.6.0", loaded: "2.11.0"));
        Assert.That(() => NativeLibraryLocator.Load(exchanged), Throws.InstanceOf<DllNotFoundException>()
            .With.Message.Contains($"'{exchanged}' was built for libtorch 2.6.0, but now finds libtorch 2.11.0"));
    }

    [TestCase("2.6.1")]
    [TestCase("")]
    public void A_patch_release_or_a_libtorch_that_hides_its_version_will_do(string loaded) =>
        Assert.That(NativeLibraryLocator.Load(Compile(Shim(ShimInterface.Hash, built: "2.6.0", loaded))), Is.Not.Zero);

    private static string Shim(string hash, string built, string loaded) =>
        $"extern \"C\" {{ const char* rk_interface() {{ return \"{hash}\"; }} const char* rk_torch_version() {{ return \"{built}\"; }} "
        + $"const char* rk_loaded_torch_version() {{ return \"{loaded}\"; }} }}";

    private string Compile(string source)
    {
        var (text, library) = (Path.Combine(_folder, "shim.cpp"), Path.Combine(_folder, $"lib{Guid.NewGuid():n}.so"));
        File.WriteAllText(text, source);
        using var compiler = Process.Start("g++", ["-shared", "-fPIC", "-o", library, text]);
        compiler.WaitForExit();
        Assert.That(compiler.ExitCode, Is.Zero);
        return library;
    }
}
