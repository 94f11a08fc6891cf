using RewardKit.Hosting.Decoding;

namespace RewardKit.Hosting.Tests.Decoding;

public class WinRateTests
{
    [Test]
    public void Ties_count_half_and_prompts_count_alike()
    {
        var (a, b) = (Conversation.User("a"), Conversation.User("b"));
        // Two answers to one prompt, a win and a tie; one to the other, lost; one of which nothing is known.
        var rate = WinRate.Of([(a, 1), (a, 0.5), (b, 0), (b, null)]);
        Assert.That((rate.Wins, rate.Ties, rate.Losses, rate.Unreadable, rate.Prompts), Is.EqualTo((1, 1, 1, 1, 2)));
        Assert.That(rate.Rate, Is.EqualTo((0.75 + 0) / 2).Within(1e-12));
        // Of two prompts a resample has one of them twice, or both.
        Assert.That((rate.Interval!.Value.Low, rate.Interval.Value.High), Is.EqualTo((0.0, 0.75)));
        Assert.That(rate.ToString(), Is.EqualTo("37.5 % (0.0 to 75.0), 1 wins, 1 ties, 1 losses, 1 unreadable"));
    }

    [Test]
    public void A_verdict_that_turns_with_the_sides_is_a_tie()
    {
        var rate = WinRate.Of([(Conversation.User("a"), (1.0 + 1.0 - 1.0) / 2), (Conversation.User("b"), 0.75)]);
        Assert.That((rate.Wins, rate.Ties, rate.Losses), Is.EqualTo((1, 1, 0)));
    }

    [Test]
    public void Nothing_is_no_rate() => Assert.That(WinRate.Of([(Conversation.User("a"), null)]).Rate, Is.NaN);
}
