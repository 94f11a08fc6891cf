namespace Acme.Namespace

open System.ComponentModel.DataAnnotations
open RewardKit

/// Options of my-method.
[<PluginOptions; Sealed>]
type MyMethodOptions() =
    /// What every guide's weight is multiplied by.
    [<Range(0.0, 100.0)>]
    member val Strength = 1.0 with get, set

/// Scores each next token by the base model's log-probability plus that of each guide, times the guide's weight.
[<Decoder("my-method", Paper = "arXiv:2410.08193")>]
type MyMethodDecoder(options: MyMethodOptions) =
    let weight guide (request: DecodingRequest) =
        options.Strength * (if request.Weights.Count = 0 then 1.0 else request.Weights[guide])

    interface IDecoder with
        member _.Needs = DecoderNeeds.Guides

        member _.Decode(requests, context, cancellation) =
            // A guide without any weight need not be run.
            let guides =
                [ for guide in 0 .. context.Guides.Count - 1 do
                      if requests |> Seq.exists (fun request -> weight guide request > 0.0) then
                          guide ]

            let choose (step: IDecodingStep) =
                (step.LogProbs context.Base, guides) // [rows, vocabulary]
                ||> List.fold (fun scores guide ->
                    scores + options.Strength * step.Weights.narrow (1, guide, 1) * step.LogProbs context.Guides[guide])
                |> TokenChoice.Of

            context.Generate(requests, TokenRule choose, cancellation = cancellation)
