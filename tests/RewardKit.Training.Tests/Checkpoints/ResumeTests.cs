using RewardKit.Torch;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Training.Tests.Checkpoints;

/// <summary>A training that was stopped and went on, against the one that was not: equal to the last bit.</summary>
public class ResumeTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("rewardkit-checkpoints-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(typeof(Trainings), nameof(Trainings.All))]
    public void Stopped_after_every_step_it_ends_with_the_same_weights_and_the_same_log(Trainings training)
    {
        var whole = training.Run();
        for (var step = 1; step < Trainings.Steps; step++)
        {
            var part = training.Run(Every(), stopAfter: step);
            Assert.That(part.Stopped!.Message, Is.EqualTo($"stopped at step {step} of 6; the same command goes on from there"));
            Assert.That(part.Notices, Is.EqualTo(step == 1 ? [] : new[] { $"Goes on from step {step - 1} of 6." }));
        }
        var last = training.Run(Every());

        Assert.That(last.Weights, Is.EqualTo(whole.Weights));
        Assert.That(last.Log, Is.EqualTo(whole.Log));
        Assert.That(last.Notices, Is.EqualTo(new[] { "Goes on from step 5 of 6." }));
        Assert.That(Counts(last), Is.EqualTo(Counts(whole)));
        Assert.That(last.Reports.Where(r => r.Stage == "train").Select(r => r.Step!.Log.Step), Is.EqualTo(new[] { 6 }));

        static (long, long, double) Counts(Trainings.Outcome outcome) =>
            (outcome.Reports[^1].Step!.Pairs, outcome.Reports[^1].Step!.Tokens, outcome.Reports[^1].Step!.Epoch);
    }

    // Whoever kills it, it is somewhere behind its last checkpoint.
    [TestCaseSource(typeof(Trainings), nameof(Trainings.All))]
    public void Broken_off_behind_a_checkpoint_it_does_the_steps_since_again(Trainings training)
    {
        var whole = training.Run();
        training.Run(Every(steps: 2));
        Assert.That(Names(), Is.SupersetOf(new[] { "step-000002", "step-000004" }).And.No.Member("step-000006"), "the end needs none");
        var again = training.Run(Every(steps: 2));
        Assert.That(again.Weights, Is.EqualTo(whole.Weights));
        Assert.That(again.Log, Is.EqualTo(whole.Log));
        Assert.That(again.Reports.SkipWhile(r => r.Stage != "resume").Select(r => (r.Stage, r.Step!.Log.Step)),
            Is.EqualTo(new[] { ("resume", 4), ("train", 5), ("train", 6) }));
    }

    [Test]
    public void Only_what_is_trained_is_kept()
    {
        Trainings.Lora.Run(Every(steps: 5));
        var bytes = new FileInfo(Path.Combine(_folder, "step-000005", "weights.safetensors")).Length;
        Assert.That(bytes, Is.LessThan(new FileInfo(Path.Combine(TestContext.CurrentContext.TestDirectory, "stories260K", "model.safetensors")).Length / 5));
    }

    [Test]
    public void References_are_computed_once()
    {
        Trainings.HafRm.Run(Every(), stopAfter: 2);
        Assert.That(Trainings.HafRm.Run(Every()).Reports.Select(r => r.Stage), Has.None.EqualTo("reference"));
        File.WriteAllText(Path.Combine(_folder, "references-train", "references.safetensors"), "damaged");
        Assert.That(Trainings.HafRm.Run(Every()).Reports.Select(r => r.Stage), Has.Some.EqualTo("reference"));
    }

    [Test]
    public void Time_and_counts_go_on_from_the_checkpoint()
    {
        var part = Trainings.Noise.Run(Every(), stopAfter: 4).Reports[^1];
        var rest = Trainings.Noise.Run(Every()).Reports;
        Assert.That((rest[0].Stage, rest[0].Done, rest[0].Total), Is.EqualTo(("resume", part.Done, part.Total)));
        Assert.That(rest[0].Step!.Seconds, Is.GreaterThanOrEqualTo(part.Step!.Seconds));
        Assert.That(rest.Select(r => r.Step!.Seconds), Is.Ordered);
    }

    [Test]
    public void A_training_without_a_place_for_checkpoints_and_one_stopped_before_its_first_step_leave_none()
    {
        Assert.That(() => Trainings.Noise.Run(stopAfter: 2), Throws.InstanceOf<OperationCanceledException>().And.Not.InstanceOf<TrainingStoppedException>());
        Assert.That(Directory.GetFileSystemEntries(_folder), Is.Empty);
    }

    [Test]
    public void Saving_and_restoring_leave_no_tensor_alive()
    {
        Trainings.HafRm.Run(Every(steps: 1), stopAfter: 3);
        var before = LiveTensors.Count;
        Trainings.HafRm.Run(Every(steps: 1), stopAfter: 4);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    private TrainingCheckpoints Every(int? steps = null) => new(_folder, new() { Steps = steps });

    private IEnumerable<string?> Names() => Directory.GetDirectories(_folder).Select(Path.GetFileName);
}
