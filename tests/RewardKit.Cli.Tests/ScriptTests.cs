using System.Diagnostics;

namespace RewardKit.Cli.Tests;

public class ScriptTests : CommandFixture
{
    [Test]
    public void A_missing_script_is_named()
    {
        foreach (var command in new[] { "run", "check" })
        {
            var outcome = Call(command, "nowhere.fsx");
            Assert.That(outcome.ExitCode, Is.EqualTo(2));
            Assert.That(outcome.Error, Does.Contain("nowhere.fsx").And.Not.Contain("   at "));
            Assert.That(outcome.Output, Is.Empty);
        }
    }

    [Test]
    public void What_stands_behind_two_dashes_is_the_scripts()
    {
        Write("a.fsx", "open RewardKit\nprintfn \"%A\" Script.arguments");
        var outcome = Call("run", "a.fsx", "--", "--fresh", "--", "x y");
        Assert.That(outcome, Is.EqualTo(new Outcome(0, "[\"--fresh\"; \"--\"; \"x y\"]\n", "")));
    }

    [Test]
    public void A_script_that_ran_before_runs_without_the_compiler()
    {
        Write("a.fsx", """
            let compiler =
                System.AppDomain.CurrentDomain.GetAssemblies()
                |> Array.exists (fun assembly -> assembly.GetName().Name = "FSharp.Compiler.Service")
            printfn "%s" (if compiler then "compiled" else "found")
            """);
        Assert.That(Call("run", "a.fsx").Output, Is.EqualTo("compiled\n"));
        Assert.That(Call("run", "a.fsx", "--", "other", "arguments").Output, Is.EqualTo("found\n"));
    }

    [Test]
    public void Checking_tells_every_error_and_with_compile_only_runs_nothing()
    {
        Write("good.fsx", "printfn \"ran\"");
        Assert.That(Call("check", "good.fsx", "--compile-only"), Is.EqualTo(new Outcome(0, "good.fsx: no errors\n", "")));

        Write("bad.fsx", "printfn \"ran\"\nlet a: int = \"x\"\nlet b = nowhere");
        var outcome = Call("check", "bad.fsx");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Output, Is.Empty);
        Assert.That(outcome.Error.Split('\n').Where(line => line.StartsWith("bad.fsx", StringComparison.Ordinal)).Select(line => line.Split(": ")[..2]),
            Is.EqualTo(new[] { ["bad.fsx(2,14)", "error FS0001"], new[] { "bad.fsx(3,9)", "error FS0039" } }));
        Assert.That(outcome.Error, Does.Contain("\n   3 | let b = nowhere\n     |         ^^^^^^^\n"));
    }

    [Test]
    public void A_script_that_throws_is_told_with_its_own_line()
    {
        Write("a.fsx", "let f () =\n    failwith \"boom\"\nf ()");
        var outcome = Call("run", "a.fsx");
        Assert.That(outcome, Is.EqualTo(new Outcome(1, "", "boom\n  at a.fsx:2\n   2 |     failwith \"boom\"\n")));
        Assert.That(Call("run", "a.fsx", "--verbose").Error, Does.Contain("boom").And.Contain("   at "));
    }

    [Test]
    public void A_plugin_that_is_not_installed_is_an_error_in_the_script()
    {
        Write("a.fsx", "#load \"rewardkit.fsx\"\nopen RewardKit\nlet loss = Loss.notInstalled ()");
        var outcome = Call("run", "a.fsx");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.StartWith("a.fsx(3,17): error FS0039: "));
    }

    [TestCase("TERM")]
    [TestCase("INT")]
    public void Being_stopped_ends_with_130(string signal)
    {
        Write("a.fsx", """
            open RewardKit
            printfn "ready"
            Script.cancellation.WaitHandle.WaitOne() |> ignore
            Script.cancellation.ThrowIfCancellationRequested()
            """);
        using var process = Start("run", "a.fsx");
        Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo("ready"));
        Process.Start("kill", [$"-{signal}", $"{process.Id}"]).WaitForExit();
        Assert.That(End(process), Is.EqualTo(new Outcome(130, "", "stopped\n")));
    }
}
