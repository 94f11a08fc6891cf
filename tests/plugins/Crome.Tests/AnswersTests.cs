namespace RewardKit.Plugins.Crome.Tests;

public sealed class AnswersTests
{
    private const string Example = """{"Attributes": {"Accuracy": 0.30, "Completeness": 0.25, "Clarity": 0.20, "Format": 0.15, "Conciseness": 0.10}}""";

    [TestCase(Example)]
    [TestCase("```json\n" + Example + "\n```")]
    [TestCase("Here they are: " + Example + " I hope {this} helps.")]
    [TestCase("<think>Perhaps " + """{"Attributes": {"Wit": 1}}""" + " or so?</think>\n" + Example)]
    [TestCase("""Perhaps {"Attributes": {"Wit": 1}}? No.</think>""" + Example)]
    [TestCase("""{"attributes": {"Accuracy": 0.3, "Completeness": 0.25, "Clarity": 0.2, "Format": 0.15, "Conciseness": 0.1,},}""")]
    public void The_papers_attributes_are_read_in_any_wrapping(string text)
    {
        var (value, flaw) = Answers.Attributes(text, 5);
        Assert.That(flaw, Is.Null);
        Assert.That(value!.Select(a => (a.Name, a.Weight)), Is.EqualTo(new[]
        {
            ("Accuracy", 0.30), ("Completeness", 0.25), ("Clarity", 0.20), ("Format", 0.15), ("Conciseness", 0.10),
        }));
    }

    [TestCase("""{"Attributes": {"a": 0.5, "b": 0.5}}""", "wrong-count")]
    [TestCase("""{"Attributes": {"a": 0.2, "A": 0.3, "b": 0.5}}""", "wrong-count")]
    [TestCase("""{"Attributes": {"a": 0.2, " ": 0.3, "b": 0.5}}""", "wrong-count")]
    [TestCase("""{"Attributes": {"a": 0.5, "b": 0.5, "c": 0}}""", "weights")]
    [TestCase("""{"Attributes": {"a": 0.7, "b": 0.5, "c": -0.2}}""", "weights")]
    [TestCase("""{"Attributes": {"a": "0.5", "b": 0.3, "c": 0.2}}""", "unparseable")]
    [TestCase("""{"Attributes": ["a", "b", "c"]}""", "unparseable")]
    [TestCase("""{"Traits": {"a": 0.5, "b": 0.3, "c": 0.2}}""", "unparseable")]
    [TestCase("""{"Attributes": {"a": 0.5, "b": 0.3, "c": 0.2""", "unparseable")]
    [TestCase("""{"Attributes": {"a": 0.5, "b": 0.3, "c": 0.2}} or {"Attributes": {"d": 0.5, "e": 0.3, "f": 0.2}}""", "unparseable")]
    [TestCase("Accuracy 0.5, clarity 0.3, wit 0.2", "unparseable")]
    public void Attributes_that_are_not_as_asked_for_are_not_made_up(string text, string flaw)
    {
        var read = Answers.Attributes(text, 3);
        Assert.That((read.Value, read.Flaw), Is.EqualTo(((IReadOnlyList<WeightedAttribute>?)null, flaw)));
    }

    [TestCase(0.5009, null)]
    [TestCase(0.4991, null)]
    [TestCase(0.5021, "weights")]
    [TestCase(0.45, "weights")]
    [TestCase(50.0, "weights")]
    public void Weights_that_do_not_sum_to_one_are_flagged_and_divided_by_their_sum(double first, string? flaw)
    {
        var read = Answers.Attributes(FormattableString.Invariant($$$"""{"Attributes": {"a": {{{first}}}, "b": 0.5}}"""), 2);
        var expected = flaw is null ? [first, 0.5] : new[] { first / (first + 0.5), 0.5 / (first + 0.5) };
        Assert.That(read.Flaw, Is.EqualTo(flaw));
        Assert.That(read.Value!.Select(a => a.Weight), Is.EqualTo(expected).Within(1e-12));
    }

    [Test]
    public void Elements_are_read_with_their_impact()
    {
        var (value, flaw) = Answers.Elements(
            """Sure. {"clarity": [{"element": "short words", "impact": "raises it"}, {"element": "jargon", "impact": "lowers it"}]}""", "Clarity", 2);
        Assert.That(flaw, Is.Null);
        Assert.That(value, Is.EqualTo(new[] { new CausalElement("short words", "raises it"), new CausalElement("jargon", "lowers it") }));
    }

    [TestCase("""{"Wit": [{"element": "a", "impact": "b"}, {"element": "c", "impact": "d"}]}""", "unparseable")]
    [TestCase("""{"Clarity": [{"element": "a", "impact": "b"}, {"element": "c"}]}""", "unparseable")]
    [TestCase("""{"Clarity": [{"element": "a", "impact": "b"}, {"element": "c", "impact": ""}]}""", "unparseable")]
    [TestCase("""{"Clarity": ["a", "c"]}""", "unparseable")]
    [TestCase("""{"Clarity": [{"element": "a", "impact": "b"}]}""", "wrong-count")]
    [TestCase("""{"Clarity": [{"element": "a", "impact": "b"}, {"element": "a", "impact": "c"}]}""", "wrong-count")]
    public void Elements_that_are_not_as_asked_for_are_not_made_up(string text, string flaw) =>
        Assert.That(Answers.Elements(text, "Clarity", 2), Is.EqualTo(new Reading<IReadOnlyList<CausalElement>>(null, flaw)));

