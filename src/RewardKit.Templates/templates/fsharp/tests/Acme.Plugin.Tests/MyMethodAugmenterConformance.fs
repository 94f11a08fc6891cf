namespace Acme.Namespace.Tests

open RewardKit
open RewardKit.Conformance
open Acme.Namespace

/// The rules that every augmenter keeps, each a test.
type MyMethodAugmenterConformance() =
    inherit AugmenterConformance()

    override _.Create() = MyMethodAugmenter(MyMethodOptions()) :> IAugmenter
