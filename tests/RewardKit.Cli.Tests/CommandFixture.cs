using System.Diagnostics;
using System.Reflection;

namespace RewardKit.Cli.Tests;

/// <summary>Calls the built command in a temporary folder, with a script cache of its own.</summary>
public abstract class CommandFixture
{
    private string _folder = "";

    /// <summary>What a call left.</summary>
    protected sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Further environment variables of the command.</summary>
    protected Dictionary<string, string> Environment { get; } = [];

    /// <summary>Where compiled scripts are kept.</summary>
    protected virtual string Cache => PathOf("cache");

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("rewardkit-cli-").FullName;
        Environment.Clear();
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    protected string PathOf(string name) => Path.Combine(_folder, name);

    protected void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    internal static string RepositoryRoot { get; } = typeof(CommandFixture).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The command's file.</summary>
    protected static string Command => Path.Combine(RepositoryRoot, "artifacts", "rewardkit");

    protected Process Start(params string[] arguments) => Process.Start(StartInfo(arguments))!;

    /// <summary>Calls the command with something to read on standard input.</summary>
    protected Outcome Pipe(string input, params string[] arguments)
    {
        using var process = StartReading(arguments);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return End(process);
    }

    /// <summary>Starts the command with a standard input that the test writes.</summary>
    protected Process StartReading(params string[] arguments)
    {
        var start = StartInfo(arguments);
        start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }

    // A shell that starts these tests in the background has them, and all that they start, ignore Ctrl-C.
    private ProcessStartInfo StartInfo(string[] arguments) => StartInfo("env", ["--default-signal=INT", Command, .. arguments]);

    private ProcessStartInfo StartInfo(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_CACHE_HOME"] = Cache;
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment.Remove("REWARDKIT_PLUGINS");
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return start;
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

    /// <summary>Has the shell do something in the test's folder.</summary>
    protected Outcome Shell(string script)
    {
        using var process = Process.Start(StartInfo("sh", ["-c", script]))!;
        return End(process);
    }
}
