using System.Diagnostics;

namespace RewardKit.Cli.Tests;

/// <summary>The program that runs tests where there is no .NET SDK.</summary>
public class RunnerTests
{
    private static readonly string Tests = Path.Combine(CommandFixture.RepositoryRoot, "tests");
    private static readonly string Sample = Path.Combine(Tests, "fixtures", "RunnerSample", "bin", "Release", "net10.0", "RunnerSample.dll");

    [Test]
    public void All_tests_are_counted_and_failures_and_reasons_are_told()
    {
        var (exitCode, output, _) = Run(Sample);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.StartWith("FAILED RunnerSample.Sample(\"CPU\").Wrong(1)\n").And.Contain("Expected: 2").And.EndWith(
            "skipped 4: No CUDA device on this machine\nskipped 1: no reason\n2 passed, 1 failed, 5 skipped\n"));
    }

    [Test]
    public void A_filter_chooses_by_full_name()
    {
        Assert.That(Run("--filter", @"\(.?CUDA", Sample), Is.EqualTo((0, "skipped 4: No CUDA device on this machine\n0 passed, 0 failed, 4 skipped\n", "")));
        Assert.That(Run("--not", "CUDA", "--filter", "Right", Sample), Is.EqualTo((0, "1 passed, 0 failed, 0 skipped\n", "")));
    }

    [Test]
    public void A_run_without_any_test_fails() =>
        Assert.That(Run("--filter", "Nonsense", Sample), Is.EqualTo((1, "0 passed, 0 failed, 0 skipped\n", "")));

    [Test]
    public void Wrong_usage_is_told()
    {
        Assert.That(Run(), Is.EqualTo((2, "", "There is no assembly to run.\nUsage: RewardKit.Tests.Runner [--filter REGEX] [--not REGEX] ASSEMBLY...\n")));
        Assert.That(Run("nowhere.dll").Error, Does.StartWith("There is no file nowhere.dll.\n"));
        Assert.That(Run("--filter", "(", Sample).Error, Does.StartWith("--filter needs a regular expression.\n"));
    }

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        var runner = Path.Combine(Tests, "RewardKit.Tests.Runner", "bin", "Release", "net10.0", "RewardKit.Tests.Runner");
        using var process = Process.Start(new ProcessStartInfo(runner, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
