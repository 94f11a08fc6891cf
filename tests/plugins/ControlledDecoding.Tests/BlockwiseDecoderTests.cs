using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.ControlledDecoding.Tests;

public sealed class BlockwiseDecoderTests
{
    private static readonly double[] Base = [0.5, 0.3, 0.2];

    private static TabularDecoding Decoding(Func<IReadOnlyList<int>, double> value, int most, double temperature = 1, int end = -1) => new(Table.Of(Base))
    {
        PrefixScorer = new TableScorer(value),
        Options = new() { Temperature = temperature, MaxTokens = most },
        End = end,
    };

    private static string[] Answers(int k, int m, int most, Func<IReadOnlyList<int>, double> value, int answers, double weight = 1) =>
        [.. new BlockwiseDecoder(new() { K = k, M = m }).Decode([.. Enumerable.Range(0, answers).Select(seed => Request(seed, weight))], Decoding(value, most), default).Select(a => a.Text)];

    // P(the best of K samples is the i-th in order of value) = F_i^K − F_(i−1)^K.
    [TestCase(1, new[] { 0.5, 0.3, 0.2 })]
    [TestCase(4, new[] { 0.0625, 0.3471, 0.5904 })]
    public void Blocks_of_a_token_are_the_best_of_k_tokens(int k, double[] expected)
    {
        const int answers = 3000;
        var taken = Answers(k, 1, 1, tokens => tokens[^1], answers);
        // Within four standard deviations.
        foreach (var (id, p) in expected.Index())
            Assert.That(taken.Count(text => text == Text([id])) / (double)answers, Is.EqualTo(p).Within(4 * Math.Sqrt(p * (1 - p) / answers)));
    }

    [Test]
    public void A_block_as_long_as_the_answer_is_the_best_of_k_answers()
    {
        var samples = new List<string>();
        var decoding = Decoding(tokens => { samples.Add(Text(tokens)); return tokens.Sum(); }, 5);
        var answer = new BlockwiseDecoder(new() { K = 8, M = 100 }).Decode([Request(3, 1)], decoding, default)[0].Text;
        Assert.Multiple(() =>
        {
            Assert.That(samples, Has.Count.EqualTo(8).And.All.Length.EqualTo(5));
            Assert.That(answer, Is.EqualTo(samples.MaxBy(text => Ids(text).Sum())), "the first of the best");
        });
    }

    [Test]
    public void Values_are_asked_at_the_ends_of_blocks_and_the_last_one_is_shorter()
    {
        var asked = new List<int>();
        var decoding = Decoding(tokens => { asked.Add(tokens.Count); return tokens.Sum(); }, 8);
        var answer = new BlockwiseDecoder(new() { K = 2, M = 3 }).Decode([Request(3, 1)], decoding, default)[0];
        Assert.That(asked, Is.EqualTo((int[])[3, 3, 6, 6, 8, 8]));
        Assert.That(answer.Ids, Has.Count.EqualTo(8));
    }

    [Test]
    public void A_block_that_ends_the_answer_ends_it()
    {
        // Token 2 ends answers, and nothing is better than an end.
        var decoding = Decoding(tokens => tokens[^1], 50, end: 2);
        var answer = new BlockwiseDecoder(new() { K = 6, M = 10 }).Decode([Request(1, 1)], decoding, default)[0];
        Assert.That((answer.Ids[^1], answer.Finish), Is.EqualTo((2, FinishReason.StopToken)));
        Assert.That(answer.Ids.Count, Is.LessThanOrEqualTo(10));
    }

    [Test]
    public void Among_equal_blocks_the_first_is_kept()
    {
        var samples = new List<string>();
        var decoding = Decoding(tokens => { samples.Add(Text(tokens)); return 1; }, 6);
        Assert.That(new BlockwiseDecoder(new() { K = 5, M = 6 }).Decode([Request(3, 1)], decoding, default)[0].Text, Is.EqualTo(samples[0]));
        Assert.That(samples.Distinct().Count(), Is.GreaterThan(1));
    }

    [Test]
    public void Any_weight_above_zero_is_the_same_and_zero_is_the_base()
    {
        Func<IReadOnlyList<int>, double> value = tokens => tokens.Sum();
        var one = Answers(4, 2, 6, value, 20);
        Assert.Multiple(() =>
        {
            Assert.That(Answers(4, 2, 6, value, 20, 0.01), Is.EqualTo(one));
            var plain = Decoding(value, 6);
            DecodingRequest[] requests = [.. Enumerable.Range(0, 20).Select(seed => Request(seed, 0))];
            Assert.That(
                new BlockwiseDecoder(new() { K = 4, M = 2 }).Decode(requests, plain, default).Select(a => a.Text),
                Is.EqualTo(plain.Generate(requests, step => TokenChoice.Of(step.Logits(plain.Base))).Select(a => a.Text)));
            Assert.That(((TableScorer)plain.PrefixScorer).Asked, Is.Zero);
        });
    }

    [Test]
    public void A_value_that_is_no_number_is_not_taken_for_the_best()
    {
        var decoding = Decoding(_ => double.NaN, 4);
        new BlockwiseDecoder(new() { K = 2, M = 4 }).Decode([Request(1, 1)], decoding, default);
        Assert.That(decoding.Scores[0], Has.Some.NaN, "the host refuses such scores");
    }

    [Test]
    public void Leaves_no_tensor()
    {
        var before = LiveTensors.Count;
        Answers(3, 2, 5, tokens => tokens.Sum(), 4);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
