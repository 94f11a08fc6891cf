namespace RewardKit.Cli.Tests;

public class CompletionTests : CommandFixture
{
    [TestCase("rewardkit plug", "plugin")]
    [TestCase("rewardkit data inspect x --tok", "--tokenizer")]
    [TestCase("rewardkit plugin show haf", "haf-rm")]
    [TestCase("rewardkit generate m --decoder best", "best-of-n")]
    [TestCase("rewardkit data inspect x --pairing Adj", "Adjacent")]
    public void The_command_offers_what_goes_on(string line, string expected) =>
        Assert.That(Call($"[suggest:{line.Length}]", line).Output.Split('\n'), Has.Member(expected));

    [Test]
    public void Runs_are_offered_by_their_ids()
    {
        Write("runs/one/a/seed-1/training.json", """{"key": "k", "parts": {}, "steps": 3, "seconds": 2.5}""");
        var id = System.Text.Json.JsonDocument.Parse(Call("runs", "--json").Output).RootElement[0].GetProperty("id").GetString()!;
        Assert.That(Call("[suggest:20]", "rewardkit runs show ").Output.Split('\n'), Has.Member(id));
        Assert.That(Call("[suggest:34]", "rewardkit runs show --runs nowhere ").Error, Is.Empty);
    }

    [Test]
    public void Bash_completes_commands_and_leaves_files_to_itself()
    {
        var folder = Path.GetDirectoryName(Command);
        string Completed(string line) => Bash($$"""
            PATH="{{folder}}:$PATH"
            eval "$(rewardkit completion bash)"
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{line}}{{(line.EndsWith(' ') ? " ''" : "")}})
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _rewardkit
            echo "${COMPREPLY[*]}"
            """);
        Assert.Multiple(() =>
        {
            Assert.That(Completed("rewardkit com"), Is.EqualTo("compare completion\n"));
            Assert.That(Completed("rewardkit run x.fsx --fr"), Is.EqualTo("--fresh\n"));
            Assert.That(Completed("rewardkit conformance haf"), Is.EqualTo("haf-rm\n"));
            Assert.That(Completed("rewardkit tokenize "), Is.EqualTo("\n"), "here bash offers files");
        });

        string Bash(string script)
        {
            Write("complete.sh", script);
            var outcome = Shell("bash complete.sh");
            Assert.That(outcome.Error, Is.Empty);
            return outcome.Output;
        }
    }

    [TestCase("zsh", "#compdef rewardkit")]
    [TestCase("fish", "complete -c rewardkit")]
    [TestCase("pwsh", "Register-ArgumentCompleter")]
    public void Each_shell_has_a_script(string shell, string expected) => Assert.That(Call("completion", shell).Output, Does.Contain(expected));

    [Test]
    public void Another_shell_is_refused()
    {
        var outcome = Call("completion", "tcsh");
        Assert.That((outcome.ExitCode, outcome.Output, outcome.Error), Is.EqualTo((2, "", "There is no completion for \"tcsh\". Expected one of bash, fish, pwsh, zsh.\n")));
    }
}
