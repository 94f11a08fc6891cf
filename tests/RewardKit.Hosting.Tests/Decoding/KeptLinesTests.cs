using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Decoding;

/// <summary>Results that are found again by what was asked.</summary>
public sealed class KeptLinesTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("rewardkit-test-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void What_is_kept_is_found_again_unless_all_is_to_be_fresh()
    {
        Open("kept", fresh: false).Add([("a", "one"), ("b", "two")]);
        Assert.That(Open("kept", fresh: false).Find("b"), Is.EqualTo("two"));
        Assert.That(Open("kept", fresh: true).Find("b"), Is.Null);
        Assert.That(Open("kept", fresh: false).Find("b"), Is.Null, "it is gone");
    }

    [Test]
    public void Fresh_is_no_matter_where_nothing_was_kept_yet()
    {
        var lines = Open("not there", fresh: true);
        lines.Add([("a", "one")]);
        Assert.That(Open("not there", fresh: false).Find("a"), Is.EqualTo("one"));
    }

    [Test]
    public void A_line_that_was_cut_off_is_written_again()
    {
        Open("kept", fresh: false).Add([("a", "one"), ("b", "two")]);
        var file = Directory.GetFiles(Path.Combine(_folder, "kept")).Single();
        File.WriteAllText(file, File.ReadAllText(file)[..^4]);
        var lines = Open("kept", fresh: false);
        Assert.That((lines.Find("a"), lines.Find("b")), Is.EqualTo(("one", (string?)null)));
        lines.Add([("b", "three")]);
        Assert.That(Open("kept", fresh: false).Find("b"), Is.EqualTo("three"));
    }

    private KeptLines<string> Open(string folder, bool fresh) => new(Path.Combine(_folder, folder), new ContentKey().Add("what", "texts"), writes: true, fresh);
}
