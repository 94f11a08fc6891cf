namespace RewardKit.Plugins.Crome.Tests;

public sealed class PromptsTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("crome").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Every_prompt_of_the_plugin_has_just_its_placeholders()
    {
        foreach (var (name, placeholders) in Prompts.Placeholders)
        {
            // What is filled in is told apart by its number, so that a placeholder of another name cannot stand for it.
            var prompt = new Prompts(null).Fill(name, [.. placeholders.Select((p, i) => (p, $"filled{i}."))]);
            Assert.That(prompt, Does.Not.Contain("{{").And.Not.Contain("}}}"), name);
            for (var i = 0; i < placeholders.Length; i++) Assert.That(prompt, Does.Contain($"filled{i}."), $"{name}: {placeholders[i]}");
        }
    }

    [Test]
    public void What_is_filled_in_is_not_filled_again() => Assert.That(
        new Prompts(null).Fill("paraphrase", ("question", "{{answer}}"), ("answer", "A")), Does.Contain("{{answer}}"));

    [Test]
    public void A_file_replaces_the_prompt_of_its_name()
    {
        File.WriteAllText(Path.Combine(_folder, "degrade.md"), "{{question}}|{{answer}}|{{attribute}}|{{elements}}\n");
        var prompts = new Prompts(_folder);
        (string, string)[] values = [("question", "Q"), ("answer", "A"), ("attribute", "T"), ("elements", "E")];
        Assert.That(prompts.Fill("degrade", values), Is.EqualTo("Q|A|T|E"));
        Assert.That(prompts.Fill("upgrade", values), Is.EqualTo(new Prompts(null).Fill("upgrade", values)));
    }

    [TestCase("degrade.md", "{{question}} {{answer}} {{elements}}", "{{attribute}}", "missing")]
    [TestCase("degrade.md", "{{question}} {{answer}} {{elements}} {{attribute}} {{atribute}}", "{{atribute}}", "stands for nothing")]
    [TestCase("degradation.md", "{{question}}", "degradation.md", "degrade.md")]
    public void A_file_that_cannot_replace_a_prompt_is_refused_by_name(string file, string text, string named, string why)
    {
        File.WriteAllText(Path.Combine(_folder, file), text);
        Assert.That(() => new CromeCausalAugmenter(new() { Prompts = _folder }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains(file).And.Message.Contains(named).And.Message.Contains(why));
    }

    [Test]
    public void A_conversation_of_several_turns_says_who_speaks() => Assert.Multiple(() =>
    {
        Assert.That(Prompts.Show(Conversation.User("Why?")), Is.EqualTo("Why?"));
        Assert.That(Prompts.Show(new([new("user", "Why?"), new("assistant", "Because."), new("user", "No.")])),
            Is.EqualTo("user: Why?\n\nassistant: Because.\n\nuser: No."));
    });
}
