using RewardKit.Conformance;

namespace RewardKit.Plugins.Alarm.Tests;

[TestFixture(AlarmMode.Hierarchical, 0)]
[TestFixture(AlarmMode.Hierarchical, 1)]
[TestFixture(AlarmMode.WeightedSum, 0)]
[TestFixture(AlarmMode.HolisticOnly, 0)]
public sealed class AlarmConformance(AlarmMode mode, int aspects) : ComposerConformance
{
    protected override IScorerComposer Create() => new AlarmComposer(new() { Mode = mode, Aspects = aspects });
}
