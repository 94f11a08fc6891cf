using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.HafRm;
using RewardKit.Torch;
using RewardKit.Training.Data;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>The loop on a small random Llama and real pairs.</summary>
public class TrainerTests
{
    private static readonly ModelSpec Spec = Small.Llama;

    private static readonly IReadOnlyList<PreferenceExample> Pairs = Small.Pairs;

    private static readonly TrainingOptions Options = new() { BatchSize = 8, Epochs = 2, LearningRate = 1e-3, WarmupRatio = 0 };

    private static BradleyTerryLoss BradleyTerry => new();

    private static (TrainingLog Log, Dictionary<string, float[]> Weights) Train(
        ILoss loss, TrainingOptions options, IReadOnlyList<PreferenceExample>? pairs = null, RewardHead? head = null, int seed = 1,
        CancellationToken cancellation = default)
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, head ?? loss.Head, seed);
        var log = Trainer.Train(model, loss, pairs ?? Pairs, PairEncoder.Create(Spec), options, seed, new() { Cancellation = cancellation });
        return (log, model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().data<float>().ToArray()));
    }

    private static Dictionary<string, float[]> Untrained(RewardHead head, int seed = 1)
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, head, seed);
        return model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().data<float>().ToArray());
    }

    [Test]
    public void The_same_seed_gives_the_same_weights_to_the_last_bit_and_another_seed_others()
    {
        var first = Train(BradleyTerry, Options);
        var again = Train(BradleyTerry, Options);
        var other = Train(BradleyTerry, Options, seed: 2);
        Assert.That(again.Weights, Is.EqualTo(first.Weights));
        Assert.That(again.Log.Steps.Select(s => s.Metrics["loss"]), Is.EqualTo(first.Log.Steps.Select(s => s.Metrics["loss"])));
        Assert.That(other.Weights["score.weight"], Is.Not.EqualTo(first.Weights["score.weight"]));
    }

    // Twenty pairs: the last batch is short, and with 3 the last pass of each batch, too.
    [TestCase(1)]
    [TestCase(3)]
    public void A_step_accumulated_from_parts_is_the_step_of_the_whole_batch(int size)
    {
        var pairs = Pairs.Take(20).ToArray();
        var whole = Train(BradleyTerry, Options, pairs);
        var accumulated = Train(BradleyTerry, Options with { MicroBatchSize = size }, pairs);
        foreach (var (a, b) in whole.Log.Steps.Zip(accumulated.Log.Steps))
        {
            Assert.That(b.Metrics["loss"], Is.EqualTo(a.Metrics["loss"]).Within(1e-5));
            Assert.That(b.GradNorm, Is.EqualTo(a.GradNorm).Within(1e-4 * (1 + a.GradNorm)));
        }
        Assert.That(whole.Log.Steps, Has.Count.EqualTo(6));
    }

    [Test]
    public void Learns_a_few_pairs_by_heart()
    {
        var (log, _) = Train(BradleyTerry, Options with { Epochs = 60, LearningRate = 5e-3 }, Pairs.Take(8).ToArray());
        Assert.That(log.Steps[^1].Metrics["loss"], Is.LessThan(0.05));
        Assert.That(log.Steps[^1].Metrics["acc.scalar"], Is.EqualTo(1));
    }

    [Test]
    public void Haf_rm_starts_at_ln_2_for_each_of_its_losses()
    {
        var (log, _) = Train(new HafRmLoss(new HafRmOptions()), Options);
        Assert.That(log.Steps[0].Metrics["loss.reward"], Is.EqualTo(Math.Log(2)).Within(1e-6));
        Assert.That(log.Steps[0].Metrics["loss.policy"], Is.EqualTo(Math.Log(2)).Within(1e-6));
        Assert.That(log.Steps[0].Metrics["loss"], Is.EqualTo(1.2 * Math.Log(2)).Within(1e-6));
    }

    [Test]
    public void With_a_zero_head_the_first_step_of_the_reward_loss_moves_the_head_alone()
    {
        var loss = new HafRmLoss(new HafRmOptions { Alpha = 0 });
        var start = Untrained(loss.Head);
        var (_, weights) = Train(loss, Options with { Epochs = 1, BatchSize = Pairs.Count });
        foreach (var (name, values) in weights.Where(w => !w.Key.StartsWith("score.", StringComparison.Ordinal)))
            Assert.That(values, Is.EqualTo(start[name]), name);
        Assert.That(weights["score.weight"], Is.Not.EqualTo(start["score.weight"]));
    }

    [Test]
    public void With_the_policy_loss_the_first_step_reaches_the_body()
    {
        var loss = new HafRmLoss(new HafRmOptions());
        var start = Untrained(loss.Head);
        var (_, weights) = Train(loss, Options with { Epochs = 1, BatchSize = Pairs.Count });
        Assert.That(weights["model.layers.0.self_attn.q_proj.weight"], Is.Not.EqualTo(start["model.layers.0.self_attn.q_proj.weight"]));
    }

    [Test]
    public void Haf_rm_without_its_policy_loss_is_bradley_terry_to_the_last_bit()
    {
        var head = new RewardHead(ZeroInit: true, Bias: true);
        var plain = Train(BradleyTerry, Options, head: head);
        var haf = Train(new HafRmLoss(new HafRmOptions { Alpha = 0 }), Options, head: head);
        Assert.That(haf.Weights, Is.EqualTo(plain.Weights));
    }

    [Test]
    public void Losses_see_ties_lengths_and_the_step()
    {
        var probe = new ProbeLoss();
        var ties = Pairs.Take(4).Select((p, i) => p with { Relation = i % 2 == 0 ? Relation.Tie : Relation.Preferred }).ToArray();
        Train(probe, Options with { BatchSize = 4, Epochs = 2 }, ties);
        var encoder = PairEncoder.Create(Spec);
        Assert.That(probe.Steps, Is.EqualTo(new[] { new TrainingStep(0, 2, 1), new TrainingStep(1, 2, 1) }));
        foreach (var (example, tie, chosen, rejected) in probe.Rows)
        {
            Assert.That(tie, Is.EqualTo(example.Relation == Relation.Tie));
            Assert.That(chosen, Is.EqualTo(encoder.EncodeResponse(example.Prompt, example.Chosen).Ids.Length));
            Assert.That(rejected, Is.EqualTo(encoder.EncodeResponse(example.Prompt, example.Rejected).Ids.Length));
        }
    }

    [Test]
    public void A_loss_that_is_no_number_stops_the_run_and_names_the_batch()
    {
        var error = Assert.Throws<RewardKitException>(() => Train(new ProbeLoss { Factor = double.NaN }, Options, Pairs.Take(3).ToArray()))!;
        Assert.That(error.ExitCode, Is.EqualTo(1));
        Assert.That(error.Message, Does.Contain("step 1 of 2").And.Contain(Pairs[0].Id));
    }

    [Test]
    public void A_prompt_without_responses_is_nothing_to_train_on()
    {
        var alone = Pairs[1] with { Chosen = new([]), Rejected = new([]) };
        Assert.That(Assert.Throws<RewardKitException>(() => Train(BradleyTerry, Options, [Pairs[0], alone]))!.Message, Does.Contain($"{alone.Id}: it is a prompt without responses"));
    }

    [Test]
    public void Nothing_to_train_on_is_an_input_error() =>
        Assert.That(Assert.Throws<RewardKitException>(() => Train(BradleyTerry, Options, []))!.ExitCode, Is.EqualTo(2));

    [Test]
    public void Stops_when_cancelled() =>
        Assert.Throws<OperationCanceledException>(() => Train(BradleyTerry, Options, cancellation: new CancellationToken(true)));

    [Test]
    public void Leaves_no_tensor_alive()
    {
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        var loss = new HafRmLoss(new HafRmOptions());
        Trainer.Train(model, loss, Pairs, PairEncoder.Create(Spec), Options, 1);
        model.zero_grad();
        var before = LiveTensors.Count;
        Trainer.Train(model, loss, Pairs, PairEncoder.Create(Spec), Options, 1);
        model.zero_grad();
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    [Test]
    public void Says_how_many_texts_were_cut()
    {
        var encoder = PairEncoder.Create(Spec);
        var (log, _) = Train(BradleyTerry, Options with { Epochs = 1 });
        Assert.That(log.TruncatedPrompts, Is.EqualTo(Pairs.Count(p => encoder.EncodePrompt(p.Prompt).Truncated)).And.GreaterThan(0));
        Assert.That(log.TruncatedResponses, Is.GreaterThan(0));
    }

    [Test]
    public void Pairs_with_too_many_tokens_are_cut_dropped_or_refused_and_counted()
    {
        var encoder = PairEncoder.Create(Spec);
        var fitting = Pairs.Count(p => !(encoder.EncodePrompt(p.Prompt).Truncated
            || encoder.EncodeResponse(p.Prompt, p.Chosen).Truncated || encoder.EncodeResponse(p.Prompt, p.Rejected).Truncated));
        Assert.That(fitting, Is.InRange(1, Pairs.Count - 1));
        var probe = new ProbeLoss();
        var (log, _) = Train(probe, Options with { Epochs = 1, TooLong = TooLong.Drop }, head: new RewardHead());
        Assert.Multiple(() =>
        {
            Assert.That((probe.Rows.Count, log.DroppedPairs, log.TruncatedPrompts), Is.EqualTo((fitting, Pairs.Count - fitting, 0L)));
            var refused = Assert.Throws<RewardKitException>(() => Train(probe, Options with { TooLong = TooLong.Refuse }))!;
            Assert.That(refused.ExitCode, Is.EqualTo(2));
            Assert.That(refused.Message, Does.StartWith($"{Pairs.Count - fitting} of {Pairs.Count} training pairs have more than 48 tokens in the prompt or 32 in a response, first "));
        });
    }

    private sealed class ProbeLoss : ILoss
    {
        public double Factor { get; init; } = 1;

        public List<TrainingStep> Steps { get; } = [];

        public List<(PreferenceExample Example, bool Tie, long Chosen, long Rejected)> Rows { get; } = [];

        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            Steps.Add(batch.Step);
            for (var i = 0; i < batch.Pairs; i++)
                Rows.Add((batch.Examples[i], batch.Ties[i].item<bool>(), batch.ResponseLengths[i, 0].item<long>(), batch.ResponseLengths[i, 1].item<long>()));
            return new((forward.Rewards * Factor).sum());
        }
    }
}
