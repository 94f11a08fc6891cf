using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.CriticRm.Tests;

public class JudgeTests
{
    private const double Close = 1e-6;

    [TestCase("Good.\nRating: [[7]]", 7)]
    [TestCase("[[ 7 ]] no, [[8.5]]", 8.5)]
    [TestCase("[3] at first, then [[6]] and [[9]]", 6)]
    public void A_rating_is_the_first_number_in_double_brackets(string text, double expected) => Assert.That(Judge.Rating(text), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase("Rating: 7")]
    [TestCase("Rating: [7]")]
    [TestCase("7/10, [[seven]]")]
    [TestCase("[[-3]]")]
    [TestCase("[[7]")]
    [TestCase("[[7,5]]")]
    [TestCase("[[.5]]")]
    public void What_is_not_in_the_form_is_no_rating(string text) => Assert.That(Judge.Rating(text), Is.Null);

    [Test]
    public void Single_brackets_count_only_where_they_may_and_no_double_ones_are_there()
    {
        Assert.That(Judge.Rating("It is [7].", single: true), Is.EqualTo(7));
        Assert.That(Judge.Rating("It is [7], well, [[6]].", single: true), Is.EqualTo(6));
        Assert.That(Judge.Rating("It is seven.", single: true), Is.Null);
    }

    [TestCase("[[0]]")]
    [TestCase("[[11]]")]
    [TestCase("[[10.5]] or [[9]]")]
    public void A_rating_out_of_range_is_none(string text) => Assert.That(Judge.Rating(text, 1, 10), Is.Null);

    [TestCase("It is fine.\n\nRating: [[7]]", "It is fine.")]
    [TestCase("It is fine.\n**Score:** [[7]]", "It is fine.")]
    [TestCase("  It is fine [[7]] and so on", "It is fine")]
    [TestCase("No verdict here. ", "No verdict here.")]
    [TestCase("[[7]]", "")]
    public void A_critique_is_what_stands_before_the_rating(string text, string expected) => Assert.That(Judge.Critique(text), Is.EqualTo(expected));

    [Property]
    public void What_it_writes_it_reads_as_it_was(double number, byte verdict)
    {
        var rating = double.IsFinite(number) ? Math.Round(Math.Abs(number) % 1000, 3) : 1;
        Assert.That(Judge.Rating(Judge.Show(rating)), Is.EqualTo(rating));
        Assert.That(Judge.Show(Judge.Rating(Judge.Show(rating))!.Value), Is.EqualTo(Judge.Show(rating)));
        var said = (Verdict)(verdict % 3);
        Assert.That(Judge.Compared(Judge.Show(said)), Is.EqualTo(said));
    }

    [Test]
    public void Verdicts_are_looked_for_in_their_order_and_never_invented()
    {
        Assert.That(Judge.Compared("Not [[B]] but [[A]]"), Is.EqualTo(Verdict.A));
        Assert.That(Judge.Compared("[[C]]"), Is.EqualTo(Verdict.Tie));
        Assert.That(Judge.Compared("A is better. [A]"), Is.Null);
        Assert.That(Judge.Compared(7.05, 7), Is.EqualTo(Verdict.Tie));
        Assert.That(Judge.Compared(7.1, 7), Is.EqualTo(Verdict.Tie));
        Assert.That(Judge.Compared(7.2, 7), Is.EqualTo(Verdict.A));
        Assert.That(Judge.Compared(6, 7), Is.EqualTo(Verdict.B));
    }

    [Test]
    public void Both_orders_must_name_the_same_answer()
    {
        Assert.That(Judge.BothOrders(Verdict.A, Verdict.B), Is.EqualTo(Verdict.A));
        Assert.That(Judge.BothOrders(Verdict.B, Verdict.A), Is.EqualTo(Verdict.B));
        Assert.That(Judge.BothOrders(Verdict.A, Verdict.A), Is.EqualTo(Verdict.Tie), "a judge that always says A");
        Assert.That(Judge.BothOrders(Verdict.Tie, Verdict.B), Is.EqualTo(Verdict.Tie));
        Assert.That(Judge.BothOrders(Verdict.A, null), Is.Null);
    }

    [Test]
    public void Votes()
    {
        Assert.That(Judge.Majority([Verdict.A, null, Verdict.B, Verdict.A]), Is.EqualTo(Verdict.A));
        Assert.That(Judge.Majority([Verdict.A, Verdict.B]), Is.EqualTo(Verdict.Tie));
        Assert.That(Judge.Majority([null, null]), Is.Null);
    }

    [Test]
    public void The_worked_numbers()
    {
        var (inOrder, swapped) = (Judge.Probability(-0.2, -1.9), Judge.Probability(-0.9, -0.6));
        Assert.That(inOrder, Is.EqualTo(0.845534735).Within(Close));
        Assert.That(swapped, Is.EqualTo(0.425557483).Within(Close));
        Assert.That(Judge.OrderAveraged(inOrder, swapped), Is.EqualTo(0.709988626).Within(Close));
        Assert.That(Judge.Expected([(1, 0.02), (5, 0.08), (7, 0.50), (8, 0.30), (9, 0.10)]), Is.EqualTo(7.22).Within(Close));
        Assert.That(Judge.WinRate(30, 20, 50, halfTies: false), Is.EqualTo(0.6).Within(Close));
        Assert.That(Judge.WinRate(30, 20, 50, halfTies: true), Is.EqualTo(0.55).Within(Close));
    }

    [Property]
    public void After_averaging_over_orders_both_probabilities_sum_to_one(byte p, byte q)
    {
        var (one, other) = (p / 255.0, q / 255.0);
        Assert.That(Judge.OrderAveraged(one, other) + Judge.OrderAveraged(other, one), Is.EqualTo(1).Within(1e-12));
    }
}
