using RewardKit.Conformance;
using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.ProxyTuning.Tests;

public sealed class ProxyTuningConformance : DecoderConformance
{
    protected override IDecoder Create() => new ProxyTuningDecoder();
}

public sealed class ProxyTuningDecoderTests
{
    private static readonly double[] Base = [2, 1, 0.5];
    private static readonly double[] Expert = [0.1, 1.9, 0.3];
    private static readonly double[] AntiExpert = [0.5, 0.9, 0.4];

    private static double[] Next(double[] @base, double[] expert, double[] antiExpert, double a) =>
        new TabularDecoding(new(@base), new Table(expert), new Table(antiExpert)).Next(new ProxyTuningDecoder(), [a, a]);

    [TestCase(0, new[] { 0.628531719, 0.231223898, 0.140244383 })]
    [TestCase(1, new[] { 0.358035528, 0.534126243, 0.107838229 })]
    [TestCase(2, new[] { 0.134116266, 0.811356129, 0.054527605 })]
    public void Worked_example(double a, double[] expected) => Assert.That(Next(Base, Expert, AntiExpert, a), Is.EqualTo(expected).Within(1e-6));

    [Test]
    public void Without_a_stated_weight_it_is_one() => Assert.That(
        new TabularDecoding(new(Base), new Table(Expert), new Table(AntiExpert)).Next(new ProxyTuningDecoder(), Array.Empty<double>()), Is.EqualTo(Next(Base, Expert, AntiExpert, 1)));

    [Property]
    public void A_tuning_that_changed_nothing_gives_the_base(byte a) => Assert.That(Next(Base, Expert, Expert, a / 16.0), Is.EqualTo(Softmax(Base)).Within(1e-6));

    [Test]
    public void The_base_as_anti_expert_gives_the_expert() => Assert.That(Next(Base, Expert, Base, 1), Is.EqualTo(Softmax(Expert)).Within(1e-6));

    [Test]
    public void Weight_zero_is_the_base_to_the_last_bit_and_runs_no_guide()
    {
        var (expert, antiExpert) = (new Table(Expert), new Table(AntiExpert));
        var decoding = new TabularDecoding(new(Base), expert, antiExpert);
        decoding.Next(new ProxyTuningDecoder(), [0.0, 0.0]);
        Assert.That(decoding.Scores[0], Is.EqualTo(Base));
        Assert.That((expert.Asked, antiExpert.Asked), Is.EqualTo((0, 0)));
    }

    [Test]
    public void What_makes_no_sense_is_refused()
    {
        void Refused(string message, double[] weights, params Table[] guides) => Assert.That(
            () => new TabularDecoding(new(Base), guides).Next(new ProxyTuningDecoder(), weights), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
        Assert.Multiple(() =>
        {
            Refused("guided by two models, not 1: the tuned one first", [1], new Table(Expert));
            Refused("guided by two models, not 3", [1, 1, 1], new Table(Expert), new Table(Expert), new Table(Expert));
            Refused("a request names 1.5 and 1: give both the same", [1.5, 1], new Table(Expert), new Table(AntiExpert));
        });
    }

    [Test]
    public void Leaves_no_tensor()
    {
        var before = LiveTensors.Count;
        Next(Base, Expert, AntiExpert, 1);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
