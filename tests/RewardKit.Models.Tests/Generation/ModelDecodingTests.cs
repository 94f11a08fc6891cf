using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Generation;

/// <summary>The host's loop under rules of the kinds that decoders need.</summary>
public class ModelDecodingTests
{
    private static readonly GenerationOptions Greedy = new() { MaxTokens = 12 };
    private static readonly GenerationOptions Sampled = new() { MaxTokens = 12, Temperature = 0.9, TopP = 0.95 };

    private LanguageModel _base = null!;
    private LanguageModel _guide = null!;
    private RewardModel _reward = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _base = LanguageModel.Load(Files.Stories);
        // Of the same shape and tokenizer, with other weights.
        var config = ConfigFile.Load(Files.Stories).Model();
        _guide = new("guide", CausalModel.Create(new() { Configuration = config }, seed: 3), _base.Encoder, _base.EndTokens);
        _reward = RewardModel.Create(new() { Folder = Files.Stories }, new(), seed: 5);
    }

    [OneTimeTearDown]
    public void Unload()
    {
        _base.Dispose();
        _guide.Dispose();
        _reward.Dispose();
    }

    [TestCase(false)]
    [TestCase(true)]
    public void The_plain_rule_gives_what_the_model_gives_alone(bool sampled)
    {
        var requests = Requests(9);
        var options = sampled ? Sampled : Greedy;

        var decoded = Decoding(options).Generate(requests, step => TokenChoice.Of(step.Logits(_base)));

        var alone = _base.Generate([.. requests.Select(request => request.Prompt)], options, [.. requests.Select(request => request.Seed)]);
        Assert.That(decoded.Select(row => row.Text), Is.EqualTo(alone.Select(row => row.Text)));
        Assert.That(decoded.SelectMany(row => row.LogProbs), Is.EqualTo(alone.SelectMany(row => row.LogProbs)));
    }

    // The rule of GenARM, arXiv:2410.08193, section 3.2: the sum of log-probabilities, the guide's times a weight.
    [Test]
    public void Guided_tokens_are_the_best_of_the_summed_log_probabilities()
    {
        var request = Requests(1)[0] with { Weights = [0.7] };

        var decoded = Decoding(Greedy).Generate([request], Guided);

        var ids = _base.Encoder.EncodePrompt(request.Prompt).Ids.ToList();
        foreach (var (id, i) in decoded[0].Ids.Select((id, i) => (id, i)))
        {
            using var scope = NewDisposeScope();
            var scores = LogProbs(_base.Model, ids) + LogProbs(_guide.Model, ids) * 0.7;
            Assert.That(id, Is.EqualTo((int)scores.argmax().item<long>()), $"token {i}");
            Assert.That(decoded[0].LogProbs[i], Is.EqualTo((scores[id] - scores.logsumexp(-1)).item<float>()).Within(1e-4));
            ids.Add(id);
        }
        Assert.That(decoded[0].Ids, Has.Count.EqualTo(12));
    }

    [Test]
    public void Rows_with_their_own_weights_get_what_they_get_alone()
    {
        var requests = Requests(7).Select((request, i) => request with { Weights = [i * 0.3] }).ToArray();

        var together = Decoding(Sampled, rows: 3).Generate(requests, Guided);

        Assert.That(together[0].Text, Is.EqualTo(_base.Generate([requests[0].Prompt], Sampled, [requests[0].Seed])[0].Text), "weight 0");
        for (var i = 0; i < requests.Length; i++)
            Assert.That(Decoding(Sampled).Generate([requests[i]], Guided)[0].Ids, Is.EqualTo(together[i].Ids), $"row {i}");
    }

    [Test]
    public void A_model_that_is_not_asked_at_every_step_catches_up()
    {
        var requests = Requests(3);
        TokenRule rare = step => TokenChoice.Of(step.Tokens[0].Count % 3 == 2 ? step.LogProbs(_base) + step.LogProbs(_guide) : step.LogProbs(_base));
        TokenRule always = step =>
        {
            var guide = step.LogProbs(_guide);
            return TokenChoice.Of(step.Tokens[0].Count % 3 == 2 ? step.LogProbs(_base) + guide : step.LogProbs(_base));
        };

        Assert.That(
            Decoding(Greedy).Generate(requests, rare).Select(row => row.Text),
            Is.EqualTo(Decoding(Greedy).Generate(requests, always).Select(row => row.Text)));
    }

    // ARGS, arXiv:2402.01694: among the k most probable tokens, logit plus weighted reward of the text that ends with it.
    [Test]
    public void Rewards_of_continuations_are_the_reward_models()
    {
        var seen = new List<(int[] Text, float Reward)>();
        var prefix = new PrefixScorer("reward", _reward, _base.Encoder);
        var decoding = new ModelDecoding(_base, [], Greedy with { MaxTokens = 5 }, prefixScorer: prefix);
        var requests = Requests(2);

        decoding.Generate(requests, step =>
        {
            var (logits, candidates) = step.Logits(_base).topk(3);
            int[][][] choices = [.. candidates.data<long>().ToArray().Chunk(3).Select(row => row.Select(id => (int[])[(int)id]).ToArray())];
            var rewards = step.Rewards(prefix, choices);
            for (var row = 0; row < choices.Length; row++)
                for (var k = 0; k < 3; k++)
                    seen.Add(([.. _base.Encoder.EncodePrompt(requests[step.Requests[row]].Prompt).Ids, .. step.Tokens[row], .. choices[row][k]], rewards[row, k].item<float>()));
            return TokenChoice.Of(choices, logits + rewards * 4);
        });

        Assert.That(seen, Has.Count.EqualTo(2 * 5 * 3));
        foreach (var (text, reward) in seen)
        {
            using var scope = NewDisposeScope();
            using var batch = new PackedBatch([new([text[0]], [text[1..]])]);
            Assert.That(_reward.Forward(batch, ForwardNeeds.Rewards).Rewards!.item<float>(), Is.EqualTo(reward).Within(1e-4));
        }
    }

    // Each token is run once for each text that ends with it: nothing that two texts share is computed twice.
    [Test]
    public void A_reward_model_runs_each_candidate_and_nothing_else()
    {
        var prefix = new PrefixScorer("reward", _reward, _base.Encoder);
        var decoding = new ModelDecoding(_base, [], Greedy, prefixScorer: prefix);
        var requests = Requests(5);
        var (tokens, rewards) = (_base.Model.Decoder.TokensRun, _reward.Decoder.TokensRun);

        decoding.Generate(requests, Args(prefix, 4));

        var prompts = requests.DistinctBy(request => request.Prompt).Sum(request => _base.Encoder.EncodePrompt(request.Prompt).Ids.Length);
        Assert.That(_base.Model.Decoder.TokensRun - tokens, Is.EqualTo(prompts + 5 * 11));
        Assert.That(_reward.Decoder.TokensRun - rewards, Is.EqualTo(prompts + 5 * 12 * 4));
    }

    // Enough rows that their candidates together are more than one pass takes.
    [TestCase(0)]
    [TestCase(0.9)]
    public void Among_candidates_a_row_gets_the_bits_that_it_gets_alone(double temperature)
    {
        var prefix = new PrefixScorer("reward", _reward, _base.Encoder);
        var decoding = new ModelDecoding(_base, [], Greedy with { Temperature = temperature }, prefixScorer: prefix);
        var requests = Requests(30);

        var together = decoding.Generate(requests, Args(prefix, 20));

        foreach (var i in (int[])[0, 3, 17, 26, 29])
        {
            var alone = decoding.Generate([requests[i]], Args(prefix, 20))[0];
            Assert.That(together[i].Ids, Is.EqualTo(alone.Ids), $"row {i}");
            Assert.That(together[i].LogProbs, Is.EqualTo(alone.LogProbs), $"row {i}");
        }
    }

    [Test]
    public void What_a_chosen_continuation_has_computed_is_kept()
    {
        var prefix = new PrefixScorer("reward", _reward, _base.Encoder);
        var decoding = new ModelDecoding(_base, [], Greedy, prefixScorer: prefix);
        var request = Requests(1)[0];
        var seen = new List<float>();
        var before = _reward.Decoder.TokensRun;

        // Of two blocks of three tokens the second.
        var decoded = decoding.Generate([request], step =>
        {
            int[][] blocks = [[5, 6, 7], [8, 9, 10 + step.Tokens[0].Count]];
            var rewards = step.Rewards(prefix, [blocks]);
            seen.Add(rewards[0, 1].item<float>());
            return TokenChoice.Of([blocks], tensor([0f, 1f], [1, 2]));
        })[0];

        var prompt = _base.Encoder.EncodePrompt(request.Prompt).Ids;
        Assert.That(decoded.Ids, Is.EqualTo((int[])[8, 9, 10, 8, 9, 13, 8, 9, 16, 8, 9, 19]));
        Assert.That(_reward.Decoder.TokensRun - before, Is.EqualTo(prompt.Length + 4 * 6));
        for (var block = 0; block < 4; block++)
        {
            using var scope = NewDisposeScope();
            using var batch = new PackedBatch([new(prompt, [[.. decoded.Ids.Take(3 * block + 3)]])]);
            Assert.That(_reward.Forward(batch, ForwardNeeds.Rewards).Rewards!.item<float>(), Is.EqualTo(seen[block]).Within(1e-4));
        }
    }

    // Candidates scored in pieces, as where memory is short: the second piece begins where the first did.
    [Test]
    public void Rewards_can_be_asked_several_times_a_step()
    {
        var prefix = new PrefixScorer("reward", _reward, _base.Encoder);
        var decoding = new ModelDecoding(_base, [], Greedy, prefixScorer: prefix);
        var requests = Requests(3);

        var whole = decoding.Generate(requests, Args(prefix, 4));
        var pieces = decoding.Generate(requests, Args(prefix, 4, piece: 2));

        Assert.That(pieces.SelectMany(text => text.Ids), Is.EqualTo(whole.SelectMany(text => text.Ids)));
        Assert.That(pieces.SelectMany(text => text.LogProbs), Is.EqualTo(whole.SelectMany(text => text.LogProbs)).Within(1e-4));
    }

    [Test]
    public void Roll_outs_run_only_their_own_tokens()
    {
        var request = Requests(1)[0];
        var before = _base.Model.Decoder.TokensRun;

        var decoded = Decoding(Greedy).Generate([request], step =>
        {
            var (logits, candidates) = step.Logits(_base).topk(3);
            int[][] choices = [.. candidates.data<long>().ToArray().Select(id => (int[])[(int)id])];
            var rolled = step.RollOut(_base, [choices], new() { MaxTokens = 4, IgnoreEndTokens = true })[0];
            for (var i = 0; i < 3; i++)
                Assert.That(rolled[i].Ids.Take(step.Tokens[0].Count + 1), Is.EqualTo((int[])[.. step.Tokens[0], choices[i][0]]));
            return TokenChoice.Of([choices], logits);
        })[0];

        // The prompt, the row's own steps after it, and of each roll-out all tokens but the last.
        Assert.That(decoded.Ids, Is.EqualTo(_base.Generate([request.Prompt], Greedy)[0].Ids));
        Assert.That(_base.Model.Decoder.TokensRun - before, Is.EqualTo(
            _base.Encoder.EncodePrompt(request.Prompt).Ids.Length + 11 + 12 * 3 * 4 + _base.Encoder.EncodePrompt(request.Prompt).Ids.Length + 11));
    }

    [Test]
    public void A_roll_out_goes_on_as_the_model_would_and_leaves_the_row_alone()
    {
        var request = Requests(1)[0];
        var alone = _base.Generate([request.Prompt], Greedy)[0];
        var rolled = new List<GeneratedText>();

        var decoded = Decoding(Greedy).Generate([request], step =>
        {
            rolled.Add(step.RollOut(_base, [[[]]], new() { MaxTokens = 12 - step.Tokens[0].Count })[0][0]);
            return TokenChoice.Of(step.Logits(_base));
        });

        Assert.That(decoded[0].Text, Is.EqualTo(alone.Text));
        Assert.That(rolled, Has.Count.EqualTo(12));
        Assert.That(rolled.Select(text => text.Text), Is.All.EqualTo(alone.Text), "each roll-out ends as the greedy text does");
    }

    [Test]
    public void A_choice_of_several_tokens_is_taken_whole()
    {
        var request = Requests(1)[0];
        var blocks = 0;

        // Blockwise controlled decoding, arXiv:2310.17022, with the text's own length as its value.
        var decoded = Decoding(Greedy).Generate([request], step =>
        {
            blocks++;
            var samples = step.RollOut(_base, [[[], [], []]], new() { MaxTokens = 4, Temperature = 1 })[0];
            int[][] choices = [.. samples.Select(text => text.Ids.Skip(step.Tokens[0].Count).ToArray())];
            return TokenChoice.Of([choices], tensor([.. samples.Select(text => (float)text.Text.Length)], [1, 3]));
        });

        Assert.That(blocks, Is.EqualTo(3));
        Assert.That(decoded[0].Ids, Has.Count.EqualTo(12));
    }

    // The sum over the visited steps of KL(p || base), by the whole vocabulary, against the same in float64 by hand.
    [TestCase(1.0, 1.0)]
    [TestCase(0.7, 0.9)]
    [TestCase(0.0, 1.0)]
    public void The_divergence_is_that_of_what_is_sampled_from(double temperature, double topP)
    {
        var options = new GenerationOptions { MaxTokens = 6, Temperature = temperature, TopP = topP };
        var requests = Requests(3).Select(request => request with { Weights = [0.8] }).ToArray();
        var measured = new ModelDecoding(_base, [_guide], options, rows: 2) { Reference = _base };

        var decoded = measured.Generate(requests, Guided);

        Assert.That(decoded.Select(row => row.Text), Is.EqualTo(Decoding(options).Generate(requests, Guided).Select(row => row.Text)), "measuring changes nothing");
        foreach (var (row, request) in decoded.Zip(requests))
        {
            var ids = _base.Encoder.EncodePrompt(request.Prompt).Ids.ToList();
            var expected = 0.0;
            foreach (var id in row.Ids)
            {
                using var scope = NewDisposeScope();
                var reference = LogProbs(_base.Model, ids).to(ScalarType.Float64).data<double>().ToArray();
                var scores = (LogProbs(_base.Model, ids) + LogProbs(_guide.Model, ids) * 0.8).to(ScalarType.Float64).data<double>().ToArray();
                expected += temperature == 0 ? -reference[id] : Nucleus(scores, temperature, topP).Sum(p => p.Value * (Math.Log(p.Value) - reference[p.Key]));
                ids.Add(id);
            }
            Assert.That(row.Divergence, Is.EqualTo(expected).Within(1e-4));
        }
    }

    [Test]
    public void The_base_lies_nowhere_from_itself_and_a_policy_from_its_reference()
    {
        var options = new GenerationOptions { MaxTokens = 6, Temperature = 1 };
        var requests = Requests(2);
        TokenRule plain = step => TokenChoice.Of(step.Logits(_base));

        Assert.That(new ModelDecoding(_base, [], options) { Reference = _base }.Generate(requests, plain).Select(row => row.Divergence!.Value), Is.All.EqualTo(0).Within(1e-5));
        Assert.That(new ModelDecoding(_base, [], options).Generate(requests, plain)[0].Divergence, Is.Null, "it is not asked for");
        var policy = new ModelDecoding(_base, [], options) { Reference = _guide }.Generate(requests, plain)[0];
        var ids = _base.Encoder.EncodePrompt(requests[0].Prompt).Ids.ToList();
        var expected = 0.0;
        foreach (var id in policy.Ids)
        {
            using var scope = NewDisposeScope();
            var (own, other) = (LogProbs(_base.Model, ids), LogProbs(_guide.Model, ids));
            expected += (own.exp() * (own - other)).sum().item<float>();
            ids.Add(id);
        }
        Assert.That(policy.Divergence, Is.EqualTo(expected).Within(1e-3));
    }

    [Test]
    public void A_token_offered_twice_counts_once_and_continuations_are_not_measured()
    {
        var measured = new ModelDecoding(_base, [], new() { MaxTokens = 1, Temperature = 1 }) { Reference = _base };

        var decoded = measured.Generate(Requests(1), step => TokenChoice.Of([[[7], [9], [7]]], tensor([0f, 0f, 0f], [1, 3])))[0];

        using var scope = NewDisposeScope();
        var reference = LogProbs(_base.Model, _base.Encoder.EncodePrompt(Requests(1)[0].Prompt).Ids);
        var expected = 2 / 3.0 * (Math.Log(2 / 3.0) - reference[7].item<float>()) + 1 / 3.0 * (Math.Log(1 / 3.0) - reference[9].item<float>());
        Assert.That(decoded.Divergence, Is.EqualTo(expected).Within(1e-4));
        Assert.That(
            () => measured.Generate(Requests(1), step => TokenChoice.Of([[[7, 8], [9]]], tensor([0f, 0f], [1, 2]))), Refused("continuations of several tokens"));
    }

    private static Dictionary<int, double> Nucleus(double[] scores, double temperature, double topP)
    {
        var weights = scores.Select((score, id) => (Id: id, P: Math.Exp((score - scores.Max()) / temperature))).ToArray();
        var sum = weights.Sum(w => w.P);
        var (covered, kept) = (0.0, new List<(int Id, double P)>());
        foreach (var token in weights.Select(w => (w.Id, P: w.P / sum)).OrderByDescending(w => w.P))
        {
            if (topP < 1 && covered >= topP) break;
            kept.Add(token);
            covered += token.P;
        }
        return kept.Where(k => k.P > 0).ToDictionary(k => k.Id, k => k.P / kept.Sum(other => other.P));
    }

    // Training leaves half of the context to responses, and cuts longer prompts.
    [Test]
    public void A_prompt_beyond_half_of_the_context_is_not_cut()
    {
        var prompt = Conversation.User(string.Concat(Enumerable.Repeat("Once upon a time ", 80)));
        Assert.That(_base.Encoder.EncodePrompt(prompt).Truncated, Is.True);
        var ids = _base.EncodePrompt(prompt);

        var decoded = Decoding(Greedy).Generate([new(prompt, 1, [])], step => TokenChoice.Of(step.Logits(_base)));

        Assert.That(ids, Has.Length.InRange(257, 511));
        Assert.That(decoded[0].Ids, Is.EqualTo(_base.Generate([ids], Greedy)[0].Ids));
    }

    [Test]
    public void Refuses_what_does_not_fit()
    {
        using var gpt2 = LanguageModelOf("gpt2");
        Assert.Multiple(() =>
        {
            Assert.That(() => new ModelDecoding(_base, [gpt2], Greedy), Refused("other-tokens has other tokens than stories260K: token 0 is"));
            Assert.That(() => Decoding(Greedy).Generate([Requests(1)[0] with { Weights = [-1.0] }], Guided), Refused("the weight -1; expected 0 or more"));
            Assert.That(() => Decoding(Greedy).Generate([Requests(1)[0] with { Weights = [1.0, 2.0] }], Guided), Refused("has 2 weights; expected 1"));
            var prompt = Conversation.User(string.Concat(Enumerable.Repeat("Once upon a time ", 200)));
            Assert.That(() => Decoding(Greedy).Generate([Requests(1)[0] with { Prompt = prompt }], Guided), Refused("Once upon…\" does not fit stories260K, whose context has 512 tokens"));
            Assert.That(() => _base.Generate([prompt], Greedy), Refused("does not fit stories260K"));
            Assert.That(() => _ = Decoding(Greedy).Scorer, Refused("needs a scorer"));
            Assert.That(() => _ = Decoding(Greedy).PrefixScorer, Refused("shares the base model's tokens"));
            Assert.That(
                () => Decoding(Greedy).Generate(Requests(1), step => TokenChoice.Of(step.Logits(_base).narrow(1, 0, 7))),
                Throws.InvalidOperationException.With.Message.Contains("over 7 tokens"));
        });
    }

    [Test]
    public void Leaves_no_tensor()
    {
        using var scope = NewDisposeScope();
        var before = LiveTensors.Count;

        Decoding(Sampled, rows: 2).Generate(Requests(4), step =>
        {
            step.RollOut(_guide, [.. step.Requests.Select(_ => (IReadOnlyList<int[]>)[[5], [6]])], new() { MaxTokens = 2 });
            step.RollOut(_base, [.. step.Requests.Select(_ => (IReadOnlyList<int[]>)[[], []])], new() { MaxTokens = 2 });
            return Guided(step);
        });

        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    private TokenChoice Guided(IDecodingStep step) => TokenChoice.Of(step.LogProbs(_base) + step.Weights * step.LogProbs(_guide));

    private TokenRule Args(PrefixScorer prefix, int k, int? piece = null) => step =>
    {
        var (logits, candidates) = step.Logits(_base).topk(k);
        int[][][] choices = [.. candidates.data<long>().ToArray().Chunk(k).Select(row => row.Select(id => (int[])[(int)id]).ToArray())];
        Tensor[] rewards = [.. Enumerable.Range(0, k).Chunk(piece ?? k).Select(some => step.Rewards(prefix, [.. choices.Select(row => some.Select(i => row[i]).ToArray())]))];
        return TokenChoice.Of(choices, logits + cat(rewards, 1) * 4);
    };

    private ModelDecoding Decoding(GenerationOptions options, int rows = 32) => new(_base, [_guide], options, rows: rows);

    private static DecodingRequest[] Requests(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new DecodingRequest(Conversation.User("Once upon a time" + string.Concat(Enumerable.Repeat(" there was", i % 4))), 11 + i, []))];

    private static Tensor LogProbs(CausalModel model, IReadOnlyList<int> ids)
    {
        using var batch = new PackedBatch([new([.. ids], [[]])]);
        return model.Logits(batch)[^1].log_softmax(-1);
    }

    private static LanguageModel LanguageModelOf(string tokenizer)
    {
        var spec = new ModelSpec
        {
            Configuration = ConfigFile.Load(Files.Stories).Model() with { VocabSize = 60_000 },
            Tokenizer = Files.TokenizerFolder(tokenizer),
        };
        return new("other-tokens", CausalModel.Create(spec, 0), PairEncoder.Create(spec), [0]);
    }

    private static NUnit.Framework.Constraints.Constraint Refused(string message) =>
        Throws.TypeOf<RewardKitException>().With.Message.Contains(message);
}
