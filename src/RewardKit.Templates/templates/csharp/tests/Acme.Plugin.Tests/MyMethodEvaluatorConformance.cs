using RewardKit;
using RewardKit.Conformance;

namespace Acme.Namespace.Tests;

/// <summary>The rules that every evaluator keeps, each a test.</summary>
public sealed class MyMethodEvaluatorConformance : EvaluatorConformance
{
    protected override IEvaluator Create() => new MyMethodEvaluator(new());
}
