using System.Diagnostics;
using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class DoctorTests : CommandFixture
{
    [Test]
    public void A_sound_machine_is_described()
    {
        var outcome = Call("doctor");
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        Assert.That(outcome.Output, Does.Contain("libtorch_cpu.so").And.Contain("libRewardKitTorch.so").And.Contain("a gradient right")
            .And.Match(@"threads +1 of \d+ processors"));
    }

    [Test]
    public void The_same_as_JSON()
    {
        Environment["OMP_WAIT_POLICY"] = "active";
        var outcome = Call("doctor", "--json");
        using var json = JsonDocument.Parse(outcome.Output);
        var environment = json.RootElement.GetProperty("environment");
        Assert.That((outcome.ExitCode, json.RootElement.GetProperty("well").GetBoolean()), Is.EqualTo((0, true)));
        Assert.That(json.RootElement.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("what").GetString()),
            Has.Some.Contain("OMP_WAIT_POLICY is active"));
        Assert.That(environment.GetProperty("threads").GetInt32(), Is.EqualTo(1));
        Assert.That(environment.GetProperty("torchFile").GetString(), Does.Exist);
    }

    [Test]
    public void A_missing_native_part()
    {
        Environment["REWARDKIT_TORCH_LIBRARY"] = PathOf("nowhere.so");
        Broken("not loaded", $"REWARDKIT_TORCH_LIBRARY names '{PathOf("nowhere.so")}', but there is no such file", "dotnet fsi build.fsx setup");
    }

    [Test]
    public void A_native_part_that_is_no_library()
    {
        Write("broken.so", "no library");
        Environment["REWARDKIT_TORCH_LIBRARY"] = PathOf("broken.so");
        Broken($"'{PathOf("broken.so")}' is there but cannot be loaded", "dotnet fsi build.fsx setup");
    }

    [Test]
    public void A_native_part_that_takes_the_process_down()
    {
        Write("deadly.cpp", "#include <cstdlib>\n__attribute__((constructor)) static void die() { std::abort(); }\n");
        using (var compiler = Process.Start("g++", ["-shared", "-fPIC", "-o", PathOf("deadly.so"), PathOf("deadly.cpp")]))
        {
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero);
        }
        Environment["REWARDKIT_TORCH_LIBRARY"] = PathOf("deadly.so");
        Broken($"the native torch library {PathOf("deadly.so")} dies (exit code 134)", "dotnet fsi build.fsx setup");
    }

    [Test]
    public void A_number_of_threads_that_is_none()
    {
        Environment["OMP_NUM_THREADS"] = "many";
        Broken("OMP_NUM_THREADS is \"many\"", "Unset OMP_NUM_THREADS");
    }

    private void Broken(params string[] said)
    {
        var outcome = Call("doctor");
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((1, "")));
        foreach (var text in said.Append("Broken: ")) Assert.That(outcome.Output, Does.Contain(text));
    }
}
