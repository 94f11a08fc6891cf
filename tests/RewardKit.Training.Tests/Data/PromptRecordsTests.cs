using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

public sealed class PromptRecordsTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("prompts-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("a.jsonl", """{"prompt": "Hi"}""")]
    [TestCase("a.jsonl", """{"question": "Hi", "answer": "Hello! #### 4"}""")]
    [TestCase("a.json", """[{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}]""")]
    [TestCase("a.json", """[{"conversations": [{"from": "human", "value": "Hi"}]}]""")]
    [TestCase("a.csv", "instruction,output\r\nHi,Hello!\r\n")]
    [TestCase("a.jsonl", """{"prompt": "Hi", "chosen": "Hello!", "rejected": "No."}""")]
    public void The_same_prompt_in_every_form(string name, string text)
    {
        var example = Load(name, text).Examples.Single();
        Assert.Multiple(() =>
        {
            Assert.That(example.Prompt, Is.EqualTo(Conversation.User("Hi")));
            Assert.That(PromptRecords.HasResponses(example), Is.False);
            Assert.That(example.Provenance.Source, Does.EndWith("/a"));
        });
    }

    [Test]
    public void A_prompt_stands_once_and_what_is_none_is_left_out_by_reason()
    {
        var prompts = Load("a.jsonl", """
            {"prompt": "Hi"}
            {"prompt": " "}
            {"prompt": "Bye"}
            {"prompt": "Hi"}
            """);
        Assert.Multiple(() =>
        {
            Assert.That(prompts.Examples.Select(e => e.Prompt.LastContent), Is.EqualTo(new[] { "Hi", "Bye" }));
            Assert.That(prompts.Examples.Select(e => e.Id), Is.Unique);
            Assert.That(prompts.Skipped.Select(s => (s.Reason, s.Records.Single())), Is.EqualTo(new[] { ("no prompt", 2L), (PairFiles.DuplicatePrompt, 4L) }));
            Assert.That((prompts.Layout, prompts.Records), Is.EqualTo(("prompts", 4L)));
        });
    }

    [Test]
    public void A_column_of_another_name() =>
        Assert.That(Load("a.csv", "prompt,ask\nno,Hi\n", "ask").Examples.Single().Prompt, Is.EqualTo(Conversation.User("Hi")));

    [TestCase("""{"text": "Hi"}""", null, "\"text\"")]
    [TestCase("""{"prompt": "Hi"}""", "promt", "did you mean")]
    [TestCase("""{"prompt": ""}""", null, "no usable prompt")]
    [TestCase("", null, "no records")]
    public void What_holds_no_prompt_is_refused_in_words(string text, string? column, string message) =>
        Assert.That(() => Load("a.jsonl", text, column), Throws.TypeOf<RewardKitException>().With.Message.Contains(message).IgnoreCase);

    private LoadedPairs Load(string name, string text, string? column = null)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return PairFiles.Load(new(path) { Reading = new() { PromptsOnly = true, Columns = new() { Prompt = column } } });
    }
}
