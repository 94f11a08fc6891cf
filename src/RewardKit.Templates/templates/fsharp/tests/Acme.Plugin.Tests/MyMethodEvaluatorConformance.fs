namespace Acme.Namespace.Tests

open RewardKit
open RewardKit.Conformance
open Acme.Namespace

/// The rules that every evaluator keeps, each a test.
type MyMethodEvaluatorConformance() =
    inherit EvaluatorConformance()

    override _.Create() = MyMethodEvaluator(MyMethodOptions()) :> IEvaluator
