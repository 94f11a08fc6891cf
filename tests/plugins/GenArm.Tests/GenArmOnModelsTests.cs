using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using TorchSharp;
using static RewardKit.Plugins.Tests.Decoding.SmallModels;
using static TorchSharp.torch;

namespace RewardKit.Plugins.GenArm.Tests;

/// <summary>The decoder over real models, held against forward passes without caches.</summary>
public sealed class GenArmOnModelsTests
{
    private static readonly GenerationOptions Greedy = new() { MaxTokens = 10 };
    private static readonly DecodingRequest[] Requests =
    [
        new(Conversation.User("Once upon a time"), 1, [0.7]),
        new(Conversation.User("Once upon a time there was a little girl who liked to play in the park."), 2, [0.7]),
        new(Conversation.User("Tom"), 3, [2.5]),
    ];

    private LanguageModel _base = null!;

    [OneTimeSetUp]
    public void Load() => _base = Stories();

    [OneTimeTearDown]
    public void Unload() => _base.Dispose();

    // A guide with a template of its own, and padding of the vocabulary that has no tokens; a base that is larger than it,
    // of another type.
    [TestCase(64, "float32")]
    [TestCase(64, "bfloat16")]
    [TestCase(128, "bfloat16")]
    public void Every_step_is_the_rule_over_forward_passes_without_caches(int width, string dtype)
    {
        using var strong = width == 64 ? Stories(dtype) : Random(1, config => config with { HiddenSize = width, HeadDim = 16, NumHiddenLayers = 7 }, dtype);
        using var guide = Random(2, config => config with { VocabSize = 520, HiddenSize = 32, HeadDim = 4 }, ownTemplate: true);

        var answers = new GenArmDecoder(new()).Decode(Requests, new ModelDecoding(strong, [guide], Greedy), default);

        foreach (var (request, answer) in Requests.Zip(answers))
        {
            var own = new[] { strong, guide }.Select(model => model.Encoder.EncodePrompt(request.Prompt).Ids).ToArray();
            Assert.That(own[1], Is.Not.EqualTo(own[0]), "templates differ");
            for (var i = 0; i < answer.Ids.Count; i++)
            {
                using var scope = NewDisposeScope();
                // Both see the same continuation, each behind its own prompt, over the tokens that both have.
                var scores = LogProbs(strong, [.. own[0], .. answer.Ids.Take(i)]) + request.Weights[0] * LogProbs(guide, [.. own[1], .. answer.Ids.Take(i)]);
                var taken = scores[answer.Ids[i]].item<float>();
                // Two scores that are closer than the type tells apart may change places.
                Assert.That(taken, Is.EqualTo(scores.max().item<float>()).Within(dtype == "float32" ? 1e-4 : 0.1), $"token {i}");
                Assert.That(answer.LogProbs[i], Is.EqualTo(taken - scores.logsumexp(-1).item<float>()).Within(dtype == "float32" ? 1e-4 : 0.1), $"token {i}");
            }
        }
    }

    [Test]
    public void Prompts_of_all_lengths_get_together_what_they_get_alone([Values(0, 1)] double temperature)
    {
        using var guide = Random(2);
        var options = Greedy with { Temperature = temperature };
        var together = new GenArmDecoder(new()).Decode(Requests, new ModelDecoding(_base, [guide], options), default);
        for (var i = 0; i < Requests.Length; i++)
        {
            var alone = new GenArmDecoder(new()).Decode([Requests[i]], new ModelDecoding(_base, [guide], options), default)[0];
            Assert.That(together[i].Ids, Is.EqualTo(alone.Ids));
            Assert.That(together[i].LogProbs, Is.EqualTo(alone.LogProbs).Within(1e-4));
        }
    }

    // The reward of an answer is a sum of token rewards: what decoding adds up is what training compares.
    [Test]
    public void Token_rewards_sum_to_the_log_probability_used_in_training()
    {
        using var trained = Reward(5);
        using var guide = new LanguageModel("guide", trained, _base.Encoder, _base.EndTokens);
        var sums = new double[Requests.Length];
        var context = new ModelDecoding(_base, [guide], Greedy with { Temperature = 1 });
        var texts = new List<Tensor>();

        var answers = context.Generate(Requests, step =>
        {
            texts.Add(step.LogProbs(guide).MoveToOuterDisposeScope().DetachFromDisposeScope());
            return TokenChoice.Of(step.Logits(_base));
        });

        for (var at = 0; at < texts.Count; at++)
        {
            // Rows that are over are left out: those that go on keep their order.
            var running = Enumerable.Range(0, Requests.Length).Where(row => answers[row].Ids.Count > at).ToArray();
            for (var i = 0; i < running.Length; i++) sums[running[i]] += texts[at][i, answers[running[i]].Ids[at]].item<float>();
            texts[at].Dispose();
        }
        using var scope = NewDisposeScope();
        using var batch = new PackedBatch([.. Requests.Select((request, i) => new PackedItem(_base.Encoder.EncodePrompt(request.Prompt).Ids, [[.. answers[i].Ids]]))]);
        var logProbs = trained.Forward(batch, new GenArmLoss(new()).Needs).ResponseLogProbs!;
        Assert.That(sums, Is.EqualTo(logProbs.data<float>().ToArray()).Within(1e-3));
    }

    [Test]
    public void What_cannot_be_is_refused()
    {
        using var guide = Random(2);
        using var small = Random(3, config => config with { MaxPositionEmbeddings = 8 });
        Assert.Multiple(() =>
        {
            Refused(guide, Requests[0] with { Weights = [-0.5] }, "the weight -0.5; expected 0 or more");
            Refused(guide, Requests[0] with { Weights = [double.NaN] }, "the weight NaN; expected 0 or more");
            Refused(guide, Requests[0] with { Weights = [double.PositiveInfinity] }, "expected 0 or more");
            Refused(guide, Requests[0] with { Weights = [1, 2] }, "has 2 weights; expected 1");
            Refused(small, Requests[1], "does not fit model 3, whose context has 8 tokens: shorten it");
        });

        void Refused(LanguageModel guide, DecodingRequest request, string message) => Assert.That(
            () => new GenArmDecoder(new()).Decode([request], new ModelDecoding(_base, [guide], Greedy), default),
            Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
    }

    [Test]
    public void Leaves_no_tensor()
    {
        using var guide = Random(2);
        // What models keep for later, as angles of positions, is made when they first run.
        new GenArmDecoder(new()).Decode(Requests, new ModelDecoding(_base, [guide], Greedy), default);
        var before = LiveTensors.Count;
        new GenArmDecoder(new()).Decode(Requests, new ModelDecoding(_base, [guide], Greedy), default);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
