using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>What is refused before anything is trained, and what becomes of runs that fail.</summary>
public class RunFailureTests : ExperimentRunnerFixture
{
    [Test]
    public void A_full_disk_ends_the_experiment_with_one_message()
    {
        Models.WhileTraining = () => throw StorageFailure.Of("the checkpoint of step 3", Folder, new IOException("No space left on device", 28), 2_500_000);
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Property("ExitCode").EqualTo(1).And.Message.Match(
            @"^There is no room for the checkpoint of step 3 in .+ \(it takes about 2\.5 MB, [\d,.]+ [kM]B are free\): No space left on device\. "
            + @"What was written before is intact: free space, and run the same command again\.$"));
        Assert.That(Models.Trained, Has.Count.EqualTo(1));
    }

    [Test]
    public void Nothing_is_trained_when_any_plugin_is_unknown()
    {
        var spec = Spec() with { Arms = [new("arm", Loss("long"), []), new("other", Loss("lnog"), [])] };
        Assert.That(() => Run(spec), Throws.TypeOf<RewardKitException>().With.Message.Contains("lnog"));
        Assert.That(Models.Trained, Is.Empty);
    }

    [Test]
    public void Wrong_experiments_are_refused_with_what_is_wrong()
    {
        var filter = Results.Use(PluginKind.Augmenter, "filter");
        Refused(Spec() with { Arms = [] }, "no arm");
        Refused(Spec() with { Seeds = [] }, "no seed");
        Refused(Spec() with { Seeds = [1, 1] }, "seed 1 stands 2 times");
        Refused(Spec() with { Evaluations = [] }, "no evaluator");
        Refused(Spec() with { Arms = [new("a", Loss("long"), []), new("a", Loss("long"), [])] }, "arm a stands 2 times");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [filter])] }, "Baseline.arm");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [filter], "b")] }, "\"b\" as its baseline");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [filter], "b"), new("b", Loss("long"), [filter], "a")] }, "a → b → a");
        Refused(Spec() with { Train = new PairFile(Path.Combine(Folder, "missing.jsonl")) }, "missing.jsonl");
        Refused(
            Spec() with
            {
                Arms = [new("pairs", new InlineUse(PluginKind.Loss, "inline", new PairwiseLoss(), "1"), [])],
                Evaluations = [.. Spec().Evaluations, new(new InlineUse(PluginKind.Evaluator, "one-by-one", new OneByOne(), "1"), null)],
            },
            "The arm \"pairs\" trains a pairwise model, which says which of two responses is better, and the evaluator one-by-one needs a reward for each response.");

        ArmSpec policy = new("dpo", new InlineUse(PluginKind.Loss, "inline", new PolicyLoss(), "1"), []);
        const string add = "add Score.implicitReward () to its steps.";
        Refused(Spec() with { Arms = [policy] }, $"The arm \"dpo\" trains a language model by a loss that reads no reward, and the evaluator accuracy needs one. Let the arm score by its implicit reward: {add}");
        Refused(Spec() with { Arms = [policy], Training = new() { Keep = KeepModel.BestAccuracy } }, "KeepModel.BestAccuracy chooses by the accuracy of rewards. Choose KeepModel.LowestLoss.");
        Refused(Spec() with { Arms = [policy with { Composer = Results.Use(PluginKind.Composer, "turned") }] }, add);
        Refused(
            Spec() with { Arms = [policy, new("filtered", Loss("long"), [filter], "dpo")], Evaluations = [new(new InlineUse(PluginKind.Evaluator, "reader", new Reader(), "1"), Spec().Evaluations[0].Pairs)] },
            $"The arm \"filtered\" filters with the arm \"dpo\", which trains a language model by a loss that reads no reward. Let that one score by its implicit reward: {add}");

        var asking = new InlineUse(PluginKind.Augmenter, "asking", new AskingAugmenter(), "1");
        var previous = new Dictionary<string, ModelSpec> { ["previous"] = Spec().Model };
        Refused(Spec() with { Arms = [new("a", Loss("long"), [asking])] }, "uses the augmenter asking, which asks for a language model under the name \"previous\", and the arm names none. Add Policy.named \"previous\" MODEL to its steps.");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [asking]) { Policies = new Dictionary<string, ModelSpec>(previous) { ["last"] = Spec().Model } }] }, "names a language model \"last\" that none of its augmenters asks for; they ask for previous.");
        Refused(Spec() with { Arms = [new("a", Loss("long"), []) { Policies = previous }] }, "names a language model \"previous\" that none of its augmenters asks for.");

        void Refused(ExperimentSpec spec, string message) =>
            Assert.That(() => Run(spec), Throws.TypeOf<RewardKitException>().With.Message.Contains(message).And.Property("ExitCode").EqualTo(2));
    }

    [Test]
    public void A_plugin_that_throws_is_named_with_its_run()
    {
        Models.WhileTraining = () => throw new InvalidOperationException("no such thing");
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.EqualTo(
            "The arm \"arm\" with seed 1 failed: InvalidOperationException: no such thing\n"
            + "The arm \"arm\" with seed 2 failed: InvalidOperationException: no such thing").And.Property("ExitCode").EqualTo(1));
    }

    [Test]
    public void A_run_that_fails_does_not_keep_the_others_from_their_end()
    {
        var times = 0;
        Models.WhileTraining = () => { if (++times == 1) throw new InvalidOperationException("no such thing"); };
        var result = Run(Spec());
        Assert.That(result.Failures.Select(f => (f.Arm, f.Seed, f.Message)), Is.EqualTo(new[]
        {
            ("arm", (int?)1, "The arm \"arm\" with seed 1 failed: InvalidOperationException: no such thing"),
        }));
        Assert.That(result.Runs.Select(r => r.Seed), Is.EqualTo(new int?[] { 2 }));
        Assert.That(result.Trivial, Has.Count.EqualTo(2));
        Assert.That(Run(Spec()).Runs.Select(r => r.Reused), Is.EqualTo(new[] { false, true }), "and is tried again");
    }

    [Test]
    public void Wrong_input_that_only_a_run_finds_ends_the_experiment()
    {
        Models.WhileTraining = () => throw RewardKitException.Input("The tensors do not fit.");
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.EqualTo("The tensors do not fit."));
        Assert.That(Models.Trained, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_file_that_a_plugin_misses_is_not_taken_for_one_of_the_store()
    {
        Models.WhileTraining = () => File.ReadAllText(Path.Combine(Folder, "words.txt"));
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(
            "The arm \"arm\" with seed 1 failed: FileNotFoundException: ").And.Message.Contains("words.txt"));
    }

    [Test]
    public void Two_processes_do_not_run_the_same_experiment_at_once()
    {
        Models.WhileTraining = () => new ExperimentRunner(Plugins, new FakeModels()).Run(Spec(), new(), new Silent());
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.Contains("another process"));
    }

    private sealed class PairwiseLoss : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Preferences;

        public LossResult Compute(PairBatch batch, PairForward forward) => throw new InvalidOperationException();
    }

    private sealed class PolicyLoss : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs;

        public LossResult Compute(PairBatch batch, PairForward forward) => throw new InvalidOperationException();
    }

    private sealed class AskingAugmenter : IAugmenter
    {
        public AugmenterNeeds Needs => AugmenterNeeds.Policies;

        public IReadOnlyList<string> Policies => ["previous"];

        public IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, CancellationToken cancellation) => examples;
    }

    private sealed class Reader : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) => throw new InvalidOperationException();
    }

    private sealed class OneByOne : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Rewards;

        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) => throw new InvalidOperationException();
    }
}
