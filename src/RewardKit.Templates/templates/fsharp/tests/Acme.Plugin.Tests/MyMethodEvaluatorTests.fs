namespace Acme.Namespace.Tests

open System.Threading
open NUnit.Framework
open RewardKit
open Acme.Namespace

type MyMethodEvaluatorTests() =
    let pair number (chosen: string) (rejected: string) =
        PreferenceExample(
            string number,
            Conversation.User "Well?",
            Conversation.Assistant chosen,
            Conversation.Assistant rejected,
            Provenance("by hand", number)
        )

    let length =
        { new IScorer with
            member _.Name = "length"
            member _.Score(requests, _) = [| for request in requests -> float request.Response.LastContent.Length |] }

    [<Test>]
    member _.``A scorer that likes length is right where the chosen response is longer``() =
        let pairs = [| pair 1L "a long answer" "short"; pair 2L "short" "a long answer"; pair 3L "a long one too" "short" |]
        let evaluator = MyMethodEvaluator(MyMethodOptions()) :> IEvaluator
        let report = evaluator.EvaluateAsync(EvaluationContext(length, pairs, 1), CancellationToken.None).Result
        Assert.That(report.Metrics["accuracy"].Value, Is.EqualTo(2.0 / 3.0))
        Assert.That(report.Metrics["accuracy.longer"].Items, Is.EqualTo<float> [| 1.0; 1.0 |])
        Assert.That(report.Metrics["accuracy.shorter"].Items, Is.EqualTo<float> [| 0.0 |])
        Assert.That(report.Metrics.ContainsKey "accuracy.equal", Is.False)
