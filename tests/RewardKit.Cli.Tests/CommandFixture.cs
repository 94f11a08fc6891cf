using System.Diagnostics;
using System.Reflection;

namespace RewardKit.Cli.Tests;

/// <summary>Calls the built command in a temporary folder, with a script cache of its own.</summary>
public abstract class CommandFixture
{
    private string folder = "";

    /// <summary>What a call left.</summary>
    protected sealed record Outcome(int ExitCode, string Output, string Error);

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("rewardkit-cli-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(folder, recursive: true);

    protected string PathOf(string name) => Path.Combine(folder, name);

    protected void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    protected Process Start(params string[] arguments)
    {
        var command = typeof(CommandFixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == "RewardKitCommand").Value!;
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_CACHE_HOME"] = PathOf("cache");
        start.Environment.Remove("REWARDKIT_PLUGINS");
        return Process.Start(start)!;
    }

    protected static Outcome End(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.Result);
    }

    protected Outcome Call(params string[] arguments)
    {
        using var process = Start(arguments);
        return End(process);
    }
}
