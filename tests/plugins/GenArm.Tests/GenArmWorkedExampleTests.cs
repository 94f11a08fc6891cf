using RewardKit.Plugins.Tests;
using RewardKit.Plugins.Tests.Decoding;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.GenArm.Tests;

/// <summary>Small cases computed by hand from the method's equations.</summary>
public sealed class GenArmWorkedExampleTests : LossFixture
{
    private static readonly double[] Base = [2, 1, 0.5, -1, 0];
    private static readonly double[] Guide = [-0.5, 1.5, 0.3, 0.8, -2];
    private static readonly double[] Second = [1, -1, 0.7, 0.2, 0.5];

    private static readonly GenArmDecoder Rule = new(new());

    private static double[] LogProbs(double[] logits) => [.. TabularDecoding.Softmax(logits).Select(p => Math.Log(p))];

    [TestCase(0.5, 1, new[] { 0.043729676, 0.878334030, 0.048328767, 0.029312879, 0.000294648 })]
    [TestCase(1, 1, new[] { 0.225848443, 0.613919718, 0.112153018, 0.041258789, 0.006820032 })]
    [TestCase(2, 1, new[] { 0.401257041, 0.401257041, 0.133566866, 0.038267548, 0.025651504 })]
    [TestCase(1, 0.7, new[] { 0.177446105, 0.740435373, 0.065278774, 0.015644126, 0.001195622 })]
    public void One_guide(double beta, double temperature, double[] expected)
    {
        var decoding = new TabularDecoding(new(Base), new Table(Guide)) { Options = new() { Temperature = temperature } };
        Assert.That(decoding.Next(Rule, [1 / beta]), Is.EqualTo(expected).Within(1e-6));
    }

