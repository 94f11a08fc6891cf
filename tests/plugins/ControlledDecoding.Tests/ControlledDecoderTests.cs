using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.ControlledDecoding.Tests;

public sealed class ControlledDecoderTests
{
    private static readonly double[] Logits = [2, 1, 0.5, -1, 0, -0.5];
    private static readonly double[] Values = [0.2, 0.7, 0.4, 0.9, 0.1, 0.3];
    private static readonly ControlledDecoder Tokenwise = new(new() { K = 0 });

    // Answers of two tokens, the base's probabilities and their rewards.
    private static readonly Table Tree = Table.Of(tokens => tokens switch { [] => [0.6, 0.4], [0] => [0.7, 0.3], _ => [0.2, 0.8] });
    private static readonly Dictionary<string, double> Rewards = new() { ["aa"] = 1, ["ab"] = 0, ["ba"] = 0.5, ["bb"] = 2 };

    private static TabularDecoding Decoding(Func<IReadOnlyList<int>, double>? values = null) =>
        new(new(Logits)) { PrefixScorer = new TableScorer(values ?? (tokens => Values[tokens[^1]])) };

    // The mean of a function of the rewards over the base's answers that begin so.
    private static double Mean(IReadOnlyList<int> prefix, Func<double, double> of) => prefix.Count == 2 ? of(Rewards[Text(prefix)])
        : Softmax(Tree.Logits(prefix)).Select((p, id) => p * Mean([.. prefix, id], of)).Sum();

    [TestCase(0, new[] { 0.538150295, 0.197974430, 0.120077561, 0.026792926, 0.072830723, 0.044174066 })]
    [TestCase(1, new[] { 0.456101241, 0.276639387, 0.124302089, 0.045728183, 0.055852529, 0.041376571 })]
    [TestCase(4, new[] { 0.190593369, 0.518086490, 0.094645866, 0.156044652, 0.017290240, 0.023339383 })]
    public void Worked_example(double lambda, double[] expected) => Assert.That(Decoding().Next(Tokenwise, [lambda]), Is.EqualTo(expected).Within(1e-6));

    [Test]
    public void Values_of_the_tree() => Assert.Multiple(() =>
    {
        Assert.That(new[] { Mean([0], r => r), Mean([1], r => r), Mean([], r => r) }, Is.EqualTo(new[] { 0.7, 1.7, 1.1 }).Within(1e-9));
        Assert.That(new[] { Math.Log(Mean([0], Math.Exp)), Math.Log(Mean([1], Math.Exp)) }, Is.EqualTo(new[] { 0.789728044, 1.831138685 }).Within(1e-9));
    });

    // With the base's values each step is optimal; with soft values whole answers are.
    [TestCase(false, new[] { 0.307166364, 0.048428653, 0.034047302, 0.610357681 })]
    [TestCase(true, new[] { 0.299019443, 0.047144188, 0.034545611, 0.619290757 })]
    public void Two_steps(bool soft, double[] expected)
    {
        var decoding = new TabularDecoding(Tree) { PrefixScorer = new TableScorer(tokens => soft ? Math.Log(Mean(tokens, Math.Exp)) : Mean(tokens, r => r)) };
        var answers = decoding.Answers(Tokenwise, [1.0], 2);
        Assert.That(Rewards.Keys.Select(text => answers[text]), Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void With_soft_values_it_is_the_optimum_of_whole_answers()
    {
        var plain = new TabularDecoding(Tree).Answers(Tokenwise, [0.0], 2);
        double[] optimum = [.. Rewards.Select(answer => plain[answer.Key] * Math.Exp(answer.Value))];
        Assert.That(optimum.Select(p => p / optimum.Sum()), Is.EqualTo((double[])[0.299019443, 0.047144188, 0.034545611, 0.619290757]).Within(1e-6));
    }

    [Test]
    public void Weight_zero_is_the_base_to_the_last_bit_and_runs_no_scorer()
    {
        var decoding = Decoding();
        decoding.Next(Tokenwise, [0.0]);
        Assert.That(decoding.Scores[0], Is.EqualTo(Logits));
        Assert.That(((TableScorer)decoding.PrefixScorer).Asked, Is.Zero);
    }

    [Property]
    public void A_value_that_no_token_changes_gives_the_base(byte value, byte lambda) =>
        Assert.That(Decoding(_ => value / 16.0).Next(Tokenwise, [lambda / 16.0]), Is.EqualTo(Softmax(Logits)).Within(1e-5));

    [Test]
    public void Over_the_most_probable_tokens_it_is_the_same_rule_without_the_others([Values(1, 3, 6, 50)] int k, [Values(null, 2)] int? chunk)
    {
        var kept = Logits.Select((logit, id) => (logit, id)).OrderByDescending(token => token.logit).Take(k).Select(token => token.id).ToHashSet();
        var whole = Decoding().Next(Tokenwise, [2.0]).Select((p, id) => kept.Contains(id) ? p : 0).ToArray();
        Assert.That(Decoding().Next(new ControlledDecoder(new() { K = k, Chunk = chunk }), [2.0]), Is.EqualTo(whole.Select(p => p / whole.Sum())).Within(1e-6));
    }

    [Test]
    public void In_chunks_it_is_the_same([Values(1, 4, 6)] int chunk) =>
        Assert.That(Decoding().Next(new ControlledDecoder(new() { K = 0, Chunk = chunk }), [2.0]), Is.EqualTo(Decoding().Next(Tokenwise, [2.0])));

    [Test]
    public void Leaves_no_tensor()
    {
        var before = LiveTensors.Count;
        Decoding().Next(new ControlledDecoder(new() { K = 3, Chunk = 2 }), [1.0]);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
