using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using TorchSharp;

namespace RewardKit.Hosting.Tests.Experiments;

public class TorchModelsTests
{
    private static readonly ModelSpec Tiny = new()
    {
        Configuration = new()
        {
            VocabSize = 2048,
            HiddenSize = 16,
            IntermediateSize = 32,
            NumHiddenLayers = 1,
            NumAttentionHeads = 2,
            NumKeyValueHeads = 2,
            MaxPositionEmbeddings = 64,
        },
        Tokenizer = Path.Combine(TestContext.CurrentContext.TestDirectory, "tokenizer"),
    };

    private readonly TorchModels _models = new();
    private string _folder = "";

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("rewardkit-test-").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    [Test]
    public void The_same_training_twice_gives_the_same_log_and_scores_to_the_last_bit()
    {
        var first = TrainAndScore("first", seed: 1);
        var second = TrainAndScore("second", seed: 1);
        Assert.That(second.Losses, Is.EqualTo(first.Losses));
        Assert.That(second.Scores, Is.EqualTo(first.Scores));
    }

    [Test]
    public void Another_seed_gives_another_model()
    {
        Assert.That(TrainAndScore("second", seed: 2).Scores, Is.Not.EqualTo(TrainAndScore("first", seed: 1).Scores));
    }

    [Test]
    public void A_loaded_model_has_learned_what_was_trained()
    {
        var scores = TrainAndScore("first", seed: 1).Scores;
        Assert.That(scores.Count(s => s.Margin > 0), Is.EqualTo(scores.Count));
    }

    [Test]
    public void An_adapter_is_trained_saved_and_found_again()
    {
        var folder = Path.Combine(_folder, "base");
        using (var start = CausalModel.Create(Tiny, 1)) start.Save(folder, RewardKit.Models.Tokenization.PairEncoder.Create(Tiny));

        var (losses, scores) = TrainAndScore("adapter", seed: 1, new ModelSpec { Folder = folder, Lora = new() { Rank = 4 } });

        Assert.That(losses[^1], Is.LessThan(losses[0]));
        Assert.That(scores.Count(s => s.Margin > 0), Is.EqualTo(scores.Count));
        Assert.That(File.Exists(Path.Combine(_folder, "adapter", "adapter_config.json")));
        Assert.That(File.Exists(Path.Combine(_folder, "adapter", "model.safetensors")), Is.False);
    }

    private (double[] Losses, IReadOnlyList<PairScore> Scores) TrainAndScore(string name, int seed, ModelSpec? start = null)
    {
        PreferenceExample[] pairs = [.. Enumerable.Range(0, 24).Select(i => Results.Pair($"{i}", $"question {i}", "No, I will not.", $"Sure, do {i}."))];
        var checkpoint = Path.Combine(_folder, name);
        var log = _models.Train(
            start ?? Tiny, new BradleyTerry(), pairs, new TrainingOptions { Epochs = 4, BatchSize = 8, LearningRate = 0.01 }, seed, checkpoint, new());
        using var model = _models.Load(name, checkpoint, null);
        return ([.. log.Steps.Select(s => s.Metrics["loss"])], model.ScorePairs(pairs));
    }

    private sealed class BradleyTerry : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            var sides = forward.Rewards.unbind(1);
            return new(-torch.nn.functional.logsigmoid(sides[0] - sides[1]).mean());
        }
    }
}
