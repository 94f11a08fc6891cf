namespace Acme.Namespace.Tests

open RewardKit
open RewardKit.Conformance
open Acme.Namespace

/// The rules that every composer keeps, each a test.
type MyMethodComposerConformance() =
    inherit ComposerConformance()

    override _.Create() = MyMethodComposer(MyMethodOptions()) :> IScorerComposer
