namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class ReWordScoreTests
{
    [Test]
    public void Means_over_rows_and_over_transformations()
    {
        var metrics = new Dictionary<string, Measurement>();
        Outcome[][] outcomes = [Outcomes(2985, 2700, 2400), Outcomes(2001, 1800, 1700), Outcomes(164, 150, 60)];
        ReWordScore.AddMicro(metrics, "", outcomes);
        ReWordScore.AddMacro(metrics, outcomes);
        ReWordScore.AddMicro(metrics, "third.", [outcomes[2]]);
        Assert.Multiple(() =>
        {
            foreach (var (name, value) in new[]
            {
                ("original", 0.9029126214), ("transformed", 0.8077669903), ("drop", 0.0951456311), ("macro.original", 0.9062356614),
                ("macro.transformed", 0.6731496571), ("macro.drop", 0.2330860043), ("macro.relative-drop", 0.2572024190), ("third.drop", 90 / 164.0),
            })
                Assert.That(metrics[name].Value, Is.EqualTo(value).Within(1e-9), name);
            Assert.That(metrics["drop"].Items, Has.Count.EqualTo(2985), "one item a row, however many transformations changed it");
            foreach (var (name, measured) in metrics.Where(m => m.Value.Items is not null)) Assert.That(measured.Items!.Average(), Is.EqualTo(measured.Value).Within(1e-12), name);
        });
    }

    [Test]
    public void The_drop_turns_its_sign_when_original_and_transformed_change_places()
    {
        Outcome[][] outcomes = [Outcomes(10, 7, 4), Outcomes(4, 1, 3)];
        Outcome[][] turned = [.. outcomes.Select(set => set.Select(o => new Outcome(o.Row, o.Transformed, o.Original)).ToArray())];
        var (one, other) = (new Dictionary<string, Measurement>(), new Dictionary<string, Measurement>());
        ReWordScore.AddMicro(one, "", outcomes);
        ReWordScore.AddMacro(one, outcomes);
        ReWordScore.AddMicro(other, "", turned);
        ReWordScore.AddMacro(other, turned);
        Assert.That(other["drop"].Value, Is.EqualTo(-one["drop"].Value).Within(1e-12));
        Assert.That(other["macro.drop"].Value, Is.EqualTo(-one["macro.drop"].Value).Within(1e-12));
    }

    [Test]
    public void Where_nothing_was_right_before_there_is_no_relative_drop()
    {
        var metrics = new Dictionary<string, Measurement>();
        ReWordScore.AddMacro(metrics, [Outcomes(3, 0, 1)]);
        Assert.That(metrics.Keys, Has.None.EqualTo("macro.relative-drop"));
    }

    private static Outcome[] Outcomes(int rows, int original, int transformed) =>
        [.. Enumerable.Range(0, rows).Select(i => new Outcome(i, i < original ? 1 : 0, i < transformed ? 1 : 0))];
}
