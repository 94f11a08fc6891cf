using RewardKit.Conformance;
using RewardKit.Models.Generation;
using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.Args.Tests;

[TestFixture(10, null)]
[TestFixture(5, 2)]
public sealed class ArgsConformance(int k, int? chunk) : DecoderConformance
{
    protected override IDecoder Create() => new ArgsDecoder(new() { K = k, Chunk = chunk });
}

public sealed class ArgsDecoderTests
{
    private static readonly double[] Logits = [2, 1, 0.5, -1, 0, -0.5];
    private static readonly double[] Rewards = [0.1, 0.9, 1.2, 2.5, -0.3, 0.4];

    private static TabularDecoding Decoding(double temperature = 0.7, double addedToRewards = 0, double addedToLogits = 0) =>
        new(new([.. Logits.Select(logit => logit + addedToLogits)]))
        {
            PrefixScorer = new TableScorer(tokens => Rewards[tokens[^1]] + addedToRewards),
            Options = new() { Temperature = temperature, MaxTokens = 1 },
        };

    private static ArgsDecoder Search(int k, int? chunk = null) => new(new() { K = k, Chunk = chunk });

    private static int Greedy(int k, double w, int? chunk = null) => Search(k, chunk).Decode([Request(1, w)], Decoding(0), default)[0].Ids[0];

    [TestCase(3, 1.0, new[] { 0.431742500, 0.324444686, 0.243812814, 0, 0, 0 }, 0)]
    [TestCase(3, 1.5, new[] { 0.280136465, 0.372781011, 0.347082524, 0, 0, 0 }, 1)]
    [TestCase(4, 1.5, new[] { 0.278236742, 0.370253026, 0.344728812, 0, 0.006781421, 0 }, 1)]
    public void Worked_example(int k, double w, double[] expected, int greedy) => Assert.Multiple(() =>
    {
        Assert.That(Decoding().Next(Search(k), [w]), Is.EqualTo(expected).Within(1e-6));
        Assert.That(Greedy(k, w), Is.EqualTo(greedy));
    });

    [TestCase(3, 1.0, new[] { 2.1, 1.9, 1.7 })]
    [TestCase(3, 1.5, new[] { 2.15, 2.35, 2.3 })]
    [TestCase(4, 1.5, new[] { 2.15, 2.35, 2.3, -0.45 })]
    public void Scores_of_the_worked_example(int k, double w, double[] expected)
    {
        var decoding = Decoding();
        decoding.Next(Search(k), [w]);
        Assert.That(decoding.Scores[0], Is.EqualTo(expected).Within(1e-6));
        Assert.That(decoding.Among![0].Select(choice => choice.Single()), Is.EqualTo(new[] { 0, 1, 2, 4 }.Take(k)), "the best first");
    }

    // The method sampled from the candidates has 0.736935858, 0.176607442, 0.086456700 at w → 0.
    [Test]
    public void Weight_zero_is_the_base_and_runs_no_reward_model()
    {
        var decoding = Decoding();
        Assert.Multiple(() =>
        {
            Assert.That(decoding.Next(Search(3), [0.0]), Is.EqualTo(Softmax([.. Logits.Select(logit => logit / 0.7)])).Within(1e-6));
            Assert.That(((TableScorer)decoding.PrefixScorer).Asked, Is.Zero);
            Assert.That(Decoding().Next(Search(3), [1e-9]).Take(3), Is.EqualTo((double[])[0.736935858, 0.176607442, 0.086456700]).Within(1e-6));
            Assert.That(Greedy(3, 0), Is.Zero);
        });
    }

