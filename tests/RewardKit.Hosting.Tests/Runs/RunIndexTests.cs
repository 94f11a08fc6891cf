using System.Diagnostics;
using Microsoft.Data.Sqlite;
using RewardKit.Hosting.Runs;

namespace RewardKit.Hosting.Tests.Runs;

public sealed class RunIndexTests
{
    private string _folder = "";
    private List<string> _notices = [];

    [SetUp]
    public void MakeFolder() => (_folder, _notices) = (Directory.CreateTempSubdirectory("runs-").FullName, []);

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    private RunIndex Index => new(_folder, _notices.Add) { Patience = 20 };

    [Test]
    public void A_row_comes_back_as_it_was_put_and_is_written_over()
    {
        var row = Row(1) with
        {
            State = RunState.Failed,
            Ended = DateTimeOffset.UtcNow,
            Metrics = new Dictionary<string, double> { ["a/b"] = 0.1, ["lost"] = double.NaN },
            Parts = new Dictionary<string, string> { ["seed"] = "1" },
            Steps = 7,
            Seconds = 1.5,
            Error = "It \"broke\".\nThere.",
        };
        Index.Put(row with { State = RunState.Running });
        Index.Put(row);
        var back = Index.All().Single();
        Assert.Multiple(() =>
        {
            Assert.That(back with { Metrics = row.Metrics, Parts = row.Parts, About = row.About }, Is.EqualTo(row));
            Assert.That(back.Metrics, Is.EqualTo(row.Metrics));
            Assert.That(back.Parts, Is.EqualTo(row.Parts));
            Assert.That(back.Id, Does.Match("^[0-9a-f]{10}$"));
            Assert.That(Directory.GetFiles(_folder).Select(Path.GetFileName), Is.EqualTo(new[] { "runs.db" }), "the log is in the database again");
        });
    }

    [Test]
    public void Ids_stay_when_the_whole_folder_moves()
    {
        Index.Put(Row(1));
        var moved = _folder + "-moved";
        Directory.Move(_folder, moved);
        _folder = moved;
        Assert.That((Index.All().Single().Id, Index.All().Single().Folder), Is.EqualTo((Index.IdOf(Path.Combine(_folder, "e", "arm", "seed-1")), Path.Combine(_folder, "e", "arm", "seed-1"))));
    }

