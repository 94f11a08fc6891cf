using RewardKit;
using RewardKit.Conformance;

namespace Acme.Namespace.Tests;

/// <summary>The rules that every composer keeps, each a test.</summary>
public sealed class MyMethodComposerConformance : ComposerConformance
{
    protected override IScorerComposer Create() => new MyMethodComposer(new());
}
