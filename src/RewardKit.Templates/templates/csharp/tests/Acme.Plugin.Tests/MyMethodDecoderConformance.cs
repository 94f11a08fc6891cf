using RewardKit;
using RewardKit.Conformance;

namespace Acme.Namespace.Tests;

/// <summary>The rules that every decoder keeps, each a test.</summary>
public sealed class MyMethodDecoderConformance : DecoderConformance
{
    protected override IDecoder Create() => new MyMethodDecoder(new());
}
