namespace RewardKit.Plugins.Reasoning.Tests;

public class FinalAnswerTests
{
    [TestCase("Answer: B.", 'B')]
    [TestCase("Reasoning A then B. Answer: d", 'D')]
    [TestCase("The answer: (C)", 'C')]
    [TestCase("so it is a dog", 'A')]
    [TestCase("no idea", null)]
    [TestCase("ANSWER:c", 'C')]
    [TestCase("Answer: B. No, Answer: C", 'B', Description = "the first")]
    [TestCase("Answer: Boat. Then D", 'D', Description = "no letter alone")]
    [TestCase("Answer: none. Answer: B", 'B', Description = "the first with a letter")]
    [TestCase("A or B or E", 'B', Description = "four letters count")]
    [TestCase("", null)]
    public void The_letter_of_a_choice(string text, char? letter) => Assert.That(FinalAnswer.Choice(text), Is.EqualTo(letter));

    [Test]
    public void Of_five_choices_five_letters_count() => Assert.Multiple(() =>
    {
        Assert.That(FinalAnswer.Choice("Answer: E", 5), Is.EqualTo('E'));
        Assert.That(FinalAnswer.Choice("Answer: E"), Is.Null);
        Assert.That(FinalAnswer.Choice("Answer: D", 3), Is.EqualTo('D'), "four in any case");
    });

    [TestCase("#### 1,234", 1234)]
    [TestCase("The total is 12. Answer: 14.0 dollars", 14)]
    [TestCase("5 + 6 = 11", 11)]
    [TestCase("Answer: 3 #### 4", 4, Description = "marks in their order")]
    [TestCase("### 7 and 8", 7)]
    [TestCase("The answer is $-2.50.", -2.5)]
    [TestCase("#### none, 3, #### 5", 3, Description = "the first number behind the first mark")]
    [TestCase("#### none #### 5", 5, Description = "or behind a later one")]
    [TestCase("7. Answer: seven", null)]
    [TestCase("nothing", null)]
    [TestCase("9 - 5 = 9-5", 5, Description = "a minus between two numbers")]
    public void The_number_of_a_result(string text, double? number) => Assert.That(FinalAnswer.Number(text), Is.EqualTo((decimal?)number));
}
