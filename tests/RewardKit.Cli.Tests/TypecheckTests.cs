namespace RewardKit.Cli.Tests;

/// <summary>What an editor and <c>dotnet fsi</c> make of scripts, with no host at work.</summary>
public class TypecheckTests : CommandFixture
{
    [Test]
    public void Every_shipped_script_type_checks_under_dotnet_fsi()
    {
        Assert.That(Call("init"), Has.Property("ExitCode").EqualTo(0));
        var scripts = Directory.GetFiles(Path.Combine(RepositoryRoot, "scripts"), "*.fsx").Select(f => Path.GetFileName(f)!)
            .Where(name => name != "rewardkit.fsx")
            // A loaded file is a module of its name, and in another script sweep.fsx would hide RewardKit's Sweep.
            .Select(name => (Name: name, Copy: $"copy-of-{name}")).ToArray();
        foreach (var (name, copy) in scripts) File.Copy(Path.Combine(RepositoryRoot, "scripts", name), PathOf(copy));
        // One call for all of them: most of the time goes into the start.
        Write("all.fsx", string.Join('\n', scripts.Select(script => $"#load \"{script.Copy}\"")));
        var sound = Typecheck("all.fsx");
        Assert.That(sound.ExitCode, Is.Zero, sound.Error);
        Assert.That(sound.Error, Does.Not.Contain("error FS").And.Not.Contain("warning FS"));
        Assert.That(scripts, Has.Length.GreaterThan(8));

        // That it looks into what is loaded, and knows the plugins' options.
        Write(scripts[0].Copy, File.ReadAllText(PathOf(scripts[0].Copy)) + "\nlet wrong = Loss.hafRm (alhpa = 0.2)\n");
        var outcome = Typecheck("all.fsx");
        Assert.That(outcome.ExitCode, Is.Not.Zero);
        Assert.That(outcome.Error, Does.Contain(scripts[0].Copy).And.Contain("FS0495").And.Contain("alhpa"));
    }

    // The folder's names are no names of modules, which is only a warning.
    private Outcome Typecheck(string script) => Shell($"dotnet fsi --nologo --nowarn:221 --typecheck-only {script}");
}
