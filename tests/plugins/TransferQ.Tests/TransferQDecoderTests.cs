using RewardKit.Conformance;
using RewardKit.Plugins.Tests;
using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.TransferQ.Tests;

[TestFixture(1, 0, false)]
[TestFixture(2, 1, true)]
public sealed class TransferQConformance(int rollOuts, double temperature, bool indirect) : DecoderConformance
{
    // So that a thousand candidates or tokens of one option do not meet ten of the others.
    protected override IReadOnlyDictionary<string, object> Options { get; } = new Dictionary<string, object> { ["k"] = 2, ["rollOutTokens"] = 1 };

    protected override IDecoder Create() => new TransferQDecoder(new() { K = 3, RollOutTokens = 3, RollOuts = rollOuts, RollOutTemperature = temperature, Indirect = indirect });
}

public sealed class TransferQDecoderTests
{
    private static readonly double[] Logits = [2, 1, 0.5];

    private static IScorer ByText(Func<string, double> reward) => new FakeScorer(request => reward(request.Response.LastContent));

    private static TabularDecoding Decoding(Func<string, double> reward, Func<string, double>? baseline = null, double temperature = 1, int most = 4) => new(new(Logits))
    {
        Scorer = ByText(reward),
        BaselineScorer = ByText(baseline ?? (_ => throw new InvalidOperationException("no baseline"))),
        Options = new() { Temperature = temperature, MaxTokens = most },
    };

    // Rewards of the three candidates' roll-outs, told by their first letter.
    private static double OfRollOut(string text) => ((double[])[0.2, 1.4, 0.9])[text[0] - 'a'];

    [TestCase(0.5, new[] { 0.167784183, 0.680398411, 0.151817406 }, new[] { 2.4, 3.8, 2.3 }, 1)]
    [TestCase(1, new[] { 0.374429222, 0.457328884, 0.168241894 }, new[] { 2.2, 2.4, 1.4 }, 1)]
    [TestCase(2, new[] { 0.503282201, 0.337360148, 0.159357650 }, new[] { 2.1, 1.7, 0.95 }, 0)]
    public void Worked_example(double alpha, double[] expected, double[] scores, int greedy)
    {
        var decoding = Decoding(OfRollOut);
        Assert.That(decoding.Next(new TransferQDecoder(new()), [1 / alpha]), Is.EqualTo(expected).Within(1e-6));
        Assert.That(decoding.Scores[0], Is.EqualTo(scores).Within(1e-6));
        Assert.That(new TransferQDecoder(new()).Decode([Request(1, 1 / alpha)], Decoding(OfRollOut, temperature: 0), default)[0].Ids[0], Is.EqualTo(greedy));
    }

    // The value of the only candidate, from three roll-outs with these rewards.
    private static double Value(TransferQOptions options, double[] rewards, double[] baseline)
    {
        var (target, own) = (new Queue<double>(rewards), new Queue<double>(baseline));
        var decoding = Decoding(_ => target.Dequeue(), _ => own.Dequeue());
        decoding.Next(new TransferQDecoder(options with { K = 1, RollOuts = rewards.Length, RollOutTemperature = 1 }), [1.0]);
        return decoding.Scores[0][0] - Logits[0];
    }

    [Test]
    public void Worked_example_of_weighted_roll_outs()
    {
        double[] rewards = [1.0, 0.2, 1.6];
        double[] baseline = [0.8, 0.6, 0.7];
        double[] weights = [1.105170918, 0.818730753, 1.568312186];
        Assert.Multiple(() =>
        {
            Assert.That(Value(new() { Indirect = true, Beta = 2 }, rewards, baseline), Is.EqualTo(1.081897249).Within(1e-6));
            Assert.That(Value(new(), rewards, baseline), Is.EqualTo(0.933333333).Within(1e-6));
            // ω = exp((r − r_BL) / β), and the products that the released code adds up without dividing by Σ ω.
            Assert.That(rewards.Zip(baseline, (r, b) => Math.Exp((r - b) / 2)), Is.EqualTo(weights).Within(1e-6));
            Assert.That(weights.Zip(rewards, (w, r) => w * r), Is.EqualTo((double[])[1.105170918, 0.163746151, 2.509299497]).Within(1e-6));
            Assert.That(weights.Zip(rewards, (w, r) => w * r).Sum() / weights.Sum(), Is.EqualTo(1.081897249).Within(1e-6));
        });
    }

