namespace Acme.Namespace.Tests

open System.Linq
open System.Threading
open System.Threading.Tasks
open NUnit.Framework
open RewardKit
open Acme.Namespace

type MyMethodAugmenterTests() =
    let example id relation =
        PreferenceExample(
            id,
            Conversation.User "Two and two?",
            Conversation.Assistant "Four.",
            Conversation.Assistant "Five.",
            Provenance("by hand", 1L),
            Relation = relation
        )

    let preference = example "1" Relation.Preferred

    let augment share (examples: PreferenceExample list) =
        let augmenter = MyMethodAugmenter(MyMethodOptions(Share = share)) :> IAugmenter
        let context = AugmentationContext(1, null, fun _ _ -> ())
        let augmented = augmenter.AugmentAsync(examples.ToAsyncEnumerable(), context, CancellationToken.None)
        List.ofSeq (augmented.ToBlockingEnumerable())

    [<Test>]
    member _.``A share of one adds every preference swapped``() =
        let examples = augment 1.0 [ preference ]
        Assert.That(examples.Length, Is.EqualTo 2)
        Assert.That(examples[0], Is.EqualTo preference)
        Assert.That(examples[1].Chosen, Is.EqualTo preference.Rejected)
        Assert.That(examples[1].Rejected, Is.EqualTo preference.Chosen)

    [<Test>]
    member _.``A tie has no order to swap``() =
        Assert.That((augment 1.0 [ example "1" Relation.Tie ]).Length, Is.EqualTo 1)

    [<Test>]
    member _.``The share is kept on average``() =
        let many = [ for i in 1..10_000 -> example $"{i}" Relation.Preferred ]
        Assert.That((augment 0.2 many).Length, Is.EqualTo(12_000).Within 200)
