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

    [Test]
    public void Adapters_of_one_base_score_side_by_side_as_they_do_alone_and_have_it_in_memory_once()
    {
        var folder = Path.Combine(_folder, "base");
        using (var start = CausalModel.Create(Tiny, 1)) start.Save(folder, RewardKit.Models.Tokenization.PairEncoder.Create(Tiny));
        var spec = new ModelSpec { Folder = folder, Lora = new() { Rank = 4, Dropout = 0.5 } };
        string[] names = ["one", "two", "three"];
        var alone = names.Select((name, i) => TrainAndScore(name, seed: i + 1, spec).Scores.Select(s => s.Chosen).ToArray()).ToArray();
        var requests = Enumerable.Range(0, 24).Select(i => new ScoreRequest(Conversation.User($"question {i}"), Conversation.Assistant("No, I will not."))).ToArray();

        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var members = new List<ITrainedModel>();
        var live = names.Select(name =>
        {
            members.Add(_models.Load(name, Path.Combine(_folder, name), null, members));
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
        }).ToArray();
        double[] Scores(int member) => [.. members[member].Score(requests)];
        var (first, third, second, again) = (Scores(0), Scores(2), Scores(1), Scores(0));
        var places = ((IPlaceScorer)members[1]).ScoreAt([.. requests.Select(request => new PlaceRequest(request.Prompt, request.Response, [3]))]);
        members[0].Dispose();
        var left = Scores(2);
        members[2].Dispose();
        members[1].Dispose();

        Assert.Multiple(() =>
        {
            Assert.That(new[] { first, second, third }, Is.EqualTo(alone).Within(1e-6), "but for the rounding of other batches");
            Assert.That((again, left), Is.EqualTo((first, third)));
            Assert.That(places.Select(of => of[0]), Is.Unique.And.All.Not.NaN);
            Assert.That(live[1] - live[0], Is.EqualTo(live[2] - live[1]).And.EqualTo(2 * 7 + 1), "an adapter is two factors for each of seven layers, and a head");
            Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before), "with the last one the base is gone");
        });
    }

    [Test]
    public void What_is_no_adapter_of_the_same_base_stands_alone()
    {
        string Base(int seed)
        {
            var folder = Path.Combine(_folder, $"base {seed}");
            using var start = CausalModel.Create(Tiny, seed);
            start.Save(folder, RewardKit.Models.Tokenization.PairEncoder.Create(Tiny));
            return folder;
        }
        var one = TrainAndScore("one", 1, new ModelSpec { Folder = Base(1), Lora = new() { Rank = 4 } }).Scores;
        var other = TrainAndScore("other", 1, new ModelSpec { Folder = Base(2), Lora = new() { Rank = 4 } }).Scores;
        var whole = TrainAndScore("whole", 1).Scores;
        var members = new List<ITrainedModel>();
        foreach (var name in (string[])["one", "other", "whole"]) members.Add(_models.Load(name, Path.Combine(_folder, name), null, members));
        PreferenceExample[] pairs = [.. Enumerable.Range(0, 24).Select(i => Results.Pair($"{i}", $"question {i}", "No, I will not.", $"Sure, do {i}."))];
        Assert.That(members.Select(member => member.ScorePairs(pairs)), Is.EqualTo(new[] { one, other, whole }));
        members.ForEach(member => member.Dispose());
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
