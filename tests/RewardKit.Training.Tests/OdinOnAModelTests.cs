using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.Odin;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>What ODIN (arXiv:2402.07319) demands of model, loop and scorer together, on a small random Llama.</summary>
public class OdinOnAModelTests
{
    // The better answer is the longer one in three of four pairs, and has a word of its own in all.
    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 16).Select(i => new PreferenceExample(
            $"pair-{i}", Conversation.User($"What is {i}?"), Conversation.Assistant(Of(i % 4 == 0 ? i % 3 : 6 + i % 5, "good")),
            Conversation.Assistant(Of(i % 4 == 0 ? 6 + i % 5 : i % 3, "bad")), new("test", i))),
    ];

    private static string Of(int words, string last) => string.Concat(Enumerable.Repeat("and on ", words)) + last;

    [Test]
    public void Quality_learns_the_preferences_and_length_the_lengths_and_quality_alone_is_saved_as_the_reward()
    {
        using var scope = torch.NewDisposeScope();
        var (loss, encoder) = (new OdinLoss(new()), PairEncoder.Create(Small.Llama));
        using var model = RewardModel.Create(Small.Llama, loss.Head, 1);

        var log = Trainer.Train(model, loss, Pairs, encoder, new() { BatchSize = 16, Epochs = 120, LearningRate = 1e-2, WarmupRatio = 0 }, seed: 1);

        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        try
        {
            model.Save(Path.Combine(folder, "model"), encoder);
            using var saved = RewardModel.Load(Path.Combine(folder, "model"));
            var end = log.Steps[^1].Metrics;
            Assert.Multiple(() =>
            {
                Assert.That(end["corr.length"], Is.GreaterThan(0.9));
                Assert.That(Math.Abs(end["corr.quality"]), Is.LessThan(0.3));
                Assert.That(end["acc.scalar"], Is.GreaterThan(0.8), "length alone has 0.75");
                Assert.That(end["loss.orthogonality"], Is.LessThan(0.2));
                Assert.That(Scores(saved, encoder), Is.EqualTo(Scores(model, encoder)));
                Assert.That(Scores(saved, encoder).Chunk(2).Average(pair => pair[0] > pair[1] ? 1.0 : 0), Is.GreaterThan(0.8), "the reward is quality");
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void A_batch_in_parts_is_refused()
    {
        using var model = RewardModel.Create(Small.Llama, new(Outputs: 2), 1);
        Assert.That(
            () => Trainer.Train(model, new OdinLoss(new()), Pairs, PairEncoder.Create(Small.Llama), new() { BatchSize = 4, MicroBatchSize = 2 }, seed: 1),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("The loss odin compares the pairs of a batch with each other"));
    }

    private static IReadOnlyList<double> Scores(RewardModel model, PairEncoder encoder) => new Scorer("it", model, encoder).Score(
        [.. Pairs.SelectMany(p => (ScoreRequest[])[new(p.Prompt, p.Chosen), new(p.Prompt, p.Rejected)])]);
}