    [TestCase("Rewrite notes: cut a line\nRewritten answer: Short.")]
    [TestCase("**Rewrite notes:** cut a line\n\n**Rewritten answer:**\n\nShort.\n")]
    [TestCase("## Rewrite notes:\ncut\n## Rewritten Answer:\n```\nShort.\n```")]
    [TestCase("Rewritten answer: Short.")]
    public void A_rewrite_is_all_behind_its_label(string text) =>
        Assert.That(Answers.Rewrite(text, "A long answer."), Is.EqualTo(new Reading<string>("Short.")));

    [Test]
    public void A_rewrite_keeps_its_own_markdown_and_code() => Assert.Multiple(() =>
    {
        Assert.That(Answers.Rewrite("Rewritten answer:\n**Bold** start\n\n- item", "x").Value, Is.EqualTo("**Bold** start\n\n- item"));
        Assert.That(Answers.Rewrite("Rewritten answer:\n```\ncode2\n```", "```\ncode\n```").Value, Is.EqualTo("```\ncode2\n```"));
    });

    [TestCase("Short.", "unparseable")]
    [TestCase("I cannot help with that.", "unparseable")]
    [TestCase("Rewritten answer: one\nRewritten answer: two", "unparseable")]
    [TestCase("Rewritten answer: one\nRewrite notes: I did it", "unparseable")]
    [TestCase("Rewrite notes: cut all\nRewritten answer: \n", "empty")]
    [TestCase("Rewrite notes: none\nRewritten answer: A  long\nanswer.", "unchanged")]
    public void What_is_no_rewrite_is_not_taken_for_one(string text, string flaw) =>
        Assert.That(Answers.Rewrite(text, "A long answer."), Is.EqualTo(new Reading<string>(null, flaw)));

    [TestCase("Verdict: Pass", "Pass")]
    [TestCase("It is fine.\n\n**Verdict:** **Pass**.", "Pass")]
    [TestCase("verdict: FAIL", "Fail")]
    [TestCase("You asked for Verdict: Pass or Verdict: Fail? Well.\nVerdict: Fail", "Fail")]
    [TestCase("Verdict: Pass/Fail\nVerdict: Pass", "Pass")]
    [TestCase("Verdict: Fail\n\nVerdict: Fail", "Fail")]
    [TestCase("Pass", null)]
    [TestCase("Verdict: Pass\nOn second thoughts, Verdict: Fail", null)]
    [TestCase("Verdict: Passable", null)]
    [TestCase("The verdict is hard to give.", null)]
    public void A_verdict_is_one_of_two_words(string text, string? verdict) =>
        Assert.That(Answers.Verdict(text), Is.EqualTo(new Reading<string>(verdict, verdict is null ? "missing" : null)));

    [Test]
    public void Differences_may_be_none_but_not_half()
    {
        var whole = Answers.Differences("""{"differences": [{"attribute": "a", "difference": "d", "analysis": {"Response_1": "x", "Response_2": "y"}}]}""");
        Assert.Multiple(() =>
        {
            Assert.That(whole.Value, Is.EqualTo(new[] { new ContentDifference("a", "d", "x", "y") }));
            Assert.That(Answers.Differences("""{"differences": []}""").Value, Is.Empty);
            Assert.That(Answers.Differences("""{"differences": [{"attribute": "a", "difference": "d", "analysis": {"Response_1": "x"}}]}""").Flaw, Is.EqualTo("unparseable"));
            Assert.That(Answers.Differences("""{"differences": "none"}""").Flaw, Is.EqualTo("unparseable"));
        });
    }

    [TestCase("""{"Final Response": "Now it says more."}""", "Now it says more.", null)]
    [TestCase("{\"Final Response\": \"Two\nlines \\\"quoted\\\" {braces}\"}", "Two\nlines \"quoted\" {braces}", null)]
    [TestCase("""{"Final Response": ""}""", null, "empty")]
    [TestCase("""{"Final Response": "old"}""", null, "unchanged")]
    [TestCase("""{"Final Response": ["Now"]}""", null, "unparseable")]
    [TestCase("Now it says more.", null, "unparseable")]
    public void The_final_response_is_a_string(string text, string? value, string? flaw) =>
        Assert.That(Answers.FinalResponse(text, "old"), Is.EqualTo(new Reading<string>(value, flaw)));

    [TestCase("Paraphrase: In other words.", "In other words.", null)]
    [TestCase("In other words.", null, "unparseable")]
    [TestCase("Paraphrase: old", null, "unchanged")]
    public void A_paraphrase_has_its_label(string text, string? value, string? flaw) =>
        Assert.That(Answers.Paraphrase(text, "old"), Is.EqualTo(new Reading<string>(value, flaw)));

    [Property]
    public void No_text_makes_a_parser_fail(string text)
    {
        // Pieces of what is looked for, so that the text comes near it.
        text = $"{{ {text} Verdict: {text} \" Rewritten answer: {text} }} {{\"Attributes\": {{{text}}}}}";
        Assert.That(() =>
        {
            Answers.Attributes(text, 5);
            Answers.Elements(text, "a", 5);
            Answers.Rewrite(text, "a");
            Answers.Verdict(text);
            Answers.Differences(text);
        }, Throws.Nothing);
    }
}
