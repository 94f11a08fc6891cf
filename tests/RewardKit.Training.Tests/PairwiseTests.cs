using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>Models that read both responses of a pair in one text.</summary>
public class PairwiseTests
{
    private static readonly ModelSpec Spec = Small.Pairwise;

    private static readonly TrainingOptions Options = new() { BatchSize = 8, Epochs = 2, LearningRate = 1e-3, WarmupRatio = 0 };

    private static (TrainingLog Log, double[] Margins, List<TrainingProgress> Reports) Train(
        ILoss loss, TrainingOptions options, ModelSpec? spec = null, IReadOnlyList<PreferenceExample>? pairs = null,
        IReadOnlyList<PreferenceExample>? held = null, IReadOnlyList<PreferenceExample>? validation = null)
    {
        spec ??= Spec;
        pairs ??= Small.Pairs;
        var reports = new List<TrainingProgress>();
        using var model = RewardModel.Create(spec, loss.Head, 1);
        var encoder = PairEncoder.Create(spec);
        var log = Trainer.Train(model, loss, pairs, encoder, options, 1, new() { Progress = new Watcher(reports.Add), Validation = validation });
        return (log, [.. new PairScorer("trained", model, encoder).ScorePairs(held ?? pairs).Select(s => s.Margin)], reports);
    }

    [TestCase(1)]
    [TestCase(3)]
    public void A_step_accumulated_from_parts_is_the_step_of_the_whole_batch(int size)
    {
        var loss = new PairwiseLoss(new() { Ties = TieTarget.ThirdLabel });
        PreferenceExample[] pairs = [.. Small.Pairs.Take(20).Select((p, i) => i % 3 == 0 ? p with { Relation = Relation.Tie } : p)];
        var whole = Train(loss, Options, pairs: pairs);
        var accumulated = Train(loss, Options with { MicroBatchSize = size }, pairs: pairs);
        foreach (var (a, b) in whole.Log.Steps.Zip(accumulated.Log.Steps))
        {
            Assert.That(b.Metrics["loss"], Is.EqualTo(a.Metrics["loss"]).Within(1e-5));
            Assert.That(b.GradNorm, Is.EqualTo(a.GradNorm).Within(1e-4 * (1 + a.GradNorm)));
        }
        Assert.That(accumulated.Margins, Is.EqualTo(whole.Margins).Within(1e-3));
    }

    [Test]
    public void Learns_which_response_has_a_word_wherever_it_stands()
    {
        var spec = Spec with
        {
            Configuration = Spec.Configuration! with { HiddenSize = 32, IntermediateSize = 64 },
            Pairs = Spec.Pairs! with { Layout = "Q{context} one {first} two {second} so", Turn = " {content}" },
        };
        string[] words = ["day", "play", "mom", "you", "they", "big", "friend", "little", "time", "had", "there", "want", "saw", "very"];
        var random = new Random(1);
        string Some(int count) => string.Join(' ', random.GetItems(words, count));
        PreferenceExample[] pairs = [.. Enumerable.Range(0, 400).Select(i => new PreferenceExample(
            $"p{i}", Conversation.User(Some(1)), Conversation.Assistant($"{Some(1)} happy {Some(1)}"), Conversation.Assistant($"{Some(1)} {Some(1)} {Some(1)}"), new("toy", i)))];

        var (log, margins, reports) = Train(
            new PairwiseLoss(new()), Options with { BatchSize = 16, Epochs = 10, LearningRate = 5e-3 }, spec, pairs[..300], pairs[300..], pairs[300..320]);

        Assert.That(margins.Average(m => m > 0 ? 1.0 : 0), Is.GreaterThan(0.9));
        Assert.That(log.Steps[0].Metrics["loss"], Is.EqualTo(Math.Log(2)).Within(0.1));
        var last = reports[^1].Step!;
        Assert.That(last.Rewards!.Accuracy, Is.GreaterThan(0.8), "of the step's pairs");
        Assert.That(last.Validation!.Metrics["eval/accuracy"], Is.GreaterThan(0.8));
        Assert.That(last.Validation.Samples[0].Chosen - last.Validation.Samples[0].Rejected, Is.EqualTo(margins[0]).Within(1e-3), "in both orders, as when it scores");
    }