    // E[log π_r] − β KL(π ‖ π_base) = β log Z.
    [TestCase(0.5, -1.396987749)]
    [TestCase(1, -1.761179764)]
    [TestCase(2, -1.997202700)]
    public void The_objective_of_a_step(double beta, double expected)
    {
        var p = new TabularDecoding(new(Base), new Table(Guide)).Next(Rule, [1 / beta]);
        Assert.That(Reward(p) - beta * Divergence(p), Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void Reward_and_divergence_of_a_step()
    {
        var p = new TabularDecoding(new(Base), new Table(Guide)).Next(Rule, [1.0]);
        Assert.Multiple(() =>
        {
            Assert.That(Reward(p), Is.EqualTo(-1.313664707).Within(1e-6));
            Assert.That(Divergence(p), Is.EqualTo(0.447515057).Within(1e-6));
            Assert.That(Reward(TabularDecoding.Softmax(Base)), Is.EqualTo(-2.237737877).Within(1e-6), "the base alone");
        });
    }

    [Test]
    public void The_released_codes_route()
    {
        var released = new GenArmDecoder(new() { Normalise = true });
        double[] At(double temperature) => new TabularDecoding(new(Base), new Table(Guide)) { Options = new() { Temperature = temperature } }.Next(released, [1.0]);
        Assert.Multiple(() =>
        {
            Assert.That(At(1), Is.EqualTo((double[])[0.252870188, 0.416912458, 0.178194610, 0.108080494, 0.043942250]).Within(1e-6));
            Assert.That(At(1).Select(p => Math.Log(p)), Is.EqualTo((double[])[-1.374879012, -0.874879012, -1.724879012, -2.224879012, -3.124879012]).Within(1e-6));
            Assert.That(At(0.5), Is.EqualTo((double[])[0.225848443, 0.613919718, 0.112153018, 0.041258789, 0.006820032]).Within(1e-6), "T / (1 + α)");
        });
    }

    [TestCase(0.2, 0.8, new[] { 0.705203089, 0.078138730, 0.145254276, 0.024010370, 0.047393535 })]
    [TestCase(0.5, 0.5, new[] { 0.565579136, 0.208064937, 0.162041135, 0.036156264, 0.028158527 })]
    [TestCase(0.8, 0.2, new[] { 0.360122019, 0.439854027, 0.143515482, 0.043226032, 0.013282441 })]
    [TestCase(0.2, 4, new[] { 0.913032642, 0.000168095, 0.072007597, 0.002403129, 0.012388537 })]
    public void Two_guides(double first, double second, double[] expected) => Assert.That(
        new TabularDecoding(new(Base), new Table(Guide), new Table(Second)).Next(Rule, [first, second]), Is.EqualTo(expected).Within(1e-6));

    // Of answers of two tokens: token by token the rule does not sample the optimum of whole answers; the guide that makes it
    // do so is π_r ∝ (π*/π_base)^β, which differs in the first step only.
    [TestCase(1, new[] { 0.5, 0.5 }, new[] { 0.572727273, 0.027272727, 0.057142857, 0.342857143 })]
    [TestCase(0.5, new[] { 0.5, 0.5 }, new[] { 0.596842105, 0.003157895, 0.040000000, 0.360000000 })]
    [TestCase(1, new[] { 0.540983607, 0.459016393 }, new[] { 0.609677419, 0.029032258, 0.051612903, 0.309677419 })]
    [TestCase(0.5, new[] { 0.571667480, 0.428332520 }, new[] { 0.723829787, 0.003829787, 0.027234043, 0.245106383 })]
    public void Two_steps_and_the_guide_that_reaches_the_optimum(double beta, double[] first, double[] expected)
    {
        var answers = TwoSteps(first).Answers(Rule, [1 / beta], 2);
        Assert.That(new[] { "aa", "ab", "ba", "bb" }.Select(text => answers[text]), Is.EqualTo(expected).Within(1e-6));
    }

    [TestCase(1, 0.038709677)]
    [TestCase(0.5, 0.127659574)]
    public void How_far_decoding_by_tokens_is_from_the_optimum_of_answers(double beta, double expected)
    {
        string[] texts = ["aa", "ab", "ba", "bb"];
        var decoding = TwoSteps([0.5, 0.5]);
        var answers = decoding.Answers(Rule, [1 / beta], 2);
        var (plain, rewards) = (decoding.Answers(Rule, [0.0], 2), new TabularDecoding((Table)decoding.Guides[0], new Table(0, 0)).Answers(Rule, [0.0], 2));
        double[] optimum = [.. texts.Select(text => plain[text] * Math.Pow(rewards[text], 1 / beta))];
        Assert.That(texts.Select((text, i) => Math.Abs(answers[text] - optimum[i] / optimum.Sum())).Sum() / 2, Is.EqualTo(expected).Within(1e-6));
    }

    [TestCase(0.05, 0, 0.644396660, -0.023751041, 0.1)]
    [TestCase(0.1, 0, 0.598138869, -0.045016600, 0.2)]
    [TestCase(0.5, 0, 0.313261688, -0.134470711, 1.0)]
    [TestCase(0.05, 0.1, 0.693147181, -0.025, 0.1)]
    [TestCase(0.1, 0.1, 0.644396660, -0.047502081, 0.2)]
    [TestCase(0.5, 0.1, 0.341153875, -0.144525252, 1.0)]
    public void Loss_and_gradient_of_a_pair(double beta, double margin, double expected, double gradient, double d)
    {
        var logProbs = Leaf(-2.6, -4.6);
        var result = new GenArmLoss(new() { Beta = beta, Margin = margin }).Compute(Batch([Preference(1)], [4, 3]), new() { ResponseLogProbs = logProbs });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-6));
            Assert.That(Gradient(logProbs), Is.EqualTo((double[])[gradient, -gradient]).Within(1e-6));
            Assert.That(Value(result.Metrics["margin.implicit"]), Is.EqualTo(d).Within(1e-12));
            Assert.That(Value(result.Metrics["implicit.chosen"]), Is.EqualTo(-2.6 * beta).Within(1e-12));
            Assert.That(Value(result.Metrics["implicit.rejected"]), Is.EqualTo(-4.6 * beta).Within(1e-12));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.EqualTo(1));
        });
    }

    [Test]
    public void Loss_per_token() => Assert.That(
        Value(new GenArmLoss(new() { Beta = 0.5, PerToken = true }).Compute(Batch([Preference(1)], [4, 3]), new() { ResponseLogProbs = Leaf(-2.6, -4.6) }).Loss),
        Is.EqualTo(0.496501880).Within(1e-6));

    private static double Reward(double[] p) => p.Zip(LogProbs(Guide), (share, reward) => share * reward).Sum();

    private static double Divergence(double[] p) => p.Zip(LogProbs(Base), (share, of) => share * (Math.Log(share) - of)).Sum();

    private static TabularDecoding TwoSteps(double[] firstOfGuide) => new(
        Table.Of(tokens => tokens switch { [] => [0.6, 0.4], [0] => [0.7, 0.3], _ => [0.2, 0.8] }),
        Table.Of(tokens => tokens switch { [] => firstOfGuide, [0] => [0.9, 0.1], _ => [0.4, 0.6] }));
}
