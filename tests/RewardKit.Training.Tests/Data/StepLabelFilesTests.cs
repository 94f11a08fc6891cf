using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

/// <summary>Files whose responses have labels within them.</summary>
public sealed class StepLabelFilesTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("pairs-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Steps_with_labels_are_responses_that_are_good_if_all_are_right()
    {
        var loaded = Load("a.jsonl", """
            {"prompt": "1 + 1 + 1?", "completions": ["1 + 1 = 2", "2 + 1 = 3"], "labels": [true, true]}
            {"prompt": "1 + 1 + 1?", "completions": ["1 + 1 = 2", "Hm.", "2 + 1 = 4"], "labels": [true, null, false]}
            {"prompt": "2 + 2?", "completions": ["It is 4."], "labels": [0.75]}
            """);
        var pair = loaded.Examples.Single();
        Assert.Multiple(() =>
        {
            Assert.That((loaded.Layout, loaded.Responses), Is.EqualTo(("responses with labelled steps", (long?)3)));
            Assert.That(pair.Chosen, Is.EqualTo(Conversation.Assistant("1 + 1 = 2\n2 + 1 = 3")));
            Assert.That(pair.ChosenSteps, Is.EqualTo(new StepLabels([new(9, 1), new(19, 1)])));
            Assert.That(pair.RejectedSteps, Is.EqualTo(new StepLabels([new(9, 1), new(23, 0)])), "the step that has no label has none");
            Assert.That(loaded.Skipped.Single().Records, Is.EqualTo(new long[] { 3 }), "the only response to its prompt");
        });
    }

    [Test]
    public void Pieces_may_be_tokens()
    {
        File.WriteAllText(Path.Combine(_folder, "t.jsonl"), """
            {"problem": "Name it.", "steps": ["Pa", "ris", "."], "right": [1, 1, 1]}
            {"problem": "Name it.", "steps": ["Ro", "me", "!"], "right": [1, 0, 0]}
            """);
        var pair = PairFiles.Load(new(Path.Combine(_folder, "t.jsonl")) { Reading = new() { Columns = new() { Responses = "steps", Label = "right" }, StepSeparator = "" } }).Examples.Single();
        Assert.Multiple(() =>
        {
            Assert.That(pair.Rejected.LastContent, Is.EqualTo("Rome!"));
            Assert.That(pair.RejectedSteps, Is.EqualTo(new StepLabels([new(2, 1), new(4, 0), new(5, 0)])));
        });
    }

    [TestCase("""{"prompt": "p", "completions": ["a", "b"], "labels": [true]}""", "\"labels\" has 1 entries for 2 steps")]
    [TestCase("""{"prompt": "p", "completions": ["a"], "labels": [2]}""", "\"labels\"[0] must be true, false or a probability from 0 to 1, but is 2")]
    [TestCase("""{"prompt": "p", "completions": ["a"], "labels": [null]}""", "no label (1)")]
    public void Steps_and_labels_that_do_not_fit_are_refused(string line, string message) =>
        Assert.That(() => Load("a.jsonl", line), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));

    [Test]
    public void Graded_solutions_are_right_until_they_come_to_another_number()
    {
        const string record = """
            {"question": "Ann has 3 eggs a day and sells 2. How many are left in 4 days?", "ground_truth": "She keeps 3-2=<<3-2=1>>1 a day.\nIn 4 days she keeps 1*4=<<1*4=4>>4.\nA: 4",
             "a": {"is_correct": true, "solution": "3-2=<<3-2=1>>1 are left.\n1*4 = <<1*4=4>>4\nA: 4"},
             "b": {"is_correct": false, "solution": "3-2=<<3-2=1.0>>1 are left.\nHm.\n1+4 = <<1+4=5>>5\nA: 5"},
             "c": {"is_correct": false, "solution": "She sells 2.\nA: 2"},
             "d": {"is_correct": false, "solution": "  "}}
            """;
        var line = record.Replace("\n", " ", StringComparison.Ordinal);
        var (byReference, byOutcome) = (Load("a.jsonl", line), PairFiles.Load(new(Path.Combine(_folder, "a.jsonl")) { Reading = new() { Steps = StepSource.Outcome } }));
        Assert.Multiple(() =>
        {
            Assert.That((byReference.Layout, byReference.Responses), Is.EqualTo(("graded solutions", (long?)3)));
            Assert.That(byReference.Examples.Select(e => e.Chosen.LastContent[^4..]), Is.EqualTo((string[])["A: 4", "A: 4"]));
            Assert.That(Labels(byReference.Examples[0].ChosenSteps), Is.EqualTo((double[])[1, 1, 1]));
            Assert.That(Labels(byReference.Examples[0].RejectedSteps), Is.EqualTo((double[])[1, 1, 0, 0]), "1.0 is 1, a line without a number is no error, 5 is one");
            Assert.That(Labels(byReference.Examples[1].RejectedSteps), Is.EqualTo((double[])[1, 0]), "where all numbers are known, the answer is wrong");
            Assert.That(Labels(byOutcome.Examples[0].RejectedSteps), Is.EqualTo((double[])[0, 0, 0, 0]));
            Assert.That(Labels(byOutcome.Examples[0].ChosenSteps), Is.EqualTo((double[])[1, 1, 1]));
        });

        static double[] Labels(StepLabels? steps) => [.. steps!.Select(step => step.Right)];
    }

    // Counted apart from this code: 366 of 660 questions have right and wrong solutions, in 1,218 pairs, three of them copies.
    [Test]
    public void The_published_solutions_of_GSM8K()
    {
        var loaded = PairFiles.Load(new(Path.Combine(TestContext.CurrentContext.TestDirectory, "data", "gsm8k", "example_model_solutions.jsonl.gz")) { Reading = new() });
        var wrong = loaded.Examples.DistinctBy(e => (e.Prompt, e.Rejected)).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That((loaded.Records, loaded.Responses, loaded.Examples.Count), Is.EqualTo((660L, (long?)2640, 1215)));
            Assert.That(loaded.Skipped.Select(s => (s.Reason, s.Records.Count)), Is.EquivalentTo(new[] { ("all solutions right, or all wrong", 294), (PairFiles.Duplicate, 3) }));
            Assert.That(loaded.Examples.All(e => e.ChosenSteps!.AllRight && !e.RejectedSteps!.AllRight));
            Assert.That(loaded.Examples.All(e => e.RejectedSteps![^1] is { Right: 0 } last && last.End == e.Rejected.LastContent.Length));
            // The first of the file: 16 - 3 = 13 is no number of the reference.
            Assert.That(wrong[0].RejectedSteps, Is.EqualTo(new StepLabels([new(124, 0), new(208, 0), new(214, 0)])));
        });
    }

    private LoadedPairs Load(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return PairFiles.Load(new(path) { Reading = new() });
    }
}
