namespace Acme.Namespace.Tests

open NUnit.Framework
open RewardKit
open TorchSharp
open Acme.Namespace

type MyMethodLossTests() =
    let loss relation (chosen: float) (rejected: float) =
        use scope = torch.NewDisposeScope()

        let example =
            PreferenceExample(
                "1",
                Conversation.User "Two and two?",
                Conversation.Assistant "Four.",
                Conversation.Assistant "Five.",
                Provenance("by hand", 1L),
                Relation = relation
            )

        let batch =
            PairBatch([| example |], torch.tensor [| (relation = Relation.Tie) |], torch.tensor([| 1L; 1L |]).reshape (1, 2), TrainingStep())

        let forward = PairForward(Rewards = torch.tensor([| chosen; rejected |]).reshape (1, 2))
        (MyMethodLoss(MyMethodOptions()) :> ILoss).Compute(batch, forward).Loss.item<float> ()

    // Δ − m = 1 − 0.5 − 1 = −0.5, and −log σ(−0.5) = log(1 + e^0.5).
    [<Test>]
    member _.``A preference by hand``() =
        Assert.That(loss Relation.Preferred 1.0 0.5, Is.EqualTo(0.974076984).Within 1e-9)

    // Half of log(1 + e^0.5) and half of log(1 + e^1.5).
    [<Test>]
    member _.``A tie by hand``() =
        Assert.That(loss Relation.Tie 1.0 0.5, Is.EqualTo(1.337745131).Within 1e-9)
