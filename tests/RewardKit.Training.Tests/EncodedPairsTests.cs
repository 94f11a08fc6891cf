using RewardKit.Models.Tokenization;

namespace RewardKit.Training.Tests;

/// <summary>Tokens of pairs, kept or made again each time.</summary>
public class EncodedPairsTests
{
    private static readonly PairEncoder Encoder = PairEncoder.Create(Small.Llama);

    [TestCase(TooLong.Truncate)]
    [TestCase(TooLong.Drop)]
    public void Pairs_that_are_not_kept_are_those_that_are(TooLong tooLong)
    {
        var kept = new EncodedPairs(Small.Pairs, Encoder, ForwardNeeds.Rewards, tooLong);
        var again = new EncodedPairs(Small.Pairs, Encoder, ForwardNeeds.Rewards, tooLong, tokensInMemory: 50);
        Assert.That(kept[0], Is.SameAs(kept[0]));
        Assert.That(again[0], Is.Not.SameAs(again[0]));
        Assert.That(again, Has.Count.EqualTo(kept.Count));
        Assert.That(kept, tooLong == TooLong.Truncate ? Has.Count.EqualTo(Small.Pairs.Count) : Has.Count.LessThan(Small.Pairs.Count));
        Assert.That((again.TruncatedPrompts, again.TruncatedResponses), Is.EqualTo((kept.TruncatedPrompts, kept.TruncatedResponses)));
        for (var i = 0; i < kept.Count; i++)
        {
            Assert.That(Ids(again[i]), Is.EqualTo(Ids(kept[i])));
            Assert.That((again[i].Example, again.Tokens(i)), Is.EqualTo((kept[i].Example, kept[i].Tokens)));
        }

        static int[][] Ids(TokenPair pair) => [pair.Prompt.Ids, pair.Chosen.Ids, pair.Rejected.Ids];
    }
}
