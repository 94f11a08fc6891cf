using RewardKit;
using TorchSharp;

namespace Acme.Namespace.Tests;

public sealed class MyMethodLossTests
{
    // Δ − m = 1 − 0.5 − 1 = −0.5, and −log σ(−0.5) = log(1 + e^0.5).
    [Test]
    public void A_preference_by_hand() => Assert.That(Loss(Relation.Preferred, 1.0, 0.5), Is.EqualTo(0.974076984).Within(1e-9));

    // Half of log(1 + e^0.5) and half of log(1 + e^1.5).
    [Test]
    public void A_tie_by_hand() => Assert.That(Loss(Relation.Tie, 1.0, 0.5), Is.EqualTo(1.337745131).Within(1e-9));

    private static double Loss(Relation relation, double chosen, double rejected)
    {
        using var scope = torch.NewDisposeScope();
        var example = new PreferenceExample(
            "1", Conversation.User("Two and two?"), Conversation.Assistant("Four."), Conversation.Assistant("Five."), new("by hand", 1))
        {
            Relation = relation,
        };
        var batch = new PairBatch([example], torch.tensor(new[] { relation == Relation.Tie }), torch.tensor(new long[] { 1, 1 }).reshape(1, 2), default);
        var forward = new PairForward { Rewards = torch.tensor(new[] { chosen, rejected }).reshape(1, 2) };
        return new MyMethodLoss(new()).Compute(batch, forward).Loss.item<double>();
    }
}
