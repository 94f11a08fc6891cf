namespace RewardKit.Torch.Tests.Diagnosis;

/// <summary>What is said to be wrong, from made-up environments.</summary>
public class FindingsTests
{
    private static readonly TorchEnvironment Cpu = new()
    {
        Provider = "system",
        DotNet = "10.0.0",
        Torch = "1.13.0",
        BuiltFor = "1.13.0",
        Blas = "OpenBLAS",
        Threads = 8,
        Processors = 8,
        OpenMpFiles = ["/usr/lib/libgomp.so.1"],
        Computations = [new("cpu", "a gradient", null)],
    };

    private static readonly TorchEnvironment Gpu = Cpu with
    {
        Torch = "2.11.0",
        TorchCuda = "13.0",
        HasGpu = true,
        Driver = "580.65.06",
        DriverCuda = "13.0",
        Gpus = [new("NVIDIA H200", "9.0", 150_000_000_000, 149_000_000_000)],
        TorchGpus = 1,
    };

    [Test]
    public void A_sound_machine_has_none()
    {
        Assert.That(Findings.Of(Cpu), Is.Empty);
        Assert.That(Findings.Of(Gpu), Is.Empty);
        Assert.That(Findings.Of(Gpu with { DriverCuda = "13.2" }), Is.Empty);
    }

    [Test]
    public void A_native_part_that_does_not_load() => Broken(
        Cpu with { Torch = null, Problem = "The native torch library is missing." }, "is missing", "dotnet fsi build.fsx setup");

    [Test]
    public void A_wrong_result() => Broken(
        Cpu with { Computations = [new("cpu", "a gradient", "off by 0.3"), new("cpu", "attention", null)] },
        "a gradient on cpu: off by 0.3", "LIBTORCH=FOLDER dotnet fsi build.fsx setup");

    [Test]
    public void A_libtorch_without_CUDA_on_a_machine_with_a_GPU() =>
        Broken(Gpu with { TorchCuda = null, TorchGpus = 0 }, "built without CUDA", "LIBTORCH=FOLDER dotnet fsi build.fsx setup");

    [Test]
    public void A_libtorch_with_CUDA_on_a_machine_without_a_GPU() => Noted(
        Gpu with { HasGpu = false, Driver = null, DriverCuda = null, Gpus = [], TorchGpus = 0 },
        "neither a GPU nor a driver", "Nothing to do");

    [Test]
    public void A_GPU_without_a_driver() =>
        Broken(Gpu with { Driver = null, DriverCuda = null, Gpus = [], TorchGpus = 0 }, "no usable driver", "--gpus all");

    [Test]
    public void A_driver_that_does_not_start() => Broken(
        Gpu with { DriverProblem = "system driver mismatch (CUDA error 803)", Gpus = [], TorchGpus = 0 }, "CUDA error 803", "nvidia-smi");

    [TestCase("12.8", true)]
    [TestCase("13.1", false)]
    public void A_driver_that_is_too_old_for_libtorch(string driverCuda, bool old) => Broken(
        Gpu with { DriverCuda = driverCuda, TorchGpus = 0 },
        old ? "runs programs up to CUDA 12.8, but libtorch was built for CUDA 13.0" : "libtorch can use none",
        old ? "Update the driver" : "torch.zeros(1).cuda()");

    [Test]
    public void What_makes_it_slow()
    {
        Noted(Cpu with { Blas = "reference BLAS", BlasFile = "/usr/lib/blas/libblas.so.3" }, "/usr/lib/blas/libblas.so.3", "libopenblas0-pthread");
        Noted(Cpu with { Threads = 1 }, "one thread", "Set OMP_NUM_THREADS");
        Noted(Cpu with { Threads = 1, Variables = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "1" } }, "one thread", "Unset OMP_NUM_THREADS");
        Noted(Cpu with { Threads = 16 }, "16 threads", "Unset OMP_NUM_THREADS");
        Noted(Cpu with { Variables = new Dictionary<string, string> { ["OMP_WAIT_POLICY"] = "ACTIVE" } }, "spin", "passive");
        Noted(Cpu with { OpenMpFiles = ["/usr/lib/libgomp.so.1", "/torch/lib/libgomp-1.so"] }, "2 OpenMP runtimes", "setup");
        Assert.That(Findings.Of(Cpu with { Threads = 1, Processors = 1 }), Is.Empty);
    }

    [Test]
    public void What_is_broken_comes_first() => Assert.That(
        Findings.Of(Gpu with { TorchCuda = null, TorchGpus = 0, Threads = 1 }).Select(finding => finding.Broken), Is.EqualTo(new[] { true, false }));

    private static void Broken(TorchEnvironment environment, string what, string fix) => One(environment, what, fix, broken: true);

    private static void Noted(TorchEnvironment environment, string what, string fix) => One(environment, what, fix, broken: false);

    private static void One(TorchEnvironment environment, string what, string fix, bool broken)
    {
        var finding = Findings.Of(environment).Single();
        Assert.That(finding.Broken, Is.EqualTo(broken));
        Assert.That(finding.What, Does.Contain(what));
        Assert.That(finding.Fix, Does.Contain(fix));
    }
}
