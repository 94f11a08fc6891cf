namespace RewardKit.Plugins.CriticRm.Tests;

public class CritiqueSelectionTests
{
    private static readonly double[] Chosen = [8, 6, 7, 4], Rejected = [5, 7, 6, 4];

    [Test]
    public void The_worked_example()
    {
        Assert.That(CritiqueSelection.Agrees(Chosen, Rejected));
        var mean = CritiqueSelection.Combinations(CritiqueFilter.Mean, Chosen, Rejected);
        Assert.That(mean.Select(c => c.Chosen).Distinct(), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(mean.Select(c => c.Rejected).Distinct().Order(), Is.EqualTo(new[] { 0, 2, 3 }));
        Assert.That(mean, Has.Count.EqualTo(9), "any of the three with any of the three");
        Assert.That(CritiqueSelection.Combinations(CritiqueFilter.Pairwise, Chosen, Rejected), Has.Count.EqualTo(9));
        Assert.That(CritiqueSelection.Combinations(CritiqueFilter.None, Chosen, Rejected), Has.Count.EqualTo(16));
    }

    [Test]
    public void The_worked_example_of_ranking() => Assert.That(CritiqueSelection.Best([6, 9, 7, 9, 4], 2), Is.EqualTo(new[] { 1, 3 }));

    [Test]
    public void Equal_means_do_not_agree()
    {
        Assert.That(CritiqueSelection.Agrees([5, 6], [6, 5, 5.5]), Is.False);
        // The sums of these as doubles differ.
        Assert.That(CritiqueSelection.Agrees([0.1, 0.2, 0.3], [0.2, 0.2, 0.2]), Is.False);
        Assert.That(CritiqueSelection.Agrees([6], []), Is.False);
    }

    [Property]
    public void Rule_a_leaves_both_sides_something_and_what_it_leaves_agrees_again(byte[] chosen, byte[] rejected)
    {
        double[] good = [.. chosen.Select(b => b % 10 + 1.0)], bad = [.. rejected.Select(b => b % 10 + 1.0)];
        if (!CritiqueSelection.Agrees(good, bad)) return;
        var left = CritiqueSelection.Combinations(CritiqueFilter.Mean, good, bad);
        Assert.That(left, Is.Not.Empty);
        double[] Of(Func<(int Chosen, int Rejected), int> side, double[] scores) => [.. left.Select(side).Distinct().Select(i => scores[i])];
        Assert.That(CritiqueSelection.Agrees(Of(c => c.Chosen, good), Of(c => c.Rejected, bad)));
    }
}
