using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.ProcessReward;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>Labels of steps from the data to the reward within a response, on a small random Llama.</summary>
public class ProcessRewardOnAModelTests
{
    // Every step is right until one says "bad"; each prompt has a right and a wrong answer.
    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 12).Select(i =>
        {
            var good = StepLabels.OfPieces([("a good step", 1), ($"and {i}", 1), ("good", 1)], "\n");
            var bad = StepLabels.OfPieces(i % 2 == 0 ? [("a good step", 1), ($"bad {i}", 0), ("good", 0)] : [("bad", 0), ($"and {i}", null), ("and on", 0)], "\n");
            return new PreferenceExample($"pair-{i}", Conversation.User($"What is {i}?"), Conversation.Assistant(good.Text), Conversation.Assistant(bad.Text), new("test", i))
            {
                ChosenSteps = good.Labels,
                RejectedSteps = bad.Labels,
            };
        }),
    ];

    [Test]
    public void The_rewards_of_steps_are_those_of_the_tokens_at_their_ends_and_what_is_scored_there()
    {
        using var scope = torch.NewDisposeScope();
        var encoder = PairEncoder.Create(Small.Llama);
        using var model = RewardModel.Create(Small.Llama, new(), 1);
        // One prompt in two pairs, with a response in both; and a response without labels between others.
        PreferenceExample[] pairs = [Pairs[0], Pairs[1] with { ChosenSteps = null }, Pairs[2], Pairs[0] with { Id = "again", Rejected = Pairs[1].Rejected, RejectedSteps = Pairs[1].RejectedSteps }];
        var encoded = new EncodedPairs(pairs, encoder, ForwardNeeds.StepRewards | ForwardNeeds.TokenRewards);
        var batch = PairBatcher.Rows([.. encoded], new(0, 1, 1), encoded.Totals([0, 1, 2, 3]), torch.CPU);
        var forward = Trainer.Forward(model, [.. encoded], ForwardNeeds.StepRewards | ForwardNeeds.TokenRewards, Precision.OfWeights, null, _ => true);
        var places = pairs.SelectMany(p => (PlaceRequest[])[Place(p.Prompt, p.Chosen, p.ChosenSteps), Place(p.Prompt, p.Rejected, p.RejectedSteps)]).ToArray();
        var scored = new Scorer("it", model, encoder).ScoreAt(places).SelectMany(rewards => rewards).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(Numbers(forward.StepRewards), Is.EqualTo(scored).Within(1e-5));
            Assert.That(Numbers(batch.StepLabels), Is.EqualTo(pairs.SelectMany(p => (p.ChosenSteps ?? new([])).Concat(p.RejectedSteps!)).Select(label => label.Right)));
            Assert.That(batch.StepCounts.data<long>().ToArray(), Is.EqualTo((long[])[3, 2, 0, 3, 3, 2, 3, 3]));
            Assert.That(batch.Totals.StepLabels, Is.EqualTo(19));
            Assert.That(forward.StepRewards.requires_grad);
        });

        static PlaceRequest Place(Conversation prompt, Conversation response, StepLabels? steps) => new(prompt, response, [.. (steps ?? new([])).Select(step => step.End)]);
    }

    [TestCase(MeanOver.Steps)]
    [TestCase(MeanOver.Solutions)]
    public void Steps_are_told_apart_and_parts_of_a_batch_make_the_whole(MeanOver over)
    {
        var encoder = PairEncoder.Create(Small.Llama);
        var options = new TrainingOptions { BatchSize = 12, Epochs = 60, LearningRate = 1e-2, WarmupRatio = 0 };
        using var model = RewardModel.Create(Small.Llama, new(), 1);
        using var inParts = RewardModel.Create(Small.Llama, new(), 1);
        var log = Trainer.Train(model, new ProcessRewardLoss(new() { MeanOver = over }), Pairs, encoder, options, seed: 1);
        var parts = Trainer.Train(inParts, new ProcessRewardLoss(new() { MeanOver = over }), Pairs, encoder, options with { MicroBatchSize = 5, Epochs = 1 }, seed: 1);

        var rewards = new Scorer("it", model, encoder).ScoreAt([new(Pairs[1].Prompt, Pairs[1].Rejected, [.. Pairs[1].RejectedSteps!.Select(step => step.End)])])[0];
        Assert.Multiple(() =>
        {
            Assert.That(log.Steps[^1].Metrics["step-accuracy"], Is.EqualTo(1).Within(1e-9));
            Assert.That(rewards[0], Is.GreaterThan(1), "right so far");
            Assert.That(rewards.Skip(1), Has.All.LessThan(-1), "wrong from here on");
            Assert.That(parts.Steps[0].Metrics["loss"], Is.EqualTo(log.Steps[0].Metrics["loss"]).Within(1e-6));
            Assert.That(parts.Steps[0].GradNorm, Is.EqualTo(log.Steps[0].GradNorm).Within(1e-5));
        });
    }

    [Test]
    public void Pairs_without_labels_are_refused()
    {
        using var model = RewardModel.Create(Small.Llama, new(), 1);
        Assert.That(
            () => Trainer.Train(model, new ProcessRewardLoss(new()), Small.Pairs, PairEncoder.Create(Small.Llama), new(), seed: 1),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("none of the 24 pairs has one"));
    }

    [Test]
    public void Labels_of_another_text_are_refused()
    {
        using var model = RewardModel.Create(Small.Llama, new(), 1);
        var changed = Pairs[0] with { Chosen = Conversation.Assistant("short") };
        Assert.That(
            () => Trainer.Train(model, new ProcessRewardLoss(new()), [changed], PairEncoder.Create(Small.Llama), new(), seed: 1),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("pair-1 has a label at 22 of a response of 5 characters"));
    }

    [Test]
    public void Labels_behind_the_cut_are_left_out_and_of_those_in_one_token_the_last_counts()
    {
        var (whole, cut) = (PairEncoder.Create(Small.Llama), PairEncoder.Create(Small.Llama with { MaxResponseTokens = 6 }));
        var (prompt, response) = (Pairs[0].Prompt, Pairs[0].Chosen);
        int[] ends = [.. Enumerable.Range(1, response.LastContent.Length)];
        var tokens = whole.TokensAt(prompt, response, ends);
        var inside = Array.FindIndex(ends, end => end < ends.Length && tokens[end - 1] == tokens[end]);
        Assert.That(inside, Is.Not.Negative, "a token of two characters");
        var pair = Pairs[0] with { ChosenSteps = new([new(ends[inside], 0), new(ends[inside] + 1, 1), new(ends.Length, 0.5)]) };

        var labels = new EncodedPairs([pair], whole, ForwardNeeds.StepRewards)[0].ChosenLabels;
        var left = new EncodedPairs([pair], cut, ForwardNeeds.StepRewards)[0].ChosenLabels;

        Assert.That(labels, Is.EqualTo((TokenLabel[])[new(tokens[inside], 1), new(tokens[^1], 0.5)]));
        Assert.That(left, Is.EqualTo(labels.Where(label => label.Token < 5)), "five tokens and the end");
        Assert.That(left.Count, Is.LessThan(labels.Count));
    }

    private static double[] Numbers(torch.Tensor tensor) => tensor.detach().to(torch.ScalarType.Float64).data<double>().ToArray();
}
