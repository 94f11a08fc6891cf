using RewardKit.Plugins.Args;
using RewardKit.Plugins.BestOfN;
using RewardKit.Plugins.ControlledDecoding;
using RewardKit.Plugins.Mod;
using RewardKit.Plugins.ProxyTuning;
using RewardKit.Plugins.Tests;
using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Plugins.TransferQ;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.GenArm.Tests;

/// <summary>Where decoders are special cases of each other.</summary>
public sealed class CrossMethodTests
{
    private static readonly GenArmDecoder GenArm = new(new());

    private static double[] Draw(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 6).Select(_ => 6 * random.NextDouble() - 3)];
    }

    private static double[] OfGenArm(int seed, double alpha) => new TabularDecoding(new(Draw(seed)), new Table(Draw(seed + 1))).Next(GenArm, [alpha]);

    // A scorer that gives a token the log-probability that the guide gives it.
    private static TableScorer AsReward(int seed)
    {
        double[] logProbs = [.. Softmax(Draw(seed + 1)).Select(p => Math.Log(p))];
        return new(tokens => logProbs[tokens[^1]]);
    }

    private static readonly (string Name, IDecoder Decoder)[] All =
    [
        ("gen-arm", GenArm), ("gen-arm, normalised", new GenArmDecoder(new() { Normalise = true })), ("args", new ArgsDecoder(new() { K = 3 })),
        ("transfer-q", new TransferQDecoder(new())), ("controlled", new ControlledDecoder(new())), ("controlled-blockwise", new BlockwiseDecoder(new())),
        ("best-of-n", new BestOfNDecoder(new())), ("mod", new ModDecoder(new())), ("proxy-tuning", new ProxyTuningDecoder()),
    ];

    private static IEnumerable<TestCaseData> Decoders() => All.Select(one => new TestCaseData(one.Decoder).SetArgDisplayNames(one.Name));

    [TestCaseSource(nameof(Decoders))]
    public void Without_guidance_every_method_is_the_base_and_asks_nothing_else(IDecoder decoder)
    {
        var (@base, first, second) = (new Table(Draw(1)), new Table(Draw(2)), new Table(Draw(3)));
        var decoding = new TabularDecoding(@base, first, second) { Options = new() { Temperature = 1, MaxTokens = 12 } };
        DecodingRequest[] requests = [.. Enumerable.Range(0, 30).Select(i => Request(i, 0, 0))];
        var alone = decoding.Generate(requests, step => TokenChoice.Of(step.Logits(@base)));
        // The scorers of this context refuse to be asked.
        Assert.That(decoder.Decode(requests, decoding, default).Select(answer => answer.Text), Is.EqualTo(alone.Select(answer => answer.Text)));
        Assert.That((first.Asked, second.Asked), Is.EqualTo((0, 0)));
    }

    [Property]
    public void Mod_of_base_and_guide_at_half_the_temperature_is_gen_arm(int seed)
    {
        var mixed = new TabularDecoding(new(Draw(seed + 2)), new Table(Draw(seed)), new Table(Draw(seed + 1))) { Options = new() { Temperature = 0.5 } };
        Assert.That(mixed.Next(new ModDecoder(new()), [0.5, 0.5]), Is.EqualTo(OfGenArm(seed, 1)).Within(1e-5));
    }

    [Property]
    public void Controlled_decoding_by_the_guides_log_probabilities_is_gen_arm(int seed, byte alpha) => Assert.That(
        new TabularDecoding(new(Draw(seed))) { PrefixScorer = AsReward(seed) }.Next(new ControlledDecoder(new() { K = 0 }), [alpha / 64.0]),
        Is.EqualTo(OfGenArm(seed, alpha / 64.0)).Within(1e-5));

    [Property]
    public void Args_over_the_vocabulary_by_the_guides_log_probabilities_is_gen_arm(int seed, byte alpha) => Assert.That(
        new TabularDecoding(new(Draw(seed))) { PrefixScorer = AsReward(seed) }.Next(new ArgsDecoder(new() { K = 6 }), [alpha / 64.0]),
        Is.EqualTo(OfGenArm(seed, alpha / 64.0)).Within(1e-5));

    [Property]
    public void Proxy_tuning_against_a_uniform_model_is_gen_arm(int seed, byte a) => Assert.That(
        new TabularDecoding(new(Draw(seed)), new Table(Draw(seed + 1)), new Table(0, 0, 0, 0, 0, 0)).Next(new ProxyTuningDecoder(), [a / 64.0, a / 64.0]),
        Is.EqualTo(OfGenArm(seed, a / 64.0)).Within(1e-5));

    [Property]
    public void Transfer_q_without_roll_outs_is_args(int seed, byte w)
    {
        var reward = AsReward(seed);
        var decoding = new TabularDecoding(new(Draw(seed))) { PrefixScorer = reward, Scorer = new FakeScorer(request => reward.Reward(Ids(request.Response.LastContent))) };
        var rolled = decoding.Next(new TransferQDecoder(new() { K = 4, RollOutTokens = 0 }), [w / 64.0], 2, 5);
        Assert.That(rolled, Is.EqualTo(decoding.Next(new ArgsDecoder(new() { K = 4 }), [w / 64.0], 2, 5)).Within(1e-6));
    }

    // Each answer's reward is the log-probability of the guide; more guidance, or more samples, and more of it.
    [Test]
    public void Reward_grows_with_guidance()
    {
        var reward = AsReward(1);
        double Mean(IDecoder decoder, double weight)
        {
            var decoding = new TabularDecoding(new(Draw(1)), decoder is GenArmDecoder ? [new Table(Draw(2))] : [])
            {
                PrefixScorer = reward,
                Scorer = new FakeScorer(request => Ids(request.Response.LastContent).Sum(id => reward.Reward([id]))),
                Options = new() { Temperature = 1, MaxTokens = 4 },
            };
            return decoder.Decode([.. Enumerable.Range(0, 400).Select(i => Request(i, weight))], decoding, default)
                .Average(answer => Ids(answer.Text).Sum(id => reward.Reward([id])));
        }

        Assert.Multiple(() =>
        {
            Assert.That(new[] { 0, 0.5, 1, 4 }.Select(weight => Mean(GenArm, weight)), Is.Ordered);
            Assert.That(new[] { 0, 0.5, 1, 4 }.Select(weight => Mean(new ArgsDecoder(new() { K = 6 }), weight)), Is.Ordered);
            Assert.That(new[] { 1, 2, 4, 16 }.Select(n => Mean(new BestOfNDecoder(new() { N = n }), 1)), Is.Ordered);
        });
    }
}
