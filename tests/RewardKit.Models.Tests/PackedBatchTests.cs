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

    private static long[] Values(Tensor tensor) => tensor.data<long>().ToArray();
}
