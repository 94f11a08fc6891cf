using RewardKit.Hosting.Experiments;
using TorchSharp;

namespace RewardKit.Conformance.Tests.Losses;

public sealed class LossRulesTests
{
    private static readonly BrokenPlugin[] Broken =
    [
        new("L01", "gradient of the rewards", Of<HalfConstant>()),
        new("L01", "gradient of the head's weights at row 0", Of<ConstantWeights>()),
        new("L02", "not finite", Of<LogOfSigmoid>()),
        new("L03", "the metric margin", Of<FirstRowsMetric>()),
        new("L04", "view", Of<ViewOfMemory>()),
        new("L05", "in batches of 1", Of<SumOverPairs>()),
        new("L06", "ForwardNeeds.ResponseLogProbs", Of<ReadsUndeclared>()),
        new("L06", "ForwardNeeds.Heads", Of<ReadsUndeclaredHead>()),
        new("L07", "responses of every tie exchanged", Of<TiesAsPreferences>()),
        new("L08", "NaN", Of<EmptyMean>()),
        new("L09", "margin", Of<MetricNow>()),
        new("L10", "shape [10]", Of<LossByPair>()),
        new("L11", "Float32", Of<Float64Alone>()),
        new("L12", "ReferenceLogProbs, but never reads it", Of<AsksTooMuch>()),
        new("L14", "gone on from it", Of<ForgetsAtCheckpoints>()),
        new("G04", "the loss", Of<Noisy>()),
        new("G06", "another one between", Of<Remembers>()),
        new("G07", "4 threads", Of<SharedBuffer>(PluginTraits.ThreadSafe)),
        new("G09", "tensors are still alive", Of<KeepsTensor>()),
    ];

    [TestCaseSource(nameof(Broken))]
    public void A_broken_loss_is_caught_by_its_rule_alone(BrokenPlugin plugin) => plugin.IsCaughtByItsRuleAlone();

    [Test]
    public void A_loss_for_one_device_is_caught_where_there_is_another()
    {
        if (!torch.cuda.is_available()) Assert.Ignore("No CUDA device on this machine");
        new BrokenPlugin("G10", "device", Of<CpuOnly>()).IsCaughtByItsRuleAlone();
    }

    [Test]
    public void Every_rule_has_a_loss_that_breaks_it() => BrokenPlugin.AreForEveryRuleOf(PluginKind.Loss, Broken);

    private static LossSubject Of<T>(PluginTraits traits = PluginTraits.None) where T : ILoss, new() => new(() => new T()) { Traits = traits };
}

public sealed class SoundMemoryTests : LossConformance
{
    protected override ILoss Create() => new CountsSteps();
}

public sealed class SoundHeadLossTests : LossConformance
{
    protected override ILoss Create() => new SoundHeadLoss();
}

public sealed class SoundLossTests : LossConformance
{
    protected override PluginTraits? Traits => PluginTraits.ThreadSafe;

    protected override IReadOnlyList<string> Metrics => ["margin"];

    protected override ILoss Create() => new SoundLoss();
}