    [Test]
    public void A_loss_sees_the_replies_by_response_and_not_by_place()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new(), 1);
        var encoder = PairEncoder.Create(Spec);
        const ForwardNeeds Needs = ForwardNeeds.Preferences | ForwardNeeds.TiePreference;
        var pairs = new EncodedPairs([.. Small.Pairs.Take(3)], encoder, Needs).ToArray();
        var exchanged = new EncodedPairs([.. Small.Pairs.Take(3).Select(p => p with { Chosen = p.Rejected, Rejected = p.Chosen })], encoder, Needs).ToArray();

        var first = Trainer.Forward(model, pairs, Needs, Precision.OfWeights, null, _ => true);
        var second = Trainer.Forward(model, pairs, Needs, Precision.OfWeights, null, _ => false);
        var other = Trainer.Forward(model, exchanged, Needs, Precision.OfWeights, null, _ => false);

        Assert.That(first.Preferences.shape, Is.EqualTo(new long[] { 3, 2 }));
        Assert.That(Values(first.Preferences), Is.Not.EqualTo(Values(second.Preferences)).Within(1e-4), "the order matters to an untrained model");
        // The same texts: the chosen response of one is the rejected one of the other.
        Assert.That(Values(other.Preferences.flip(1)), Is.EqualTo(Values(first.Preferences)).Within(1e-6));
        Assert.That(Values(other.TiePreference), Is.EqualTo(Values(first.TiePreference)).Within(1e-6));
        var mean = PairTexts.Scores(first, second).Select(s => s.Margin);
        var scored = new PairScorer("model", model, encoder).ScorePairs([.. Small.Pairs.Take(3)]).Select(s => s.Margin);
        Assert.That(scored, Is.EqualTo(mean).Within(1e-5));
    }

    [Test]
    public void The_place_is_a_fair_coin_for_each_pair_and_step()
    {
        for (var seed = 0; seed < 3; seed++)
        {
            Assert.That(Share(i => PairTexts.ChosenFirst(seed, 0, i)), Is.EqualTo(0.5).Within(0.03), "over pairs");
            Assert.That(Share(i => PairTexts.ChosenFirst(seed, i, 7)), Is.EqualTo(0.5).Within(0.03), "over steps");
            Assert.That(Share(i => PairTexts.ChosenFirst(seed, 0, i) == PairTexts.ChosenFirst(seed, 1, i)), Is.EqualTo(0.5).Within(0.03), "anew in each step");
            Assert.That(Share(i => PairTexts.ChosenFirst(seed, 0, i) == PairTexts.ChosenFirst(seed + 1, 0, i)), Is.EqualTo(0.5).Within(0.03), "another seed");
        }

        static double Share(Func<int, bool> coin) => Enumerable.Range(0, 4000).Average(i => coin(i) ? 1.0 : 0);
    }

    [Test]
    public void What_does_not_fit_together_is_refused_before_the_first_step()
    {
        using var pairwise = RewardModel.Create(Spec, new(), 1);
        using var scalar = RewardModel.Create(Small.Llama, new(), 1);
        var encoder = PairEncoder.Create(Spec);
        Refused(pairwise, new BradleyTerryLoss(), "pairwise one, which has none");
        Refused(scalar, new PairwiseLoss(new()), "no pairwise one");
        Refused(pairwise, new Both(), "gives each response a reward of its own");
        var unknown = Spec with { Pairs = Spec.Pairs! with { Tie = "Same" } };
        using var withoutTie = RewardModel.Create(unknown, new(), 1);
        Assert.That(withoutTie.PairLabels!.Value.Tie, Is.Null);
        Assert.That(
            () => Trainer.Train(withoutTie, new PairwiseLoss(new() { Ties = TieTarget.ThirdLabel }), Small.Pairs, PairEncoder.Create(unknown), Options, 1),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("The label \"Same\" of a pairwise model is"));

        void Refused(RewardModel model, ILoss loss, string why) => Assert.That(
            () => Trainer.Train(model, loss, Small.Pairs, encoder, Options, 1), Throws.TypeOf<RewardKitException>().With.Message.Contains(why));
    }

    [Test]
    public void A_step_leaves_no_tensor_behind()
    {
        using var model = RewardModel.Create(Spec, new(), 1);
        var encoder = PairEncoder.Create(Spec);
        Trainer.Train(model, new PairwiseLoss(new()), Small.Pairs, encoder, Options with { MaxSteps = 1 }, 1, new() { Validation = [.. Small.Pairs.Take(3)] });
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Trainer.Train(model, new PairwiseLoss(new()), Small.Pairs, encoder, Options with { MaxSteps = 2 }, 1, new() { Validation = [.. Small.Pairs.Take(3)] });
        new PairScorer("model", model, encoder).ScorePairs(Small.Pairs);
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }

    private static float[] Values(torch.Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    private sealed class Both : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Preferences | ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward) => throw new InvalidOperationException();
    }

    private sealed class Watcher(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