    [Test]
    public void Many_writers_at_once_lose_nothing()
    {
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, writer =>
        {
            for (var i = 0; i < 10; i++) Index.Put(Row(writer * 10 + i));
        });
        Assert.That(Index.All().Select(r => r.Seed).Order(), Is.EqualTo(Enumerable.Range(0, 80)));
    }

    [Test]
    public void A_run_whose_process_is_gone_is_stopped()
    {
        using var ended = Process.Start("true");
        ended.WaitForExit();
        Index.Put(Row(1) with { State = RunState.Running });
        Index.Put(Row(2) with { State = RunState.Evaluating, Process = RunProcess.Current with { Id = ended.Id } });
        Index.Put(Row(3) with { State = RunState.Running, Process = RunProcess.Current with { Started = RunProcess.Current.Started - 60_000 } });
        Index.Put(Row(4) with { State = RunState.Running, Process = RunProcess.Current with { Host = "elsewhere", Id = ended.Id } });
        Assert.That(Index.All().OrderBy(r => r.Seed).Select(r => r.State), Is.EqualTo(new[] { RunState.Running, RunState.Stopped, RunState.Stopped, RunState.Running }));
    }

    [Test]
    public void An_index_of_a_newer_rewardkit_is_refused_and_left_alone()
    {
        Index.Put(Row(1));
        Sql("PRAGMA user_version = 9");
        var error = Assert.Throws<RewardKitException>(() => Index.All())!;
        Assert.That(error.Message, Does.Contain("was written by a newer rewardkit (its form is 9, this one knows 1)"));
        Sql("PRAGMA user_version = 1");
        Assert.That(Index.All(), Has.Count.EqualTo(1));
    }

    [TestCase("This is no database, but a text that is long enough to be taken for one.")]
    [TestCase("SQLite format 3\0 and nothing else")]
    public void A_damaged_index_is_kept_aside_and_made_again_once(string content)
    {
        File.WriteAllText(Path.Combine(_folder, "runs.db"), content);
        Parallel.For(0, 4, i => Index.Put(Row(i)));
        Assert.That(Index.All(), Has.Count.EqualTo(4));
        Assert.That(File.ReadAllText(Path.Combine(_folder, "runs.db.damaged-1")), Is.EqualTo(content));
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(2));
        Assert.That(_notices, Is.EqualTo(new[]
        {
            $"The index of runs {Index.Path} is damaged; it is kept as runs.db.damaged-1 and made again from the runs' folders.",
        }));
    }

    [Test]
    public void A_locked_index_is_given_up_after_a_while_with_its_name()
    {
        Index.Put(Row(1));
        using var other = new SqliteConnection($"Data Source={Index.Path};Pooling=False");
        other.Open();
        using var transaction = other.BeginTransaction();
        var error = Assert.Throws<RewardKitException>(() => new RunIndex(_folder) { Patience = 1 }.Put(Row(2)))!;
        Assert.That(error.Message, Does.StartWith($"The index of runs {Index.Path} cannot be used: ").And.Contain("locked"));
        Assert.That(Index.All(), Has.Count.EqualTo(1), "reading goes on");
    }

    [Test]
    public void A_run_is_removed_with_its_folders_but_not_while_its_experiment_runs()
    {
        var (row, live, apart) = (Row(1), Row(2) with { State = RunState.Running }, Row(1, "other") with { State = RunState.Running });
        foreach (var folder in new[] { row.Folder, row.Folder + ".partial" }) Directory.CreateDirectory(folder);
        foreach (var r in new[] { row, live, apart }) Index.Put(r);
        Assert.That(() => RunRemoval.Check(row, Index.All()), Throws.TypeOf<RewardKitException>().With.Message.Contains("is at work on its experiment (arm, seed 2)"));
        Index.Put(live with { State = RunState.Finished });
        RunRemoval.Check(row, Index.All());
        RunRemoval.Remove(Index, row);
        Assert.That(Directory.Exists(Path.Combine(_folder, "e", "arm")), Is.False);
        Assert.That(Index.All().Select(r => r.Id), Is.EquivalentTo(new[] { live.Id, apart.Id }));
        var outside = row with { Folder = Path.GetDirectoryName(_folder)! };
        Assert.That(() => RunRemoval.Remove(Index, outside), Throws.TypeOf<RewardKitException>().With.Message.Contains("nothing was removed"));
    }

    [Test]
    public void Settings_are_the_parts_of_the_key_taken_apart()
    {
        var hash = new string('a', 64);
        var settings = RunSettings.Of(Row(1) with
        {
            Parts = new Dictionary<string, string>
            {
                ["loss"] = $$"""haf-rm {{hash}} {"alpha":0.2}""",
                ["training"] = """{"Epochs":2,"Schedule":"Cosine","MicroBatchSize":null}""",
                ["data"] = $"{hash} (train part)",
                ["guide"] = $$"""{"Template":"text"} {{hash}}""",
            },
        });
        Assert.That(settings, Is.EqualTo(new Dictionary<string, string>
        {
            ["data"] = "aaaaaaaaaaaa (train part)",
            ["guide (content)"] = "aaaaaaaaaaaa",
            ["guide.template"] = "text",
            ["loss"] = "haf-rm",
            ["loss (content)"] = "aaaaaaaaaaaa",
            ["loss.alpha"] = "0.2",
            ["training.epochs"] = "2",
            ["training.schedule"] = "Cosine",
        }));
    }

    private void Sql(string text)
    {
        using var connection = new SqliteConnection($"Data Source={Index.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private RunRow Row(int seed, string experiment = "e")
    {
        var folder = Path.Combine(_folder, experiment, "arm", $"seed-{seed}");
        return new()
        {
            Id = Index.IdOf(folder),
            Folder = folder,
            Experiment = experiment,
            Arm = "arm",
            Seed = seed,
            State = RunState.Finished,
            Started = DateTimeOffset.UnixEpoch.AddSeconds(seed),
            Process = RunProcess.Current,
        };
    }
}
