using System.Text.RegularExpressions;

namespace RewardKit.Cli.Tests;

/// <summary>Walks the commands by their help, as a reader does.</summary>
public partial class HelpTests : CommandFixture
{
    private sealed record Help(string Command, string Text)
    {
        public string[] Section(string title) =>
            [.. Text.Split('\n').SkipWhile(line => line != title + ":").Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line[2..])];
    }

    private static Help[] _all = [];

    [SetUp]
    public void ReadAll()
    {
        if (_all.Length > 0) return;
        var all = new List<Help>();
        string[] next = ["rewardkit"];
        while (next.Length > 0)
        {
            // A level at a time, the commands of a level side by side.
            Help[] level = [.. next.AsParallel().AsOrdered().Select(command => new Help(command, Call([.. command.Split(' ').Skip(1), "--help"]).Output))];
            all.AddRange(level);
            next = [.. level.SelectMany(help => help.Section("Commands").Where(line => line[0] != ' ').Select(line => $"{help.Command} {line.Split(' ')[0]}"))];
        }
        _all = [.. all];
    }

    [Test]
    public void Every_command_has_a_description_examples_and_says_what_its_options_and_arguments_are()
    {
        Assert.That(_all, Has.Length.GreaterThan(25));
        Assert.Multiple(() =>
        {
            foreach (var help in _all)
            {
                Assert.That(help.Section("Description"), Is.Not.Empty, $"{help.Command} has no description");
                Assert.That(help.Section("Examples"), Is.Not.Empty.And.All.Contains(help.Command), $"{help.Command} has no example of its own");
                foreach (var line in help.Section("Options").Concat(help.Section("Arguments")).Where(line => line[0] != ' '))
                    Assert.That(line, Does.Match(@"^\S.*? {2,}\S"), $"{help.Command}: not described");
                if (help.Section("Commands").Length == 0)
                    Assert.That(help.Text, Does.Contain("--verbose"), $"{help.Command} has no --verbose");
            }
        });
    }

    [Test]
    public void Every_command_refuses_an_option_that_it_does_not_have()
    {
        var wrong = _all.AsParallel().Select(help => (help.Command, Outcome: Call([.. help.Command.Split(' ').Skip(1), "--jsno"])))
            .Where(r => r.Outcome.ExitCode != 2 || r.Outcome.Output.Length > 0
                || !r.Outcome.Error.StartsWith($"{r.Command} has no option \"--jsno\".", StringComparison.Ordinal)
                || !r.Outcome.Error.EndsWith($"See: {r.Command} --help\n", StringComparison.Ordinal))
            .Select(r => $"{r.Command}: {r.Outcome.ExitCode} {r.Outcome.Error}").ToArray();
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void The_page_on_the_command_line_has_every_command()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot, "docs", "command-line.md"));
        var commands = _all[0].Section("Commands").Where(line => line[0] != ' ').Select(line => line.Split(' ')[0]);
        Assert.That(commands.Where(name => !page.Contains($"\n| `{name}` | `", StringComparison.Ordinal)), Is.Empty);
        Assert.That(_all.Where(help => help.Text.Contains("--json", StringComparison.Ordinal)).Select(help => help.Command["rewardkit ".Length..])
            .Where(name => !page.Contains($"`{name} --json`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Every_example_is_understood()
    {
        // The shell runs the examples, and finds no other program; the command only says how it understands each.
        var lines = _all.SelectMany(help => help.Section("Examples")).Distinct().ToArray();
        Write("examples.sh", $$"""
            all=$PATH
            rewardkit() { PATH=$all '{{Command}}' '[diagram]' "$@" > diagram || : > wrong; /bin/cat diagram >> diagrams; }
            try() { /bin/cat > line; /bin/rm -f wrong; PATH= . ./line < /dev/null > /dev/null; test ! -e wrong || { echo "not understood:"; /bin/cat line diagram; }; }
            {{string.Join('\n', lines.Select(line => $"try <<'END'\n{Files().Replace(line, "")}\nEND"))}}
            """);
        var outcome = Shell("bash examples.sh");
        Assert.That(outcome.Output + outcome.Error, Is.Empty);
        Assert.That(File.ReadAllLines(PathOf("diagrams")).Count(line => line.StartsWith("[ rewardkit", StringComparison.Ordinal)), Is.GreaterThanOrEqualTo(lines.Length));
    }

    [GeneratedRegex(@" >>? \S+| < \S+")]
    private static partial Regex Files();
}
