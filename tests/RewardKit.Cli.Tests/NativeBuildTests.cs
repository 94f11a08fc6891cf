using System.Diagnostics;
using System.Runtime.Versioning;

namespace RewardKit.Cli.Tests;

/// <summary>Which libtorch the native part is built over.</summary>
public class NativeBuildTests
{
    private static readonly string Script = Path.Combine(
        CommandFixture.RepositoryRoot, "src", "RewardKit.TorchSharp", "native", "build.sh");

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("rewardkit-native-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void The_folder_that_is_named_comes_first()
    {
        var python = Torch("site/torch", "2.11.0", "cu130");
        var named = Torch("named", "2.6.1", cuda: null);
        Assert.That(Find(libtorch: named, pythonPath: "site"), Is.EqualTo((0, $"2.6.1-cpu\n{named}\n", "")));
        Assert.That(Find(libtorch: python, pythonPath: ""), Is.EqualTo((0, $"2.11.0-cu130\n{python}\n", "")));
    }

    [Test]
    public void A_PyTorch_with_CUDA_comes_before_the_systems_libtorch_and_one_without_does_not()
    {
        if (!HasPython()) Assert.Ignore("No python3 on this machine");
        var cuda = Torch("cuda/torch", "2.11.0", "cu130");
        var cpu = Torch("cpu/torch", "2.11.0", cuda: null);
        Assert.That(Find(libtorch: null, pythonPath: "cuda"), Is.EqualTo((0, $"2.11.0-cu130\n{cuda}\n", "")));
        var system = File.Exists("/usr/include/ATen/ATen.h");
        Assert.That(Find(libtorch: null, pythonPath: "cpu").Output, system ? Does.EndWith("\n/usr\n") : Does.EndWith($"\n{cpu}\n"));
    }

    [Test]
    public void A_build_for_CUDA_is_named_for_it_wherever_that_is_written()
    {
        var wheel = Torch("wheel", "2.11.0", "cu130");
        var archive = Torch("archive", "2.9.0", "cu128");
        File.Move(Path.Combine(archive, "version.py"), Path.Combine(archive, "build-version"));
        File.WriteAllText(Path.Combine(archive, "build-version"), "2.9.0+cu128\n");
        var own = Torch("own", "2.10.0", "cu126");
        File.WriteAllText(Path.Combine(own, "version.py"), "__version__ = '2.10.0a0'\ncuda: Optional[str] = '12.6'\n");
        var unsaid = Torch("unsaid", "2.8.0", "cu126");
        File.Delete(Path.Combine(unsaid, "version.py"));
        Assert.That(
            new[] { wheel, archive, own, unsaid }.Select(folder => Find(folder, "").Output.Split('\n')[0]),
            Is.EqualTo(new[] { "2.11.0-cu130", "2.9.0-cu128", "2.10.0-cu126", "2.8.0-cuda" }));
    }

    [Test]
    public void An_old_libtorch_is_refused()
    {
        var old = Torch("old", "1.12.1", cuda: null);
        Assert.That(Find(old, ""), Is.EqualTo((2, "",
            $"The libtorch in {old} is 1.12.1. RewardKit needs 1.13 or newer: set LIBTORCH to the folder of one, or upgrade this one.\n")));
    }

    [Test]
    public void A_folder_that_is_no_libtorch_is_refused()
    {
        Assert.That(Find(_folder, ""), Is.EqualTo((2, "",
            $"LIBTORCH is {_folder}, but there is no include/ATen/ATen.h below it. Point LIBTORCH at an unpacked libtorch, or at "
            + "site-packages/torch of a PyTorch, or unset it.\n")));
        var headersAlone = Torch("headers", "2.6.0", cuda: null);
        File.Delete(Path.Combine(headersAlone, "lib", "libtorch_cpu.so"));
        Assert.That(Find(headersAlone, "").Error, Does.Contain($"no libtorch_cpu.so in {headersAlone}/lib"));
    }

    [Test]
    [SupportedOSPlatform("linux")]
    public void A_build_for_the_user_lies_where_every_program_of_its_version_looks()
    {
        // In the compiler's place: makes the file that it is asked for.
        var compiler = Path.Combine(_folder, "c++");
        File.WriteAllText(compiler, "#!/bin/sh\nwhile [ $# -gt 0 ]; do if [ \"$1\" = -o ]; then echo made >\"$2\"; fi; shift; done\n");
        File.SetUnixFileMode(compiler, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var torch = Torch("torch", "2.6.1", cuda: null);
        File.WriteAllText(Path.Combine(torch, "lib", "libc10.so"), "");
        var (exitCode, output, error) = Run("--user", ("LIBTORCH", torch), ("CXX", compiler), ("XDG_DATA_HOME", _folder));
        Assert.That(exitCode, Is.Zero, error);
        var folder = Path.Combine(_folder, "rewardkit", "native", Run(Path.Combine(Path.GetDirectoryName(Script)!, "interface.sh")).Output.Trim(), "current");
        Assert.That(output, Is.EqualTo($"Built over the libtorch in {torch}: {folder}\n"));
        Assert.That(Path.Combine(folder, "libRewardKitTorch.so"), Does.Exist);
    }

    // What the script looks at in a libtorch; `cuda` is the mark of its build, such as cu130.
    private string Torch(string name, string version, string? cuda)
    {
        var folder = Path.Combine(_folder, name);
        var numbers = version.Split('.');
        Write("include/ATen/ATen.h", "");
        Write(
            version.StartsWith("2.11", StringComparison.Ordinal) ? "include/torch/headeronly/version.h" : "include/torch/csrc/api/include/torch/version.h",
            $"#define TORCH_VERSION_MAJOR {numbers[0]}\n#define TORCH_VERSION_MINOR {numbers[1]}\n#define TORCH_VERSION_PATCH {numbers[2]}\n");
        Write("lib/libtorch_cpu.so", "");
        if (cuda is not null) Write("lib/libtorch_cuda.so", "");
        Write("__init__.py", "raise Exception('importing PyTorch takes seconds')\n");
        var said = cuda is null ? "None" : $"'{cuda[2..^1]}.{cuda[^1]}'";
        Write("version.py", $"from typing import Optional\n__version__ = '{version}{(cuda is null ? "" : "+" + cuda)}'\ncuda: Optional[str] = {said}\n");
        return folder;

        void Write(string file, string text)
        {
            var path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }

    private static bool HasPython() => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, "python3")));

    private (int ExitCode, string Output, string Error) Find(string? libtorch, string pythonPath) =>
        Run("--find", ("LIBTORCH", libtorch ?? ""), ("PYTHONPATH", Path.Combine(_folder, pythonPath)));

    // The script with an argument, or another script.
    private static (int ExitCode, string Output, string Error) Run(string argument, params (string Name, string Value)[] environment)
    {
        string[] arguments = argument.EndsWith(".sh", StringComparison.Ordinal) ? [argument] : [Script, argument];
        var start = new ProcessStartInfo("sh", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
