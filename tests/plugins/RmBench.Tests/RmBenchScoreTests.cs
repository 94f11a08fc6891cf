namespace RewardKit.Plugins.RmBench.Tests;

public sealed class RmBenchScoreTests
{
    private static readonly (double[] Chosen, double[] Rejected)[] Items =
        [([1, 2, 3], [0.5, 2.5, 2.9]), ([0.2, 0.4, 0.6], [0.3, 0.3, 0.3]), ([2, 1, 1.5], [1, 1.5, 2])];

    [Test]
    public void Three_items_by_hand()
    {
        var cells = Items.Select(i => RmBenchScore.Compare(i.Chosen, i.Rejected)).ToArray();
        double[,] expected = { { 2 / 3.0, 1 / 3.0, 0 }, { 2 / 3.0, 1 / 3.0, 1 / 3.0 }, { 1, 2 / 3.0, 2 / 3.0 } };
        Assert.Multiple(() =>
        {
            for (var i = 0; i < 3; i++)
                for (var j = 0; j < 3; j++) Assert.That(cells.Average(c => c[i, j]), Is.EqualTo(expected[i, j]).Within(1e-12), $"{i}, {j}");
            Assert.That(cells.Average(RmBenchScore.Hard), Is.EqualTo(0.2222222222).Within(1e-9));
            Assert.That(cells.Average(RmBenchScore.Normal), Is.EqualTo(0.5555555556).Within(1e-9));
            Assert.That(cells.Average(RmBenchScore.Easy), Is.EqualTo(0.7777777778).Within(1e-9));
            Assert.That(cells.Average(RmBenchScore.Average), Is.EqualTo(0.5185185185).Within(1e-9));
        });
    }

    [FsCheck.NUnit.Property]
    public void A_liking_for_style_can_only_make_easy_easier_and_hard_harder(short[] rewards, ushort liking)
    {
        double At(int i) => rewards.Length == 0 ? 0 : rewards[i % rewards.Length] / 100.0;
        double[] chosen = [At(0), At(1), At(2)], rejected = [At(3), At(4), At(5)];
        double[] Liked(double[] plain) => [.. plain.Select((r, style) => r + liking / 100.0 * style)];
        var (plain, styled) = (RmBenchScore.Compare(chosen, rejected), RmBenchScore.Compare(Liked(chosen), Liked(rejected)));
        Assert.That(RmBenchScore.Easy(styled), Is.GreaterThanOrEqualTo(RmBenchScore.Easy(plain)));
        Assert.That(RmBenchScore.Hard(styled), Is.LessThanOrEqualTo(RmBenchScore.Hard(plain)));
    }

    [Test]
    public void A_scorer_of_style_alone_finds_easy_easy_and_nothing_else()
    {
        var cells = RmBenchScore.Compare([0, 1, 2], [0, 1, 2]);
        Assert.That((RmBenchScore.Easy(cells), RmBenchScore.Normal(cells), RmBenchScore.Hard(cells)), Is.EqualTo((1.0, 0.0, 0.0)));
    }
}
