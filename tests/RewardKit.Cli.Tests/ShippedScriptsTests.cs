namespace RewardKit.Cli.Tests;

/// <summary>Every script of the repository runs to its end, on the little that <c>small</c> leaves of it.</summary>
public class ShippedScriptsTests : CommandFixture
{
    private string _cache = "";

    protected override string Cache => _cache;

    private static string Folder => Path.Combine(RepositoryRoot, "scripts");

    private static IEnumerable<string> Scripts => Directory.GetFiles(Folder, "*.fsx").Select(file => Path.GetFileNameWithoutExtension(file)!)
        // What the host generates is no script.
        .Where(name => name != "rewardkit").Order(StringComparer.Ordinal);

    [OneTimeSetUp]
    public void MakeCache() => _cache = Directory.CreateTempSubdirectory("rewardkit-cli-scripts-").FullName;

    [OneTimeTearDown]
    public void RemoveCache() => Directory.Delete(_cache, recursive: true);

    [TestCaseSource(nameof(Scripts))]
    public void Runs_at_reduced_size(string name)
    {
        var outcome = Call("run", Path.Combine(Folder, $"{name}.fsx"), "--", "small");
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")), outcome.Output);
        // What is reduced must not replace what was computed in full.
        Assert.That(Directory.GetDirectories(PathOf("runs")).Select(Path.GetFileName), Is.Not.Empty.And.All.EndWith("-small"));
    }

    [Test]
    public void Refuse_an_argument_that_they_do_not_know()
    {
        var script = Path.Combine(Folder, "quickstart.fsx");
        var outcome = Call("run", script, "--", "smal");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.StartWith("The script knows no argument smal. Did you mean \"small\"? Its arguments are: small.\n"));
        Assert.That(Directory.Exists(PathOf("runs")), Is.False);
    }
}
