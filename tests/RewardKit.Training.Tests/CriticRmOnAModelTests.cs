using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.CriticRm;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>What Critic-RM (arXiv:2411.16646) demands of model and loop together, on a small random Llama.</summary>
public class CriticRmOnAModelTests
{
    private static readonly ModelSpec Spec = Small.Llama with
    {
        Configuration = Small.Llama.Configuration! with { TieWordEmbeddings = false, InitializerRange = 0.1 },
        MaxPromptTokens = null,
        MaxResponseTokens = null,
    };

    // Critiques of very different lengths; the last pair has none.
    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 6).Select(i => new PreferenceExample(
            $"pair-{i}", Conversation.User($"What is {i}?"),
            Answer($"It is the number {i}.", i == 6 ? "" : string.Concat(Enumerable.Repeat("It is right. ", i)).Trim()),
            Answer($"{i} no.", i == 6 ? "" : "That is wrong."), new("test", i))),
    ];

    private static Conversation Answer(string text, string critique) => CritiqueTurns.After(Conversation.Assistant(text), critique, "Is it right?");

    [Test]
    public void The_last_turn_is_as_likely_as_that_text_after_all_before_it()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        var packed = PairBatcher.Pack([.. new EncodedPairs(Pairs, PairEncoder.Create(Spec), ForwardNeeds.Rewards)], torch.CPU);
        using var batch = packed.Batch;
        var alone = Numbers(model.Forward(batch, ForwardNeeds.LastTurnLogProbs).LastTurnLogProbs!);
        var both = model.Forward(batch, ForwardNeeds.LastTurnLogProbs | ForwardNeeds.ResponseLogProbs);
        Assert.That(Numbers(both.LastTurnLogProbs!), Is.EqualTo(alone).Within(1e-4));
        Assert.That(Numbers(both.ResponseLogProbs!), Is.EqualTo(Numbers(model.Forward(batch, ForwardNeeds.ResponseLogProbs).ResponseLogProbs!)).Within(1e-4));

        var encoder = PairEncoder.Create(Spec);
        foreach (var (place, pair) in Pairs.Index())
            foreach (var (side, response) in ((Conversation[])[pair.Chosen, pair.Rejected]).Index())
            {
                var (prompt, text) = (encoder.EncodePrompt(pair.Prompt).Ids, encoder.EncodeResponse(pair.Prompt, response));
                using var split = new PackedBatch([new([.. prompt, .. text.Ids[..^text.LastTurn]], [text.Ids[^text.LastTurn..]])]);
                Assert.That(
                    alone[packed.Sequences[2 * place + side]],
                    Is.EqualTo(model.Forward(split, ForwardNeeds.ResponseLogProbs).ResponseLogProbs!.item<float>()).Within(1e-3), $"{pair.Id} {side}");
                Assert.That(text.LastTurn > 0, Is.EqualTo(response.Messages.Length > 1));
            }
    }

    [Test]
    public void At_either_end_of_the_weight_one_head_has_no_gradient()
    {
        var (first, last) = (Gradients(new() { Beta = 1 }, step: 0), Gradients(new() { Beta = 1 }, step: 20));
        Assert.Multiple(() =>
        {
            Assert.That(first["score.weight"], Is.All.Zero);
            Assert.That(first["lm_head.weight"], Is.Not.All.Zero);
            Assert.That(last["lm_head.weight"], Is.All.Zero);
            Assert.That(last["score.weight"], Is.Not.All.Zero);
        });
    }

    [Test]
    public void The_gradients_of_both_losses_add_on_every_parameter()
    {
        var (both, critiques, rewards) = (Gradients(new(), 15), Gradients(new(), 0), Gradients(new() { Weight = 0 }, 0));
        Assert.Multiple(() =>
        {
            foreach (var (name, gradient) in both)
                Assert.That(
                    gradient, Is.EqualTo(critiques[name].Zip(rewards[name], (c, r) => 0.55f * c + 0.45f * r)).Within(1e-5 * gradient.Max(MathF.Abs) + 1e-8), name);
        });
    }

    [Test]
    public void An_empty_critique_is_the_plain_reward_model()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        var scorer = new Scorer("model", model, PairEncoder.Create(Spec));
        var pair = Pairs[0];
        var plain = scorer.Score([new(pair.Prompt, Conversation.Assistant("It is the number 1."))]);
        Assert.That(scorer.Score([new(pair.Prompt, Answer("It is the number 1.", ""))]), Is.EqualTo(plain));
        Assert.That(scorer.Score([new(pair.Prompt, pair.Chosen)]), Is.Not.EqualTo(plain));
    }

    [TestCase(CeReduction.TokenMean)]
    [TestCase(CeReduction.PerSequenceMean)]
    public void A_step_in_passes_of_one_pair_is_the_step_at_once(CeReduction reduction)
    {
        float[] Trained(int? pass)
        {
            using var scope = torch.NewDisposeScope();
            using var model = RewardModel.Create(Spec, new RewardHead(), 1);
            Trainer.Train(
                model, new CriticRmLoss(new() { CeReduction = reduction }), Pairs, PairEncoder.Create(Spec),
                new() { BatchSize = 6, MicroBatchSize = pass, Epochs = 3, LearningRate = 1e-3, WarmupRatio = 0 }, seed: 1);
            return [.. model.named_parameters().SelectMany(p => Numbers(p.parameter))];
        }
        Assert.That(Trained(1), Is.EqualTo(Trained(null)).Within(2e-5));
    }

    [Test]
    public void It_learns_to_write_critiques_and_to_score_by_them()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        var log = Trainer.Train(
            model, new CriticRmLoss(new() { Epochs = 1 }), Pairs, PairEncoder.Create(Spec),
            new() { BatchSize = 6, Epochs = 40, LearningRate = 1e-2, WarmupRatio = 0 }, seed: 1);
        Assert.That(log.Steps[^1].Metrics["loss.critique"], Is.LessThan(0.5 * log.Steps[0].Metrics["loss.critique"]));
        Assert.That(log.Steps[^1].Metrics["acc.scalar"], Is.EqualTo(1));
    }

    private static Dictionary<string, float[]> Gradients(CriticRmOptions options, int step)
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        var pairs = new EncodedPairs(Pairs, PairEncoder.Create(Spec), ForwardNeeds.Rewards);
        var loss = new CriticRmLoss(options);
        var batch = PairBatcher.Rows(pairs, new(step, 20, 10), pairs.Totals(Enumerable.Range(0, pairs.Count)), torch.CPU);
        loss.Compute(batch, Trainer.Forward(model, pairs, loss.Needs, Precision.OfWeights, null, _ => true)).Loss.backward();
        return model.named_parameters().ToDictionary(
            p => p.name, p => p.parameter.grad is { } gradient ? Numbers(gradient) : new float[p.parameter.NumberOfElements]);
    }

    private static float[] Numbers(torch.Tensor tensor) => tensor.detach().flatten().data<float>().ToArray();
}
