namespace Acme.Namespace.Tests

open RewardKit
open RewardKit.Conformance
open Acme.Namespace

/// The rules that every decoder keeps, each a test.
type MyMethodDecoderConformance() =
    inherit DecoderConformance()

    override _.Create() = MyMethodDecoder(MyMethodOptions()) :> IDecoder
