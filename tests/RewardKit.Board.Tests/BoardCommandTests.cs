using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace RewardKit.Board.Tests;

/// <summary><c>rewardkit board</c> as it is called.</summary>
public sealed class BoardCommandTests
{
    private static readonly string Command = Path.Combine(typeof(BoardCommandTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!, "artifacts", "rewardkit");

    [TestCase("INT")]
    [TestCase("TERM")]
    public async Task It_serves_until_it_is_stopped_and_leaves_nothing_behind(string signal)
    {
        using var runs = new RunsOnDisk();
        using var process = Start("board", "--runs", runs.Folder, "--port", "0", "--json");
        var url = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync())!).RootElement.GetProperty("url").GetString()!;
        using var http = new HttpClient();
        Assert.That(await http.GetStringAsync(url), Does.Contain("RewardKit board"));
        Process.Start("kill", ["-" + signal, $"{process.Id}"]).WaitForExit();
        await process.WaitForExitAsync();
        Assert.That((process.ExitCode, await process.StandardError.ReadToEndAsync()), Is.EqualTo((0, "")));
        Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(url));
    }

    [Test]
    public async Task It_ends_with_the_command_however_that_ends()
    {
        using var runs = new RunsOnDisk();
        using var process = Start("board", "--runs", runs.Folder, "--port", "0", "--json");
        var url = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync())!).RootElement.GetProperty("url").GetString()!;
        process.Kill();
        using var http = new HttpClient();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(30); await Task.Delay(50))
        {
            try
            {
                await http.GetStringAsync(url);
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
        Assert.Fail("The board outlived the command.");
    }

    [TestCase("--runs", "nowhere", "There is no folder ")]
    [TestCase("--port", "many", "--port many: expected a number from 0 to 65535.")]
    [TestCase("--port", "70000", "--port 70000: expected a number from 0 to 65535.")]
    public void Wrong_input_is_told(string option, string value, string message)
    {
        using var runs = new RunsOnDisk();
        using var process = Start(option == "--runs" ? ["board", option, value] : ["board", "--runs", runs.Folder, option, value]);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(error, Does.StartWith(message));
        Assert.That(process.ExitCode, Is.EqualTo(2));
    }

    // A shell that starts these tests in the background has them, and all that they start, ignore Ctrl-C.
    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", Command, .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
