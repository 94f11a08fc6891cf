using System.Collections.Concurrent;
using System.Diagnostics;

namespace RewardKit.Cli.Tests;

public class WatchTests : ExperimentFixture
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    [Test]
    public void A_script_runs_again_when_it_or_its_plugin_changes_until_ctrl_C()
    {
        // A plugin of the user's own, built twice: in its second build a library of it is a later one.
        CopyFolder(Built("PrivateDependency"), PathOf("mine/PrivateDependency"));
        var library = PathOf("mine/PrivateDependency/Dependency.dll");
        File.Copy(Script, PathOf("mine.fsx"));
        using var watch = new Watched(Start(
            "watch", "mine.fsx", "--plugins", "mine", "--", $"data={Data}", $"model={Model}", "second=dependent"));

        Assert.That(watch.Until("Watching mine.fsx"), Does.Contain("first, seed 1: done").And.Contain("second, seed 1: done"));

        File.Copy(Path.Combine(Built("Rich"), "Dependency.dll"), library, overwrite: true);
        Assert.That(watch.Until("Watching mine.fsx"), Does.Contain("PrivateDependency 0.1.0 was rebuilt: generation 2.")
            .And.Contain("first, seed 1: found again").And.Contain("second, seed 1: done").And.Contain("third, seed 1: found again"));

        // Half of a file: the earlier generation stays, also where the script is run again.
        File.WriteAllBytes(library, File.ReadAllBytes(library)[..1000]);
        Assert.That(watch.Error("generation 2 stays in use"), Does.StartWith("PrivateDependency 0.1.0 has changed, but cannot be used as it is; ")
            .And.EndsWith("Dependency.dll is cut off or damaged."));
        File.AppendAllText(PathOf("mine.fsx"), "\nprintfn \"edited\"\n");
        Assert.That(watch.Until("Watching mine.fsx"), Does.Contain("second, seed 1: found again").And.Contain("edited"));

        // Whole again, renamed into place; and a script that is wrong for a while.
        File.WriteAllText(PathOf("mine.fsx"), "printfn \"before\"\nlet x = nowhere\n");
        Assert.That(watch.Error("error FS0039"), Does.StartWith("mine.fsx(2,9): "));
        watch.Until("Watching mine.fsx");
        File.Copy(Path.Combine(Built("PrivateDependency"), "Dependency.dll"), library + ".new");
        File.Move(library + ".new", library, overwrite: true);
        watch.Until("PrivateDependency 0.1.0 was rebuilt: generation 3.");
        File.Move(Copy(Script), PathOf("mine.fsx"), overwrite: true);
        Assert.That(watch.Until("second, seed 1: "), Does.Contain("first, seed 1: found again"));
        watch.Until("Watching mine.fsx");

        Process.Start("kill", ["-INT", $"{watch.Process.Id}"]).WaitForExit();
        Assert.That(watch.Process.WaitForExit(Long), Is.True);
        Assert.That(watch.Process.ExitCode, Is.EqualTo(130));
        Assert.That(watch.Error("stopped"), Is.EqualTo("stopped"));
    }

    [Test]
    public void A_run_under_way_goes_on_to_its_end_and_the_script_begins_anew()
    {
        CopyFolder(Built("PrivateDependency"), PathOf("mine/PrivateDependency"));
        File.Copy(Script, PathOf("mine.fsx"));
        using var watch = new Watched(Start(
            "watch", "mine.fsx", "--plugins", "mine", "--", $"data={Data}", $"model={Model}", "second=dependent", $"pause={PathOf("go")}"));
        watch.Until("paused");
        File.Copy(Path.Combine(Built("Rich"), "Dependency.dll"), PathOf("mine/PrivateDependency/Dependency.dll"), overwrite: true);
        watch.Until("PrivateDependency 0.1.0 was rebuilt: generation 2.");
        Write("go", "");
        // The first arm's run ends; the second one begins with the new generation, and only then.
        var output = watch.Until("Watching mine.fsx");
        Assert.That(output.Where(l => l.EndsWith("done") || l.EndsWith("found again")), Is.EqualTo(new[]
        {
            "first, seed 1: done", "first, seed 1: found again", "second, seed 1: done", "third, seed 1: done",
        }));
    }

    [Test]
    public void A_script_that_is_not_there_is_refused() =>
        Assert.That(Call("watch", "nowhere.fsx"), Is.EqualTo(new Outcome(2, "", "There is no script nowhere.fsx. Name an .fsx file.\n")));

    private static string Built(string plugin) => Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", plugin);

    private string Copy(string file)
    {
        var copy = PathOf(Path.GetFileName(file) + ".copy");
        File.Copy(file, copy);
        return copy;
    }

    /// <summary>A command that goes on, whose lines are waited for.</summary>
    private sealed class Watched : IDisposable
    {
        private readonly BlockingCollection<string> _output = [], _errors = [];

        public Watched(Process process)
        {
            Process = process;
            process.OutputDataReceived += (_, line) => Add(_output, line.Data);
            process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        /// <summary>The lines of standard output up to and with the next one that contains a text.</summary>
        public List<string> Until(string text) => Until(_output, text);

        /// <summary>The next line of standard error that contains a text.</summary>
        public string Error(string text) => Until(_errors, text)[^1];

        public void Dispose()
        {
            if (!Process.HasExited) Process.Kill(entireProcessTree: true);
            Process.Dispose();
        }

        private List<string> Until(BlockingCollection<string> lines, string text)
        {
            var until = new List<string>();
            while (lines.TryTake(out var line, Long))
            {
                until.Add(line);
                if (line.Contains(text)) return until;
            }
            throw new TimeoutException($"No line with \"{text}\" after:\n{string.Join('\n', until)}\nErrors:\n{string.Join('\n', _errors)}");
        }

        private static void Add(BlockingCollection<string> lines, string? line)
        {
            if (line is not null) lines.Add(line);
        }
    }
}
