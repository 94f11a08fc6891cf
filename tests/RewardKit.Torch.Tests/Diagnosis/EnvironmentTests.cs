using TorchSharp;

namespace RewardKit.Torch.Tests.Diagnosis;

public class EnvironmentTests
{
    [Test]
    public void It_agrees_with_the_layer_and_what_it_computes_is_right()
    {
        var threads = torch.get_num_threads();
        try
        {
            var environment = EnvironmentReader.Read();
            Assert.That(environment.Problem, Is.Null);
            Assert.That(environment.TorchFile, Does.Exist.And.Contain("libtorch_cpu.so"));
            Assert.That(environment.Torch!.Split('.')[..2], Is.EqualTo(torch.__version__.Split('.')[..2]));
            Assert.That(environment.TorchGpus, Is.EqualTo(torch.cuda.device_count()));
            Assert.That(environment.Threads, Is.EqualTo(torch.get_num_threads()));
            Assert.That(environment.Attention.Keys, torch.cuda.is_available() ? Is.EquivalentTo(new[] { "cpu", "cuda" }) : Is.EquivalentTo(new[] { "cpu" }));
            Assert.That(environment.Computations.Select(c => c.Device).Distinct().Count(), Is.EqualTo(1 + torch.cuda.device_count()));
            Assert.That(environment.Computations.Select(c => c.Error), Is.All.Null);
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    [TestCase("  - Build settings: BLAS_INFO=mkl, CUDA_VERSION=13.0, CXX_FLAGS= -O2 -fPIC, TORCH_VERSION=2.11.0, USE_ROCM=OFF, \n", "CUDA_VERSION", ExpectedResult = "13.0")]
    [TestCase("  - Build settings: BLAS_INFO=mkl, CUDA_VERSION=13.0, CXX_FLAGS= -O2 -fPIC, TORCH_VERSION=2.11.0, USE_ROCM=OFF, \n", "BLAS_INFO", ExpectedResult = "mkl")]
    [TestCase("  - Build settings: BLAS_INFO=mkl, CUDA_VERSION=13.0, CXX_FLAGS= -O2 -fPIC, TORCH_VERSION=2.11.0, USE_ROCM=OFF, \n", "USE_ROCM", ExpectedResult = "OFF")]
    [TestCase("  - Build settings: BLAS_INFO=generic, USE_CUDA=OFF, \n", "CUDA_VERSION", ExpectedResult = null)]
    public string? A_setting_is_read_from_what_libtorch_says(string config, string name) => LoadedLibraries.ConfigValue(config, name);
}
