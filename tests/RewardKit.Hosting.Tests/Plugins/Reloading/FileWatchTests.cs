using RewardKit.Hosting.Plugins.Reloading;

namespace RewardKit.Hosting.Tests.Plugins.Reloading;

[TestFixture(true)]
[TestFixture(false)]
public class FileWatchTests(bool notified)
{
    // Long enough for any machine; what is expected comes at once.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private string _folder = "";
    private FileWatch _watch = null!;

    [SetUp]
    public void SetUp()
    {
        _folder = Directory.CreateTempSubdirectory("rewardkit-watch-").FullName;
        Write("a.txt", "one");
        Write("below/b.txt", "one");
        _watch = new(TimeSpan.FromMilliseconds(50), notified ? TimeSpan.FromSeconds(2) : TimeSpan.FromMilliseconds(50), notified);
        _watch.Watch([new(_folder)]);
    }

    [TearDown]
    public void TearDown()
    {
        _watch.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Nothing_is_told_while_nothing_changes() => Assert.That(_watch.Wait(TimeSpan.FromMilliseconds(200), default), Is.Empty);

    [Test]
    public void A_write_in_place_is_told_once()
    {
        File.WriteAllText(PathOf("a.txt"), "two!");
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("a.txt") }));
        Nothing_is_told_while_nothing_changes();
    }

    [Test]
    public void A_file_renamed_over_another_of_its_size_is_told()
    {
        var beside = _folder + ".beside";
        File.WriteAllText(beside, "two");
        File.SetLastWriteTimeUtc(beside, DateTime.UtcNow.AddDays(-1));
        File.Move(beside, PathOf("a.txt"), overwrite: true);
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("a.txt") }));
    }

    [Test]
    public void Files_in_folders_below_are_told_and_in_those_made_later()
    {
        Write("below/b.txt", "two!");
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("below/b.txt") }));
        Write("new/deep/c.txt", "one");
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("new/deep/c.txt") }));
        Write("new/deep/c.txt", "two!");
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("new/deep/c.txt") }));
    }

    [Test]
    public void A_folder_deleted_and_made_again_goes_on_being_watched()
    {
        Directory.Delete(_folder, recursive: true);
        Assert.That(Next(), Is.EquivalentTo(new[] { PathOf("a.txt"), PathOf("below/b.txt") }));
        for (var time = 1; time <= 2; time++)
        {
            Write("a.txt", new string('x', time));
            Assert.That(Next(), Is.EqualTo(new[] { PathOf("a.txt") }));
        }
    }

    [Test]
    public void A_burst_is_told_as_one()
    {
        var writing = Task.Run(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                Write($"many/{i}.txt", "one");
                Thread.Sleep(5);
            }
        });
        var told = new HashSet<string>(Next());
        writing.Wait();
        // A machine that stops for a moment may cut it in two; nothing is lost then.
        while (told.Count < 20) told.UnionWith(Next());
        Assert.That(told, Has.Count.EqualTo(20));
        Nothing_is_told_while_nothing_changes();
    }

    [Test]
    public void Single_files_are_watched_and_only_they_even_before_they_are_there()
    {
        _watch.Watch([new(PathOf("a.txt")), new(PathOf("later.txt"))]);
        Write("other.txt", "one");
        Nothing_is_told_while_nothing_changes();
        Write("later.txt", "one");
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("later.txt") }));
        File.Delete(PathOf("a.txt"));
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("a.txt") }));
    }

    [Test]
    public void Only_as_deep_as_was_said()
    {
        _watch.Watch([new(_folder, 1)]);
        Write("below/deep/c.txt", "one");
        Nothing_is_told_while_nothing_changes();
        Write("below/c.txt", "one");
        Assert.That(Next(), Is.EqualTo(new[] { PathOf("below/c.txt") }));
    }

    [Test]
    public void A_change_made_while_other_paths_are_chosen_is_not_lost()
    {
        Write("a.txt", "two!");
        Write("new.txt", "one");
        File.Delete(PathOf("below/b.txt"));
        _watch.Watch([new(_folder), new(Path.Combine(Path.GetTempPath(), "rewardkit-nowhere"))]);
        Assert.That(Next(), Is.EquivalentTo(new[] { PathOf("a.txt"), PathOf("new.txt"), PathOf("below/b.txt") }));
    }

    [Test]
    public void Waiting_can_be_stopped()
    {
        using var stop = new CancellationTokenSource(50);
        Assert.That(() => _watch.Wait(Long, stop.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private IReadOnlyList<string> Next() => _watch.Wait(Long, default);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }
}
