namespace Acme.Namespace

open System
open System.Collections.Generic
open System.ComponentModel.DataAnnotations
open RewardKit
open TorchSharp

/// Options of my-method.
[<PluginOptions; Sealed>]
type MyMethodOptions() =
    /// By how much the better response's reward is to exceed the other's.
    [<Range(0.0, 100.0)>]
    member val Margin = 1.0 with get, set

/// Bradley-Terry with a margin m: with Δ the chosen response's reward minus the rejected one's, and p the probability that
/// the chosen one is better, the mean over pairs of −p·log σ(Δ − m) − (1 − p)·log σ(−Δ − m).
[<Loss("my-method", Paper = "arXiv:2307.09288, equation 2")>]
type MyMethodLoss(options: MyMethodOptions) =
    interface ILoss with
        member _.Needs = ForwardNeeds.Rewards

        member _.Compute(batch, forward) =
            ArgumentOutOfRangeException.ThrowIfZero batch.Pairs
            let difference = forward.Rewards.select (1, 0) - forward.Rewards.select (1, 1) // [pairs]
            let p = batch.Labels.``to`` difference.dtype // [pairs]; 1 for a preference, ½ for a tie

            // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
            let loss =
                p * (options.Margin - difference).softplus () + (1.0 - p) * (options.Margin + difference).softplus ()

            let metrics = Dictionary<string, torch.Tensor>()
            metrics["margin"] <- difference.detach().mean ()
            LossResult(loss.mean (), metrics)
