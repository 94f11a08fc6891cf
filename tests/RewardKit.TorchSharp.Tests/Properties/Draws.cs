using FsCheck;
using FsCheck.Fluent;

namespace RewardKit.TorchSharp.Tests.Properties;

/// <summary>How FsCheck draws the cases; each is worked out from one number.</summary>
public static class Draws
{
    /// <summary>Where every run of every property starts, so that a run repeats.</summary>
    public const string Replay = "20260711,20260713";

    public static Arbitrary<BroadcastCase> Broadcasts() => From(BroadcastCase.Draw);

    public static Arbitrary<IndexCase> Indices() => From(IndexCase.Draw);

    public static Arbitrary<ReductionCase> Reductions() => From(ReductionCase.Draw);

    private static Arbitrary<T> From<T>(Func<Random, T> draw) => Gen.Choose(0, int.MaxValue).Select(seed => draw(new Random(seed))).ToArbitrary();
}