    [Test]
    public void Requests_with_and_without_weight_do_not_meet()
    {
        var decoding = Decoding();
        var decoder = Search(3);
        DecodingRequest[] requests = [.. Enumerable.Range(0, 40).Select(i => Request(i, i % 2 == 0 ? 0 : 50))];
        var answers = decoder.Decode(requests, decoding, default);
        var alone = requests.Select(request => decoder.Decode([request], Decoding(), default)[0]).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(answers.Select(answer => answer.Text), Is.EqualTo(alone.Select(answer => answer.Text)));
            Assert.That(answers.Where((_, i) => i % 2 == 1).Select(answer => answer.Ids[0]), Is.All.EqualTo(2), "the best of three by reward");
            Assert.That(answers.Where((_, i) => i % 2 == 0).Select(answer => answer.Ids[0]), Has.Some.GreaterThan(2), "the base's whole vocabulary");
        });
    }

    [Test]
    public void One_candidate_is_greedy_decoding([Values(0.5, 100)] double w) => Assert.That(Greedy(1, w), Is.Zero);

    [Property]
    public void A_constant_added_to_all_rewards_or_logits_changes_nothing(sbyte rewards, sbyte logits) => Assert.That(
        Decoding(0.7, rewards / 8.0, logits / 8.0).Next(Search(4), [1.5]), Is.EqualTo(Decoding().Next(Search(4), [1.5])).Within(1e-5));

    [Property]
    public void More_weight_never_lowers_the_reward_of_the_greedy_token(byte first, byte second)
    {
        var (less, more) = (Math.Min(first, second) / 32.0, Math.Max(first, second) / 32.0);
        Assert.That(Rewards[Greedy(4, more)], Is.GreaterThanOrEqualTo(Rewards[Greedy(4, less)]));
    }

    [Property]
    public void The_greedy_token_is_among_the_k_most_probable(byte w) => Assert.That(new[] { 0, 1, 2 }, Does.Contain(Greedy(3, w)));

    [Test]
    public void In_chunks_it_is_the_same([Range(1, 6)] int chunk)
    {
        var decoding = Decoding();
        Assert.Multiple(() =>
        {
            Assert.That(decoding.Next(Search(5, chunk), [1.5]), Is.EqualTo(Decoding().Next(Search(5), [1.5])));
            Assert.That(((TableScorer)decoding.PrefixScorer).Asked, Is.EqualTo(5));
        });
    }

    // Scores 2, 2, 2: the most probable token is the first candidate.
    [Test]
    public void Of_equal_scores_the_first_candidate_wins([Values(null, 1, 2)] int? chunk)
    {
        var decoding = new TabularDecoding(new([1, 1.5, 0.5]))
        {
            PrefixScorer = new TableScorer(tokens => ((double[])[1, 0.5, 1.5])[tokens[^1]]),
            Options = new() { MaxTokens = 1 },
        };
        Assert.That(Search(3, chunk).Decode([Request(1, 1)], decoding, default)[0].Ids[0], Is.EqualTo(1));
    }

    [Test]
    public void More_candidates_than_tokens_are_all_of_them() =>
        Assert.That(Decoding().Next(Search(100), [1.0]), Is.EqualTo(Decoding().Next(Search(6), [1.0])).Within(1e-6));

    [Test]
    public void Ends_with_the_end_token_unless_told_otherwise()
    {
        GeneratedText Of(bool ignoreEnd, double w)
        {
            using var model = SmallModels.Stories();
            using var reward = SmallModels.Reward(1);
            // The likeliest next token is an end token here.
            var likeliest = (int)SmallModels.LogProbs(model, model.EncodePrompt(Conversation.User("Once"))).argmax().item<long>();
            using var ends = new LanguageModel("ends", model.Model, model.Encoder, [likeliest]);
            var decoding = new ModelDecoding(ends, [], new() { MaxTokens = 5 }, prefixScorer: new("reward", reward, model.Encoder));
            return new ArgsDecoder(new() { IgnoreEnd = ignoreEnd }).Decode([new(Conversation.User("Once"), 1, [w])], decoding, default)[0];
        }

        Assert.Multiple(() =>
        {
            foreach (var w in new[] { 0, 1e-9 })
            {
                Assert.That((Of(false, w).Ids.Count, Of(false, w).Finish), Is.EqualTo((1, FinishReason.StopToken)));
                Assert.That((Of(true, w).Ids.Count, Of(true, w).Finish), Is.EqualTo((5, FinishReason.MaxTokens)));
            }
        });
    }

    [Test]
    public void Rewards_on_a_real_model_are_those_of_the_text_so_far_with_each_candidate()
    {
        using var model = SmallModels.Stories();
        using var reward = SmallModels.Reward(1);
        var prefix = new PrefixScorer("reward", reward, model.Encoder);
        DecodingRequest[] requests = [new(Conversation.User("Once upon a time"), 1, [2.0]), new(Conversation.User("Tom had a dog"), 2, [0.5])];

        var answers = Search(4).Decode(requests, new ModelDecoding(model, [], new() { MaxTokens = 6 }, prefixScorer: prefix), default);

        foreach (var (request, answer) in requests.Zip(answers))
        {
            for (var i = 0; i < answer.Ids.Count; i++)
            {
                using var scope = TorchSharp.torch.NewDisposeScope();
                int[] text = [.. model.EncodePrompt(request.Prompt), .. answer.Ids.Take(i)];
                var (logits, ids) = SmallModels.LogProbs(model, text).topk(4);
                var scores = ids.data<long>().ToArray().Select((id, n) => logits[n].item<float>() + request.Weights[0] * Reward([.. text, (int)id])).ToArray();
                Assert.That(scores[Array.IndexOf(ids.data<long>().ToArray(), answer.Ids[i])], Is.EqualTo(scores.Max()).Within(1e-4), $"token {i}");
            }
        }

        double Reward(int[] ids)
        {
            using var batch = new Models.PackedBatch([new([ids[0]], [ids[1..]])]);
            return reward.Forward(batch, ForwardNeeds.Rewards).Rewards!.item<float>();
        }
    }

    [Test]
    public void Leaves_no_tensor()
    {
        var before = LiveTensors.Count;
        Decoding().Next(Search(3, 2), [[1.5], [0.0]]);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
