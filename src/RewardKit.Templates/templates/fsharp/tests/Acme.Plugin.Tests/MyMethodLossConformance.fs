namespace Acme.Namespace.Tests

open RewardKit
open RewardKit.Conformance
open Acme.Namespace

/// The rules that every loss keeps, each a test.
type MyMethodLossConformance() =
    inherit LossConformance()

    override _.Create() = MyMethodLoss(MyMethodOptions()) :> ILoss
