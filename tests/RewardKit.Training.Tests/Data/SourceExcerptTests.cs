using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

public class SourceExcerptTests
{
    [Test]
    public void Marks_stand_under_what_is_meant() => Assert.That(
        SourceExcerpt.Of("arm \"a\" [ Loss.crome (tieWeigth = 1.0) ]", 12, column: 23, length: 9),
        Is.EqualTo("  12 | arm \"a\" [ Loss.crome (tieWeigth = 1.0) ]\n     |                       ^^^^^^^^^"));

    [Test]
    public void Without_a_column_there_are_no_marks() =>
        Assert.That(SourceExcerpt.Of("{\"prompt\": 1}", 7), Is.EqualTo("   7 | {\"prompt\": 1}"));

    [Test]
    public void A_wide_line_is_cut_around_the_marks()
    {
        var lines = SourceExcerpt.Of(new string('a', 300) + "WRONG" + new string('b', 300), 100000, column: 301, length: 5).Split('\n');
        Assert.That(lines[0], Has.Length.LessThan(120).And.StartWith("100000 | …a").And.EndsWith("b…"));
        Assert.That(lines[0].Substring(lines[1].IndexOf('^'), 5), Is.EqualTo("WRONG"));
        Assert.That(lines[1].Trim(), Does.EndWith(" ^^^^^").And.Not.Contain("^^^^^^"));
    }

    [TestCase(5, 1, "^")]
    [TestCase(5, 40, "^")]
    [TestCase(3, 40, "^^")]
    [TestCase(1, 2, "^^")]
    public void Marks_end_where_the_line_ends(int column, int length, string marks) =>
        Assert.That(SourceExcerpt.Of("abcd", 1, column, length).Split('^', 2)[1].Length + 1, Is.EqualTo(marks.Length));

    [Test]
    public void A_tab_moves_nothing_and_no_control_character_is_shown() =>
        Assert.That(SourceExcerpt.Of("\tlet\u001b[31m x", 3, column: 2, length: 3), Is.EqualTo("   3 |  let [31m x\n     |  ^^^"));
}
