using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.HafRm;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>What HAF-RM (arXiv:2407.04185) demands of model and loop together, on a small random Llama.</summary>
public class HafRmOnAModelTests
{
    private static readonly ModelSpec Spec = Small.Llama with
    {
        Configuration = Small.Llama.Configuration! with { TieWordEmbeddings = false, InitializerRange = 0.1 },
        MaxPromptTokens = null,
        MaxResponseTokens = null,
    };

    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 6).Select(i => new PreferenceExample(
            $"pair-{i}", Conversation.User($"What is {i}?"), Conversation.Assistant($"It is the number {i}."),
            Conversation.Assistant($"{i} no."), new("test", i))),
    ];

    [Test]
    public void The_gradients_of_both_losses_add_on_every_parameter()
    {
        const double alpha = 0.2;
        var (both, reward, policy) = (Gradients(1, alpha), Gradients(1, 0), Gradients(0, 1));
        Assert.Multiple(() =>
        {
            foreach (var (name, gradient) in both)
            {
                var largest = gradient.Max(MathF.Abs);
                // A constant added to every reward changes no loss.
                if (name == "score.bias") Assert.That(largest, Is.LessThan(1e-7));
                else Assert.That(largest, Is.GreaterThan(0), name);
                Assert.That(gradient, Is.EqualTo(reward[name].Zip(policy[name], (r, p) => r + alpha * p)).Within(1e-5 * largest + 1e-9), name);
            }
        });
    }

    [Test]
    public void The_reference_stays_the_starting_checkpoint_while_the_policy_moves()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        using var untrained = RewardModel.Create(Spec, new RewardHead(), 1);
        var start = Numbers(Forward(untrained).ResponseLogProbs);
        var probe = new ReferenceProbe();

        Trainer.Train(
            model, probe, Pairs, PairEncoder.Create(Spec), new() { BatchSize = 2, Epochs = 3, LearningRate = 1e-2, WarmupRatio = 0 }, seed: 1);

        var end = Numbers(Forward(model).ResponseLogProbs);
        Assert.That(probe.Seen, Has.Count.EqualTo(3 * Pairs.Length));
        foreach (var (place, pair) in Pairs.Index())
        {
            var seen = probe.Seen.Where(s => s.Id == pair.Id).Select(s => (s.Chosen, s.Rejected)).ToArray();
            Assert.That(seen, Is.All.EqualTo(seen[0]), pair.Id);
            Assert.That(new[] { seen[0].Chosen, seen[0].Rejected }, Is.EqualTo(start[(2 * place)..(2 * place + 2)]).Within(1e-4), pair.Id);
            Assert.That(end[2 * place], Is.Not.EqualTo(start[2 * place]).Within(0.1), pair.Id);
        }
    }

    private static Dictionary<string, float[]> Gradients(double rewardWeight, double alpha)
    {
        using var scope = torch.NewDisposeScope();
        // The head does not start at zero, so that the reward loss reaches the body at once.
        var loss = new HafRmLoss(new() { RewardWeight = rewardWeight, Alpha = alpha, ZeroInitHead = false });
        using var model = RewardModel.Create(Spec, loss.Head, 1);
        var forward = Forward(model);
        var ties = torch.zeros(Pairs.Length, torch.ScalarType.Bool);
        loss.Compute(new(Pairs, ties, torch.ones(Pairs.Length, 2, torch.int64), new(0, 1, 1)), forward).Loss.backward();
        return model.named_parameters().ToDictionary(
            p => p.name, p => p.parameter.grad is { } gradient ? Numbers(gradient) : new float[p.parameter.NumberOfElements]);
    }

    // With a reference that is not the model itself, so that the policy loss is not at its first step.
    private static PairForward Forward(RewardModel model)
    {
        var encoder = PairEncoder.Create(Spec);
        using var batch = new PackedBatch(
        [
            .. Pairs.Select(p => new PackedItem(
                encoder.EncodePrompt(p.Prompt).Ids, [encoder.EncodeResponse(p.Prompt, p.Chosen).Ids, encoder.EncodeResponse(p.Prompt, p.Rejected).Ids])),
        ]);
        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        var logProbs = output.ResponseLogProbs!.view(-1, 2);
        return new() { Rewards = output.Rewards!.view(-1, 2), ResponseLogProbs = logProbs, ReferenceLogProbs = logProbs.detach() * 0.9 };
    }

    private static float[] Numbers(torch.Tensor tensor) => tensor.detach().flatten().data<float>().ToArray();

    private sealed class ReferenceProbe : ILoss
    {
        public List<(string Id, float Chosen, float Rejected)> Seen { get; } = [];

        public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            Assert.That(forward.ReferenceLogProbs.requires_grad, Is.False);
            var rows = Numbers(forward.ReferenceLogProbs);
            Seen.AddRange(batch.Examples.Select((e, i) => (e.Id, rows[2 * i], rows[2 * i + 1])));
            return new((forward.ReferenceLogProbs - forward.ResponseLogProbs).mean());
        }
    }
}
