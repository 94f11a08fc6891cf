namespace Acme.Namespace.Tests

open RewardKit
open RewardKit.Conformance
open Acme.Namespace

/// The rules that every merger keeps, each a test.
type MyMethodMergerConformance() =
    inherit MergerConformance()

    override _.Create() = MyMethodMerger(MyMethodOptions()) :> IWeightMerger
