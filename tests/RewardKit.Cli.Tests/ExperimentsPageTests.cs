using System.Text.RegularExpressions;

namespace RewardKit.Cli.Tests;

/// <summary>What docs/experiments.md shows is a script, which is run.</summary>
public partial class ExperimentsPageTests : CommandFixture
{
    [Test]
    public void The_code_on_the_page_runs()
    {
        foreach (var folder in new[] { "data", "models" })
            Directory.CreateSymbolicLink(PathOf(folder), Path.Combine(RepositoryRoot, "scripts", folder));
        var page = File.ReadAllText(Path.Combine(RepositoryRoot, "docs", "experiments.md"));
        string[] blocks = [.. CodeBlock().Matches(page).Select(m => m.Groups[1].Value)];
        Assert.That(blocks, Has.Length.GreaterThan(8));
        Write("page.fsx", string.Join('\n', blocks));

        var outcome = Call("run", "page.fsx", "--", "small");
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")), outcome.Output);
        Assert.That(outcome.Output, Does.Contain("experiment \"first\"\n").And.Contain("Chosen among 3 arms by pair-accuracy/accuracy on").And.Contain("name: search, search-final"));
        foreach (var file in new[] { "arms.html", "scores.jsonl", "exported/model.safetensors" })
            Assert.That(PathOf($"runs/page-small/{file}"), Does.Exist);
    }

    [GeneratedRegex("```fsharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
