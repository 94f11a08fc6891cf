using RewardKit.Torch;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

public class PackedBatchTests
{
    [Test]
    public void Lays_each_prompt_once_before_its_responses()
    {
        using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]]), new([7, 8], [[], [9]])]);

        Assert.Multiple(() =>
        {
            Assert.That(Values(batch.TokenIds), Is.EqualTo((long[])[1, 2, 3, 4, 5, 6, 7, 8, 9]));
            Assert.That(Values(batch.Positions), Is.EqualTo((long[])[0, 1, 2, 3, 4, 3, 0, 1, 2]));
            Assert.That(Values(batch.Segments), Is.EqualTo((long[])[0, 3, 0, 0, 3, 2, 0, 3, 5, 1, 0, 3, 6, 2, 0, 0, 8, 1, 6, 2]));
            Assert.That(Values(batch.LastTokens), Is.EqualTo((long[])[4, 5, 7, 8]), "an empty response reads its prompt's last token");
            Assert.That(Values(batch.PredictFrom), Is.EqualTo((long[])[2, 3, 2, 7]), "the prompt's last token predicts the first");
            Assert.That(Values(batch.Targets), Is.EqualTo((long[])[4, 5, 6, 9]));
            Assert.That(batch.ResponseLengths, Is.EqualTo((int[])[2, 1, 0, 1]));
            Assert.That((batch.Sequences, batch.Tokens), Is.EqualTo((4, 9L)));
        });
    }

    [Test]
    public void Wants_a_prompt_and_a_response()
    {
        Assert.That(() => new PackedBatch([new([], [[1]])]), Throws.ArgumentException);
        Assert.That(() => new PackedBatch([new([1], [])]), Throws.ArgumentException);
    }

    // By hand: logits by position, labels (-100, -100, 1, 2). Position 1 predicts the label 1, position 2 the label 2;
    // position 0 lies in the prompt, position 3 has nothing behind it.
    [Test]
    public void A_response_token_is_predicted_by_the_position_before_it()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new double[,] { { 0.2, -0.1, 0.4 }, { 1.0, 0.0, -1.0 }, { 0.3, 0.5, -0.2 }, { 0.0, 0.1, 0.2 } });
        var identity = tensor(new double[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } });
        double[] LogProbs(int[] prompt)
        {
            using var batch = new PackedBatch([new(prompt, [[1, 2]])]);
            return TokenLogProbs.Apply(logits.index_select(0, batch.PredictFrom), identity, batch.Targets).data<double>().ToArray();
        }

        var tokens = LogProbs([0, 0]);
        Assert.That(tokens, Is.EqualTo((double[])[-1.407605964, -1.539546204]).Within(1e-9));
        Assert.That((tokens.Sum(), tokens.Average()), Is.EqualTo((-2.947152168, -1.473576084)).Within(1e-9));
        Assert.That(LogProbs([2, 1]), Is.EqualTo(tokens), "the prompt's own tokens are no labels");
    }

    private static long[] Values(Tensor tensor) => tensor.data<long>().ToArray();
}