    [Property]
    public void The_base_aligned_to_the_targets_reward_makes_indirect_direct(sbyte first, sbyte second, byte beta)
    {
        double[] rewards = [first / 16.0, second / 16.0, 1];
        Assert.That(Value(new() { Indirect = true, Beta = 0.1 + beta }, rewards, rewards), Is.EqualTo(Value(new(), rewards, rewards)).Within(1e-5));
    }

    [Test]
    public void Weights_far_apart_do_not_overflow() =>
        Assert.That(Value(new() { Indirect = true, Beta = 0.001 }, [5000, 1, 2], [0, 4000, 0]), Is.EqualTo(5000).Within(1e-3));

    [Test]
    public void Less_and_less_weight_leaves_the_base_among_its_candidates()
    {
        var kept = Softmax(Logits[..2]);
        Assert.That(Decoding(OfRollOut).Next(new TransferQDecoder(new() { K = 2 }), [1e-9]), Is.EqualTo((double[])[.. kept, 0]).Within(1e-6));
    }

    // ARGS scores the answer so far with each candidate.
    [Test]
    public void Roll_outs_of_no_length_are_the_candidates_themselves()
    {
        var seen = new List<string>();
        Decoding(text => { seen.Add(text); return 0; }).Next(new TransferQDecoder(new() { RollOutTokens = 0 }), [1.0], 1, 2);
        Assert.That(seen, Is.EqualTo((string[])["bca", "bcb", "bcc"]));
    }

    [Test]
    public void Roll_outs_are_the_bases_own_of_the_length_that_is_asked_for()
    {
        var seen = new List<string>();
        Decoding(text => { seen.Add(text); return 0; }).Next(new TransferQDecoder(new() { K = 2, RollOutTokens = 3 }), [1.0], 1);
        Assert.That(seen, Is.EqualTo((string[])["baaaa", "bbaaa"]), "greedy");
        seen.Clear();
        Decoding(text => { seen.Add(text); return 0; }).Next(new TransferQDecoder(new() { K = 2, RollOutTokens = 6, RollOuts = 20, RollOutTemperature = 1 }), [1.0]);
        Assert.That(seen, Has.Count.EqualTo(40).And.All.Length.EqualTo(7));
        Assert.That(seen.Take(20), Has.All.StartsWith("a"));
        Assert.That(seen.Distinct().Count(), Is.GreaterThan(20));
    }

    // With a deterministic base the value is the reward of the answer that follows.
    [Test]
    public void To_the_end_the_value_is_the_reward_of_the_whole_answer()
    {
        // b follows a, c follows b, and c ends it.
        var chain = new Table(tokens => tokens switch { [.., 0] => [-50, 0, -50], [.., 1] => [-50, -50, 0], _ => [1, 0.5, 0] });
        var seen = new List<string>();
        var decoding = new TabularDecoding(chain) { Scorer = ByText(text => { seen.Add(text); return text.Length; }), Options = new() { Temperature = 1, MaxTokens = 9 }, End = 2 };
        decoding.Next(new TransferQDecoder(new() { ToEnd = true, RollOutTokens = 1 }), [2.0]);
        Assert.That(seen, Is.EqualTo((string[])["ab", "b", ""]), "c itself is an end");
        Assert.That(decoding.Scores[0], Is.EqualTo((double[])[1 + 4, 0.5 + 2, 0]).Within(1e-6));
    }

    [Test]
    public void Weight_zero_is_the_base_to_the_last_bit_and_rolls_nothing_out()
    {
        var decoding = Decoding(_ => throw new InvalidOperationException("scored"));
        decoding.Next(new TransferQDecoder(new()), [0.0]);
        Assert.That(decoding.Scores[0], Is.EqualTo(Logits));
        Assert.That(((Table)decoding.Base).Asked, Is.EqualTo(1));
    }

    [Test]
    public void What_makes_no_sense_is_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => new TransferQDecoder(new() { RollOuts = 3 }), Throws.TypeOf<RewardKitException>().With.Message.Contains("set rollOutTemperature above 0"));
        Assert.That(() => new TransferQDecoder(new() { Indirect = true }), Throws.TypeOf<RewardKitException>().With.Message.Contains("set rollOuts to 2 or more"));
        Assert.That(new TransferQDecoder(new()).Needs, Is.EqualTo(DecoderNeeds.Scorer));
        Assert.That(
            new TransferQDecoder(new() { Indirect = true, RollOuts = 2, RollOutTemperature = 1 }).Needs, Is.EqualTo(DecoderNeeds.Scorer | DecoderNeeds.BaselineScorer));
    });

    [Test]
    public void Leaves_no_tensor()
    {
        var before = LiveTensors.Count;
        Decoding(OfRollOut).Next(new TransferQDecoder(new()), [1.0]);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
