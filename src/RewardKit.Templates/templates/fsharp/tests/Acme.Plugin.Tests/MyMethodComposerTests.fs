namespace Acme.Namespace.Tests

open System.Threading
open NUnit.Framework
open RewardKit
open Acme.Namespace

type MyMethodComposerTests() =
    let constant reward =
        { new IScorer with
            member _.Name = "constant"
            member _.Score(requests, _) = Array.create requests.Count reward }

    // Weights 3 and 1: the mean of 1 and 5 is (3·1 + 1·5) / 4 = 2, their variance (3·1² + 1·3²) / 4 = 3.
    [<TestCase(0.0, 2.0)>]
    [<TestCase(0.5, 0.5)>]
    member _.``Two members by hand``(caution: float, expected: float) =
        let composer = MyMethodComposer(MyMethodOptions(Caution = caution)) :> IScorerComposer
        let members = [| ScorerMember(constant 1.0, 3.0); ScorerMember(constant 5.0, 1.0) |]
        let composed = composer.Compose(members, CompositionContext([||], 1), CancellationToken.None)
        let request = ScoreRequest(Conversation.User "Two and two?", Conversation.Assistant "Four.")
        Assert.That(composed.Score [| request |], Is.EqualTo<float> [| expected |])
