using RewardKit.Models;
using RewardKit.Models.Safetensors;
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

    [Test]
    public void In_the_first_step_the_reward_loss_moves_the_head_alone_and_the_policy_loss_the_body()
    {
        var (reward, policy) = (Gradients(1, 0, zeroHead: true, asReference: 1), Gradients(0, 0.2, zeroHead: true, asReference: 1));
        Assert.Multiple(() =>
        {
            foreach (var name in reward.Keys.Where(name => name != "score.bias"))
            {
                var head = name == "score.weight";
                Assert.That(reward[name], head ? Has.Some.Not.Zero : Has.All.Zero, name);
                Assert.That(policy[name], head ? Has.All.Zero : Has.Some.Not.Zero, name);
            }
        });
    }

    [Test]
    public void Training_starts_from_the_logarithm_of_two()
    {
        using var scope = torch.NewDisposeScope();
        var loss = new HafRmLoss(new());
        using var model = RewardModel.Create(Spec, loss.Head, 1);
        var first = Trainer.Train(model, loss, Pairs, PairEncoder.Create(Spec), new() { BatchSize = 3 }, seed: 1).Steps[0].Metrics;
        Assert.Multiple(() =>
        {
            Assert.That(first["loss"], Is.EqualTo(0.831776617).Within(1e-6));
            Assert.That(first["loss.reward"], Is.EqualTo(0.693147181).Within(1e-6));
            Assert.That(first["loss.policy"], Is.EqualTo(0.693147181).Within(1e-6));
            Assert.That(first["acc.scalar"], Is.Zero);
        });
    }

    [Test]
    public void Longer_texts_beside_it_change_nothing_and_an_empty_response_has_probability_one()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        PackedItem item = new([1, 403, 407], [[5, 6], []]);
        ModelOutput Of(params PackedItem[] items) => model.Forward(new(items), ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        var (alone, beside) = (Of(item), Of(item, new([1, 300, 301, 302, 303, 304], [[.. Enumerable.Range(100, 40)], [7]])));
        Assert.Multiple(() =>
        {
            Assert.That(Numbers(beside.Rewards!)[..2], Is.EqualTo(Numbers(alone.Rewards!)).Within(1e-5));
            Assert.That(Numbers(beside.ResponseLogProbs!)[..2], Is.EqualTo(Numbers(alone.ResponseLogProbs!)).Within(1e-5));
            Assert.That(Numbers(alone.ResponseLogProbs!)[1], Is.Zero);
        });
    }

    [Test]
    public void The_scalar_head_scores_without_the_language_model_head()
    {
        using var scope = torch.NewDisposeScope();
        var folder = Directory.CreateTempSubdirectory("rewardkit-haf-").FullName;
        try
        {
            var loss = new HafRmLoss(new());
            using var model = RewardModel.Create(Spec, loss.Head, 1);
            Trainer.Train(model, loss, Pairs, PairEncoder.Create(Spec), new() { BatchSize = 3, LearningRate = 1e-2 }, seed: 1);
            model.Save(folder, PairEncoder.Create(Spec));
            var scores = Scores(folder);
            var path = Path.Combine(folder, "model.safetensors");
            Dictionary<string, torch.Tensor> body;
            using (var file = SafetensorsReader.Open(path))
                body = file.Entries.Where(e => e.Name != "lm_head.weight").ToDictionary(e => e.Name, e => file.Read(e.Name).clone());
            SafetensorsWriter.Write(path, body);

            Assert.That(Scores(folder), Is.EqualTo(scores));
            Assert.That(scores, Is.EqualTo(Numbers(Forward(model).Rewards).Select(r => (double)r)).Within(1e-5));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static double[] Scores(string folder)
        {
            using var loaded = RewardModel.Load(folder);
            return [.. new Scorer("saved", loaded, PairEncoder.Create(new() { Folder = folder })).ScorePairs(Pairs).SelectMany(s => (double[])[s.Chosen, s.Rejected])];
        }
    }

    // The head does not start at zero unless told so, so that the reward loss reaches the body at once; nor is the reference
    // the policy, so that the policy loss is not at its first step.
    private static Dictionary<string, float[]> Gradients(double rewardWeight, double alpha, bool zeroHead = false, double asReference = 0.9)
    {
        using var scope = torch.NewDisposeScope();
        var loss = new HafRmLoss(new() { RewardWeight = rewardWeight, Alpha = alpha, ZeroInitHead = zeroHead });
        using var model = RewardModel.Create(Spec, loss.Head, 1);
        var forward = Forward(model, asReference);
        var ties = torch.zeros(Pairs.Length, torch.ScalarType.Bool);
        loss.Compute(new(Pairs, ties, torch.ones(Pairs.Length, 2, torch.int64), new(0, 1, 1)), forward).Loss.backward();
        return model.named_parameters().ToDictionary(
            p => p.name, p => p.parameter.grad is { } gradient ? Numbers(gradient) : new float[p.parameter.NumberOfElements]);
    }

    private static PairForward Forward(RewardModel model, double asReference = 1)
    {
        var encoder = PairEncoder.Create(Spec);
        using var batch = new PackedBatch(
        [
            .. Pairs.Select(p => new PackedItem(
                encoder.EncodePrompt(p.Prompt).Ids, [encoder.EncodeResponse(p.Prompt, p.Chosen).Ids, encoder.EncodeResponse(p.Prompt, p.Rejected).Ids])),
        ]);
        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        var logProbs = output.ResponseLogProbs!.view(-1, 2);
        return new() { Rewards = output.Rewards!.view(-1, 2), ResponseLogProbs = logProbs, ReferenceLogProbs = logProbs.detach() * asReference };
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
