using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class DisagreementAndErrorTests
{
    private static PairScore Score(double margin, double disagreement) => new(margin, 0) { Disagreement = disagreement };

    [Test]
    public void Pairs_stand_in_fifths_by_their_disagreement()
    {
        PairScore[] scores = [.. Enumerable.Range(0, 10).Select(i => Score(i < 6 ? 1 : -1, i)).Reverse()];
        var found = DisagreementAndError.Of([scores, scores]);
        Assert.Multiple(() =>
        {
            Assert.That(found.Fifths.Select(f => f.Accuracy), Is.EqualTo((double[])[1, 1, 1, 0, 0]));
            Assert.That(found.Fifths.Select(f => f.Disagreement), Is.EqualTo((double[])[0.5, 2.5, 4.5, 6.5, 8.5]));
            Assert.That(found.Fifths.Select(f => f.Pairs), Is.All.EqualTo(2), "seeds add none");
            Assert.That(found.Auroc, Is.EqualTo(1));
        });
    }

    [Test]
    public void Where_all_are_right_there_is_no_error_to_tell() =>
        Assert.That(DisagreementAndError.Of([[Score(1, 1), Score(1, 2)]]), Has.Property("Auroc").Null.And.Property("Fifths").Count.EqualTo(2));

    [Test]
    public void The_area_is_that_of_all_comparisons([Range(1, 20)] int pairs)
    {
        var random = new Random(pairs);
        var scores = Enumerable.Range(0, pairs).Select(_ => Score(random.Next(3) > 0 ? 1 : -1, random.Next(8))).ToArray();
        var (wrong, right) = (scores.Where(s => s.Margin < 0).ToArray(), scores.Where(s => s.Margin > 0).ToArray());
        double? expected = wrong.Length == 0 || right.Length == 0
            ? null
            : wrong.SelectMany(w => right.Select(r => w.Disagreement > r.Disagreement ? 1 : w.Disagreement == r.Disagreement ? 0.5 : 0)).Average();
        Assert.That(DisagreementAndError.Of([scores]).Auroc, expected is { } area ? Is.EqualTo(area).Within(1e-12) : Is.Null);
    }
}
