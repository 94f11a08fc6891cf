namespace RewardKit.Cli.Tests;

public class NewScriptsTests : CommandFixture
{
    [Test]
    public void A_folder_is_set_up_in_which_the_first_script_is_sound()
    {
        var outcome = Call("init", "mine");
        Assert.That(outcome.Error, Is.Empty);
        Assert.That(outcome.Output, Does.EndWith("\nNext: cd mine && rewardkit run first.fsx\n"));
        foreach (var name in new[] { "first.fsx", "rewardkit.fsx", "rewardkit.plugins.proj", ".gitignore" })
            Assert.That(PathOf($"mine/{name}"), Does.Exist);
        Assert.That(Call("check", "mine/first.fsx"), Is.EqualTo(new Outcome(
            0, "mine/first.fsx: no errors\nexperiment \"first\": 2 arms, 1 seed; of 2 runs 2 to train\n", "")));
        Assert.That(Shell("git -C mine init -q && git -C mine status --short --untracked-files=all").Output, Does.Not.Contain("rewardkit.fsx"));
    }

    [Test]
    public void What_is_there_already_stays_as_it_is()
    {
        Write("first.fsx", "printfn \"mine\"");
        Write(".gitignore", "*.bak");
        var outcome = Call("init");
        Assert.That(outcome.ExitCode, Is.Zero);
        Assert.That(outcome.Output, Does.Contain("kept   first.fsx\n").And.Contain("kept   .gitignore\n").And.Contain("wrote  rewardkit.plugins.proj\n"));
        Assert.That(File.ReadAllText(PathOf("first.fsx")), Is.EqualTo("printfn \"mine\""));
        Assert.That(File.ReadAllText(PathOf(".gitignore")), Is.EqualTo("*.bak"));
    }

    [Test]
    public void A_package_can_be_added_to_the_projects_file()
    {
        Assert.That(Call("init").ExitCode, Is.Zero);
        var outcome = Call("plugin", "remove", "Acme.Nothing");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("rewardkit.plugins.proj does not name a package Acme.Nothing"));
    }

    [Test]
    public void Every_script_that_comes_along_is_listed_with_what_it_is_about()
    {
        var lines = Call("new").Output.TrimEnd().Split('\n');
        Assert.That(lines.Select(line => line.Split(' ')[0]), Is.EqualTo(
            Directory.GetFiles(Path.Combine(RepositoryRoot, "scripts"), "*.fsx").Select(Path.GetFileNameWithoutExtension).Where(name => name != "rewardkit").Order(StringComparer.Ordinal)));
        Assert.That(lines, Is.All.Match(@"^\S+ +[A-Z].+[.:?]$"));
        using var json = System.Text.Json.JsonDocument.Parse(Call("new", "--json").Output);
        Assert.That(
            json.RootElement.EnumerateArray().Select(script => (script.GetProperty("name").GetString(), script.GetProperty("summary").GetString())),
            Is.EqualTo(lines.Select(line => (line.Split(' ')[0], line[line.IndexOf(' ')..].Trim()))));
    }

    [Test]
    public void A_new_script_brings_the_data_that_it_names()
    {
        var outcome = Call("new", "quickstart", "sub/mine.fsx");
        Assert.That(outcome.Error, Is.Empty);
        Assert.That(outcome.Output, Does.EndWith("\nNext: rewardkit run sub/mine.fsx\n"));
        Assert.That(File.ReadAllText(PathOf("sub/mine.fsx")), Does.Contain("rewardkit run mine.fsx").And.Not.Contain("scripts/"));
        Assert.That(PathOf("sub/data/hh-rlhf/LICENSE"), Does.Exist);
        Assert.That(Directory.GetDirectories(PathOf("sub/models")).Select(Path.GetFileName), Is.EqualTo(new[] { "bpe-2k-tokenizer" }));
        Assert.That(Call("check", "sub/mine.fsx").Output, Does.EndWith("experiment \"quickstart\": 3 arms, 2 seeds; of 6 runs 6 to train\n"));
    }

    [Test]
    public void A_script_that_is_there_is_never_replaced()
    {
        Write("mine.fsx", "printfn \"mine\"");
        var outcome = Call("new", "quickstart", "mine.fsx");
        Assert.That(outcome, Is.EqualTo(new Outcome(2, "", $"{PathOf("mine.fsx")} is there already. Name another file: rewardkit new quickstart FILE.fsx\n")));
        Assert.That(File.ReadAllText(PathOf("mine.fsx")), Is.EqualTo("printfn \"mine\""));
    }

    [Test]
    public void A_script_that_does_not_come_along_is_refused_with_the_nearest_name() =>
        Assert.That(Call("new", "quikstart"), Is.EqualTo(new Outcome(
            2, "", "There is no script \"quikstart\" to begin with. Did you mean \"quickstart\"? `rewardkit new` lists them.\n")));
}
