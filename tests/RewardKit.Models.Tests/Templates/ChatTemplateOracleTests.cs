using System.Text.Json;
using RewardKit.Models.Templates;
using RewardKit.TestOracles;

namespace RewardKit.Models.Tests.Templates;

public class ChatTemplateOracleTests
{
    private static IEnumerable<TestCaseData> Expected() =>
        from entry in ChatTemplateCases.Read("expected.json").GetProperty("cases").EnumerateArray()
        group entry by entry.GetProperty("template").GetString() into template
        select new TestCaseData(template.ToArray()) { TestName = $"{nameof(Every_conversation_reads_as_Hugging_Faces_engine_writes_it)}({template.Key})" };

    [TestCaseSource(nameof(Expected))]
    public void Every_conversation_reads_as_Hugging_Faces_engine_writes_it(JsonElement[] entries) => Assert.Multiple(() =>
    {
        Assert.That(entries, Has.Length.GreaterThanOrEqualTo(20));
        foreach (var entry in entries)
        {
            var (name, conversation) = (entry.GetProperty("template").GetString()!, entry.GetProperty("conversation").GetString()!);
            var template = JinjaTemplate.Parse(ChatTemplateCases.Templates[name].Source, name);
            var values = ChatTemplateCases.Values(name, ChatTemplateCases.Conversations[conversation], entry.GetProperty("add_generation_prompt").GetBoolean());
            if (entry.TryGetProperty("text", out var text)) Assert.That(template.Render(values), Is.EqualTo(text.GetString()), conversation);
            else
                Assert.That(() => template.Render(values),
                    Throws.TypeOf<RewardKitException>().With.Message.Contains(entry.GetProperty("error").GetString()!), conversation);
        }
    });

    // The same engine at work, on conversations that no fixture has seen.
    [Test]
    public void Random_conversations_read_as_Hugging_Faces_engine_writes_them()
    {
        var random = new Random(20240726);
        var cases = new List<(string Template, string Line, JsonElement Conversation, bool Generate)>();
        foreach (var name in ChatTemplateCases.Templates.Keys)
        {
            for (var i = 0; i < 60; i++)
            {
                var conversation = JsonSerializer.SerializeToElement(new { messages = Messages(random, name) });
                var generate = random.Next(2) == 0;
                var values = ChatTemplateCases.Values(name, conversation, generate).ToDictionary();
                cases.Add((name, JsonSerializer.Serialize(new { template = ChatTemplateCases.Templates[name].Source, values }), conversation, generate));
            }
        }

        var answers = Node(string.Join('\n', cases.Select(c => c.Line)));

        Assert.That(answers, Has.Length.EqualTo(cases.Count));
        Assert.Multiple(() =>
        {
            foreach (var (entry, answer) in cases.Zip(answers))
            {
                var template = JinjaTemplate.Parse(ChatTemplateCases.Templates[entry.Template].Source, entry.Template);
                string? text = null;
                try
                {
                    text = template.Render(ChatTemplateCases.Values(entry.Template, entry.Conversation, entry.Generate));
                }
                catch (RewardKitException)
                {
                }
                Assert.That(text, Is.EqualTo(answer.TryGetProperty("text", out var expected) ? expected.GetString() : null), $"{entry.Template}: {entry.Conversation}");
            }
        });
    }

    private static object[] Messages(Random random, string template)
    {
        string[] pieces = ["Hello", " ", "\n", "\t", "<think>", "</think>", "{{ x }}", "<|im_end|>", "é", "😀", "'", "\"", "\\", "[INST]", "2+2", "שלום"];
        // strip('\n') takes line ends only, as in Python; the package takes all white space whatever it is told.
        if (template == "qwen3") pieces = [.. pieces.Where(piece => piece is not (" " or "\t"))];
        string Content() => string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => pieces[random.Next(pieces.Length)]));
        var messages = new List<object>();
        if (random.Next(2) == 0) messages.Add(new { role = "system", content = Content() });
        var turns = random.Next(1, 6);
        for (var i = 0; i < turns; i++)
            messages.Add(new { role = random.Next(10) == 0 ? "tool" : i % 2 == 0 ? "user" : "assistant", content = Content() });
        return [.. messages];
    }

    private static JsonElement[] Node(string input)
    {
        var packages = NodePackages.Folder(Files.Root, out var missing);
        if (missing is not null) Assert.Ignore(missing);
        var script = Files.Data("chat-templates/generate.mjs");
        var (output, error) = NodePackages.Run("node", [script, packages, "--render"], Path.GetDirectoryName(script)!, input);
        Assert.That(error, Is.Null);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
