namespace Acme.Namespace

open System
open System.Collections.Generic
open System.ComponentModel.DataAnnotations
open System.Linq
open RewardKit

/// Options of my-method.
[<PluginOptions; Sealed>]
type MyMethodOptions() =
    /// The share of preferences that are added once more with their responses swapped.
    [<Range(0.0, 1.0)>]
    member val Share = 0.1 with get, set

/// Label smoothing by data: some preferences, drawn by the seed, come a second time with their responses swapped. A loss that
/// sees a share s of the pairs both ways aims at the probability 1 / (1 + s) instead of 1.
[<Augmenter("my-method")>]
type MyMethodAugmenter(options: MyMethodOptions) =
    let swapped (example: PreferenceExample) =
        PreferenceExample(
            $"{example.Id}+my-method",
            example.Prompt,
            example.Rejected,
            example.Chosen,
            Provenance(example.Provenance.Source, example.Provenance.Record, "my-method", null, example.Id),
            Margin = example.Margin,
            SoftLabel = example.SoftLabel
        )

    interface IAugmenter with
        member _.Needs = AugmenterNeeds.None

        member _.AugmentAsync(examples, context, cancellation) =
            // Each reading of the stream begins again with the seed.
            { new IAsyncEnumerable<PreferenceExample> with
                member _.GetAsyncEnumerator token =
                    let random = Random context.Seed
                    let token = if token.CanBeCanceled then token else cancellation

                    let withSwapped (example: PreferenceExample) : PreferenceExample seq =
                        if example.Relation = Relation.Tie || random.NextDouble() >= options.Share then
                            [ example ]
                        else
                            context.Count("my-method.made", 1L)
                            [ example; swapped example ]

                    examples.SelectMany(withSwapped).GetAsyncEnumerator token }
