using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.HafRm;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>Training an adapter on a real small base: stories260K.</summary>
public class LoraTrainingTests
{
    private static readonly ModelSpec Base = new()
    {
        Folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "stories260K"),
        MaxPromptTokens = 48,
        MaxResponseTokens = 32,
    };

    private static readonly ModelSpec Adapted = Base with { Lora = new() { Rank = 4, Alpha = 16 } };

    private static readonly TrainingOptions Options = new() { BatchSize = 3, Epochs = 4, LearningRate = 1e-2, WarmupRatio = 0 };

    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 6).Select(i => new PreferenceExample(
            $"pair-{i}", Conversation.User($"What is {i}?"), Conversation.Assistant($"It is the number {i}."),
            Conversation.Assistant($"{i} no."), new("test", i))),
    ];

    private static float[] Numbers(torch.Tensor tensor) => tensor.detach().flatten().data<float>().ToArray();

    private static Dictionary<string, float[]> Frozen(RewardModel model) =>
        model.named_parameters().Where(p => !p.parameter.requires_grad).ToDictionary(p => p.name, p => Numbers(p.parameter));

    private static (float[] Rewards, float[] LogProbs) Outputs(RewardModel model)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var encoder = PairEncoder.Create(Base);
        using var batch = new PackedBatch(
        [
            .. Pairs.Select(p => new PackedItem(
                encoder.EncodePrompt(p.Prompt).Ids,
                [encoder.EncodeResponse(p.Prompt, p.Chosen).Ids, encoder.EncodeResponse(p.Prompt, p.Rejected).Ids])),
        ]);
        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        return (Numbers(output.Rewards!), Numbers(output.ResponseLogProbs!));
    }

    // HAF-RM's invariant I9 among the rest: the reference is the untouched checkpoint, to the last bit.
    [Test]
    public void Training_moves_the_adapter_and_its_head_and_leaves_the_base_to_the_last_bit()
    {
        using var scope = torch.NewDisposeScope();
        var loss = new HafRmLoss(new HafRmOptions());
        using var untouched = RewardModel.Create(Base, loss.Head, 1);
        using var model = RewardModel.Create(Adapted, loss.Head, 1);
        var (reference, frozen) = (Outputs(untouched), Frozen(model));
        var trained = model.named_parameters().Where(p => p.parameter.requires_grad).ToDictionary(p => p.name, p => Numbers(p.parameter));

        var log = Trainer.Train(model, loss, Pairs, PairEncoder.Create(Base), Options, seed: 1);

        Assert.Multiple(() =>
        {
            Assert.That(log.Steps[0].Metrics["loss"], Is.EqualTo(1.2 * Math.Log(2)).Within(1e-6));
            Assert.That(log.Steps[^1].Metrics["loss"], Is.LessThan(0.5 * log.Steps[0].Metrics["loss"]));
            Assert.That(Frozen(model), Is.EqualTo(frozen));
            foreach (var (name, start) in trained.Where(t => t.Key != "adapter_score.default.bias"))
                Assert.That(Numbers(model.get_parameter(name)!), Is.Not.EqualTo(start), name);
            Assert.That(Outputs(model).LogProbs, Is.Not.EqualTo(reference.LogProbs).Within(0.1));
            using (model.DisableAdapters()) Assert.That(Outputs(model), Is.EqualTo(reference));
        });
    }

    [Test]
    public void The_reference_of_an_adapter_is_the_network_with_the_adapter_off()
    {
        using var scope = torch.NewDisposeScope();
        var dropping = Adapted with { Lora = Adapted.Lora! with { Dropout = 0.3 } };
        var probe = new References(new HafRmLoss(new HafRmOptions()));
        using var model = RewardModel.Create(dropping, probe.Head, 1);

        Trainer.Train(model, probe, Pairs, PairEncoder.Create(Base), Options, seed: 1);

        using var off = model.DisableAdapters();
        var expected = Outputs(model).LogProbs;
        Assert.That(probe.Seen, Has.Count.EqualTo(Options.Epochs * Pairs.Length));
        foreach (var (id, chosen, rejected) in probe.Seen)
        {
            var place = Array.FindIndex(Pairs, p => p.Id == id);
            Assert.That(new[] { chosen, rejected }, Is.EqualTo(expected[(2 * place)..(2 * place + 2)]).Within(1e-4), id);
        }
    }

    private sealed class References(ILoss inner) : ILoss
    {
        public List<(string Id, float Chosen, float Rejected)> Seen { get; } = [];

        public ForwardNeeds Needs => inner.Needs;

        public RewardHead Head => inner.Head;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            var rows = Numbers(forward.ReferenceLogProbs);
            Seen.AddRange(batch.Examples.Select((e, i) => (e.Id, rows[2 * i], rows[2 * i + 1])));
            return inner.Compute(batch, forward);
        }
    }

    [Test]
    public void Gradients_reach_every_factor_and_the_head_and_nothing_else()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Adapted, new(), 1);
        // B is zero at first, and A then has no gradient.
        using (torch.no_grad())
            foreach (var (_, b) in model.named_parameters().Where(p => p.name.EndsWith(".B", StringComparison.Ordinal))) b.fill_(0.01);
        using var batch = new PackedBatch([new([1, 403, 407], [[5, 6], [261, 2]])]);
        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        (output.Rewards!.sum() + output.ResponseLogProbs!.sum()).backward();

        Assert.Multiple(() =>
        {
            foreach (var (name, parameter) in model.named_parameters())
                if (parameter.requires_grad) Assert.That(parameter.grad?.abs().sum().item<float>(), Is.GreaterThan(0), name);
                else Assert.That(parameter.grad is null, name);
        });
    }

    [Test]
    public void The_trained_adapter_is_found_again_to_the_last_bit_and_trains_on()
    {
        using var scope = torch.NewDisposeScope();
        var folder = Directory.CreateTempSubdirectory("rewardkit-lora-").FullName;
        try
        {
            var loss = new BradleyTerryLoss();
            using var model = RewardModel.Create(Adapted, new(), 1);
            Trainer.Train(model, loss, Pairs, PairEncoder.Create(Base), Options, seed: 1);
            model.Save(Path.Combine(folder, "adapter"), PairEncoder.Create(Base));

            var spec = new ModelSpec { Folder = Path.Combine(folder, "adapter") };
            using var loaded = RewardModel.Create(spec, new(), 2);
            Assert.That(Outputs(loaded), Is.EqualTo(Outputs(model)));
            var frozen = Frozen(loaded);
            var log = Trainer.Train(loaded, loss, Pairs, PairEncoder.Create(spec), Options, seed: 2);
            Assert.That(log.Steps[^1].Metrics["loss"], Is.LessThan(log.Steps[0].Metrics["loss"]));
            Assert.That(Frozen(loaded), Is.EqualTo(frozen));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Dropout_follows_the_seed_of_the_training()
    {
        var dropping = Adapted with { Lora = Adapted.Lora! with { Dropout = 0.3 } };
        var (first, again, other) = (Losses(dropping, 1), Losses(dropping, 1), Losses(dropping, 2));

        Assert.That(again, Is.EqualTo(first));
        Assert.That(other, Is.Not.EqualTo(first));
        Assert.That(Losses(Adapted, 1), Is.Not.EqualTo(first));

        double[] Losses(ModelSpec spec, int seed)
        {
            using var scope = torch.NewDisposeScope();
            using var model = RewardModel.Create(spec, new(), 1);
            // One batch of all pairs, so that their order plays no part.
            var log = Trainer.Train(model, new BradleyTerryLoss(), Pairs, PairEncoder.Create(spec), Options with { BatchSize = 6 }, seed);
            return [.. log.Steps.Select(s => s.Metrics["loss"])];
        }
    }
}
