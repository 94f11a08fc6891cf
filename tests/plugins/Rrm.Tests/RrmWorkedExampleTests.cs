using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Rrm.Tests.RrmRows;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Rrm.Tests;

/// <summary>Numbers that follow from the paper's rows and loss.</summary>
public sealed class RrmWorkedExampleTests : LossFixture
{
    [TestCase("first", 0.3711006659)]
    [TestCase("tie", 0.7711006659)]
    [TestCase("second", 1.1711006659)]
    public void The_loss_of_a_row_is_the_cross_entropy_of_its_label(string label, double expected)
    {
        var example = label switch { "first" => Preference(1), "tie" => Tie(1), _ => Preference(1) with { SoftLabel = 0 } };
        Assert.That(Value(new BradleyTerryLoss().Compute(Batch(example), new() { Rewards = Leaf(1.2, 0.4) }).Loss), Is.EqualTo(expected).Within(1e-9));
    }

    // Answers have three features: whether they belong to the prompt, that and being the chosen one, and an artifact that
    // chosen answers have with probability 0.8, rejected ones with 0.2. A linear reward is fitted to all artifact patterns
    // of three preferences by their probability. Its weight of the artifact against that of quality falls from 0.312 to 0.022.
    [TestCase(false, false, 0.00000000, 2.54791572, 0.79575172, 0.12396097)]
    [TestCase(true, false, 2.37999940, 1.46322096, 0.07564191, 0.14979904)]
    [TestCase(false, true, 0.00000000, 1.37130107, 0.11186049, 0.64427042)]
    [TestCase(true, true, 2.03635315, 1.23039125, 0.02687077, 0.39360580)]
    public void The_rows_take_an_artifact_out_of_a_linear_reward(
        bool nonContextual, bool neutral, double wm, double wq, double wa, double objective)
    {
        var pairs = Preferences(3);
        List<PreferenceExample> rows = [.. pairs, .. nonContextual || neutral
            ? Run(All with { NonContextual = nonContextual, Neutral = neutral }, pairs).Made : []];
        var data = new List<(double[] Feature, double Label, double Weight)>();
        for (var pattern = 0; pattern < 64; pattern++)
        {
            bool Artifact(Conversation answer) => (pattern >> (2 * Number(answer) - (answer.LastContent[0] == 'g' ? 1 : 2)) & 1) == 1;
            var probability = pairs.SelectMany(e => (Conversation[])[e.Chosen, e.Rejected])
                .Aggregate(1.0, (p, a) => p * (Artifact(a) == (a.LastContent[0] == 'g') ? 0.8 : 0.2));
            double[] Features(Conversation prompt, Conversation answer)
            {
                var belongs = Number(prompt) == Number(answer) ? 1.0 : 0;
                return [belongs, answer.LastContent[0] == 'g' ? belongs : 0, Artifact(answer) ? 1 : 0];
            }
            foreach (var row in rows)
                data.Add(([.. Features(row.Prompt, row.Chosen).Zip(Features(row.Prompt, row.Rejected), (a, b) => a - b)],
                    row.Relation == Relation.Tie ? 0.5 : 1, probability / rows.Count));
        }
        var (w, value) = Fit(data);
        Assert.Multiple(() =>
        {
            Assert.That(w, Is.EqualTo(new[] { wm, wq, wa }).Within(1e-6));
            Assert.That(value, Is.EqualTo(objective).Within(1e-6));
        });
    }

    // Newton's method on Σ weight·(−p log σ(Δ) − (1 − p) log σ(−Δ)) + 0.01·‖w‖².
    private static (double[] W, double Objective) Fit(List<(double[] Feature, double Label, double Weight)> data)
    {
        var w = new double[3];
        for (var step = 0; step < 30; step++)
        {
            var system = new double[3, 4]; // Hessian and gradient
            for (var r = 0; r < 3; r++) (system[r, r], system[r, 3]) = (0.02, 0.02 * w[r]);
            foreach (var (x, label, weight) in data)
            {
                var p = 1 / (1 + Math.Exp(-Dot(w, x)));
                for (var r = 0; r < 3; r++)
                {
                    system[r, 3] += weight * (p - label) * x[r];
                    for (var c = 0; c < 3; c++) system[r, c] += weight * p * (1 - p) * x[r] * x[c];
                }
            }
            // Gauss and Jordan; the Hessian is positive definite, so no pivot is 0.
            for (var pivot = 0; pivot < 3; pivot++)
                for (var r = 0; r < 3; r++)
                {
                    if (r == pivot) continue;
                    var factor = system[r, pivot] / system[pivot, pivot];
                    for (var c = 0; c < 4; c++) system[r, c] -= factor * system[pivot, c];
                }
            for (var r = 0; r < 3; r++) w[r] -= system[r, 3] / system[r, r];
        }
        var objective = data.Sum(d => d.Weight * (Math.Log(1 + Math.Exp(Dot(w, d.Feature))) - d.Label * Dot(w, d.Feature))) + 0.01 * Dot(w, w);
        return (w, objective);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
