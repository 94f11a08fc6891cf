using System.Text.Json;
using RewardKit.Models.Tests.Templates;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class JinjaChatTemplateTests
{
    private const string Chatml =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly Conversation Prompt = new([new("user", "Hi"), new("assistant", "Hello."), new("user", "Who are you?")]);
    private static readonly Conversation Response = Conversation.Assistant("A small model.");

    // A copy of the phi-3 tokenizer with another template in place of its own.
    private static TempFolder With(string template, string file = "chat_template.jinja")
    {
        var folder = TempFolder.CopyOf(Files.TokenizerFolder("phi-3-mini"));
        folder.Write(file, template);
        return folder;
    }

    private static ChatTemplate For(TempFolder folder, string? name = null) => ChatTemplate.For(Tokenizer.Load(folder.Path), name);

    [Test]
    public void The_tokenizers_own_template_renders_prompt_and_response()
    {
        var template = ChatTemplate.For(Files.Tokenizer("phi-3-mini"));

        Assert.Multiple(() =>
        {
            Assert.That(template.Name, Is.EqualTo("default"));
            Assert.That(template.RenderPrompt(Prompt), Is.EqualTo(
                "<|user|>\nHi<|end|>\n<|assistant|>\nHello.<|end|>\n<|user|>\nWho are you?<|end|>\n<|assistant|>\n"));
            Assert.That(template.RenderResponse(Prompt, Response), Is.EqualTo("A small model.<|end|>\n<|endoftext|>"));
            Assert.That(template.Render(Prompt, addGenerationPrompt: false), Does.EndWith("Who are you?<|end|>\n<|endoftext|>"));
            Assert.That((template.AddsBeginToken, template.AppendsEndToken), Is.EqualTo((false, false)));
        });
    }

    // A response's tokens are those it has in the whole text: no dummy space, no token lost at the seam.
    [Test]
    public void Prompt_and_response_are_the_whole_for_every_template([ValueSource(nameof(Names))] string name)
    {
        var (source, tokens) = ChatTemplateCases.Templates[name];
        using var folder = With(source);
        folder.Write("tokenizer_config.json", JsonSerializer.Serialize(tokens.ToDictionary()));
        var tokenizer = Tokenizer.Load(folder.Path);
        var encoder = new PairEncoder(tokenizer, ChatTemplate.For(tokenizer), 1000, 1000);
        var whole = encoder.Template.Render(new([.. Prompt.Messages, .. Response.Messages]), addGenerationPrompt: false);

        var (prompt, response) = (encoder.EncodePrompt(Prompt).Ids, encoder.EncodeResponse(Prompt, Response).Ids);

        Assert.Multiple(() =>
        {
            Assert.That(encoder.Template.RenderPrompt(Prompt) + encoder.Template.RenderResponse(Prompt, Response), Is.EqualTo(whole));
            Assert.That((int[])[.. prompt, .. response], Is.EqualTo(tokenizer.Encode(whole)));
            Assert.That(tokenizer.Decode(response, keepSpecialTokens: true), Does.Contain("A small model."));
            Assert.That(tokenizer.Decode(prompt, keepSpecialTokens: true), Does.Contain("Who are you?").And.Not.Contain("A small model."));
        });
    }

    private static IEnumerable<string> Names => ChatTemplateCases.Templates.Keys.Where(name => name != "macros");

    [Test]
    public void A_cut_response_keeps_the_templates_end_mark_and_a_cut_prompt_its_beginning()
    {
        using var folder = With("{{ bos_token }}" + Chatml.Replace("<|im_end|>", "<|end|>"));
        var tokenizer = Tokenizer.Load(folder.Path);
        var template = ChatTemplate.For(tokenizer);
        var mark = tokenizer.Encode("<|end|>\n");
        var (whole, cut) = (new PairEncoder(tokenizer, template, 100, 100), new PairEncoder(tokenizer, template, 10, mark.Length + 2));

        var (wholePrompt, wholeResponse) = (whole.EncodePrompt(Prompt).Ids, whole.EncodeResponse(Prompt, Response).Ids);
        var (cutPrompt, cutResponse) = (cut.EncodePrompt(Prompt), cut.EncodeResponse(Prompt, Response));

        Assert.Multiple(() =>
        {
            Assert.That(wholePrompt.Count(id => id == tokenizer.BosId), Is.EqualTo(1), "the template's, and no second one");
            Assert.That(cutPrompt.Ids, Is.EqualTo((int[])[1, .. wholePrompt[^9..]]));
            Assert.That(cutResponse.Truncated, Is.True);
            Assert.That(cutResponse.Ids, Is.EqualTo((int[])[.. wholeResponse[..2], .. mark]));
            Assert.That(wholeResponse, Has.Length.GreaterThan(mark.Length + 2));
        });
    }

    [Test]
    public void A_template_without_an_end_mark_leaves_the_end_to_the_tokenizers_token()
    {
        using var folder = With("{% for m in messages %}{{ m.role }}: {{ m.content }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '\\nassistant: ' }}{% endif %}");
        var tokenizer = Tokenizer.Load(folder.Path);
        var encoder = new PairEncoder(tokenizer, ChatTemplate.For(tokenizer), 100, 100);

        Assert.That(encoder.Template.AppendsEndToken, Is.True);
        Assert.That(encoder.EncodeResponse(Prompt, Response).Ids, Is.EqualTo((int[])[.. tokenizer.Encode("x: A small model.")[^4..], tokenizer.EosId!.Value]));
    }

    // Templates of reasoning models open a thought for generation that an answer in the conversation lacks.
    [Test]
    public void What_the_generation_prompt_has_beyond_the_conversation_is_left_out()
    {
        using var folder = With(ChatTemplateCases.Templates["deepseek-r1"].Source);
        var template = For(folder);

        Assert.That(template.Render(Prompt, addGenerationPrompt: true), Does.EndWith("<｜Assistant｜><think>\n"));
        Assert.That(template.RenderPrompt(Prompt), Does.EndWith("Who are you?<｜Assistant｜>"));
        Assert.That(template.RenderResponse(Prompt, Response), Is.EqualTo("A small model.<｜end▁of▁sentence｜>"));
    }

    [Test]
    public void A_template_that_rewrites_the_prompt_once_it_is_answered_is_refused()
    {
        using var folder = With("{{ messages | length }} turns\n" + Chatml);
        var template = For(folder);

        Assert.That(() => template.RenderPrompt(Prompt), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains("chat_template.jinja").And.Message.Contains("'3 turns").And.Message.Contains("'4 turns").And.Message.Contains("\"plain\""));
    }

    [Test]
    public void Responses_that_are_none_and_conversations_that_the_template_refuses_are_refused()
    {
        using var gemma = With(ChatTemplateCases.Templates["gemma"].Source);
        var template = For(gemma);

        Assert.That(() => template.RenderResponse(Prompt, Conversation.User("no")), Throws.TypeOf<RewardKitException>().With.Message.Contains("'user'"));
        Assert.That(() => template.RenderPrompt(new([new("system", "Be brief."), new("user", "Hi")])),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("line 1").And.Message.Contains("System role not supported"));
        Assert.That(template.RenderResponse(Prompt, new([])), Is.Empty);
    }

    [Test]
    public void The_template_comes_from_the_file_that_counts()
    {
        using var folder = TempFolder.CopyOf(Files.TokenizerFolder("llama3-style-small"));
        string Rendered(string? name = null) => For(folder, name).Render(Conversation.User("x"), false);

        folder.Write("tokenizer_config.json", """{"bos_token": {"content": "<s>"}, "eos_token": "</s>"}""");
        Assert.That((For(folder).Name, Tokenizer.Load(folder.Path).HasChatTemplate), Is.EqualTo(("plain", false)));
        folder.Write("chat_template.json", """{"chat_template": "json {{ messages[0].content }}"}""");
        Assert.That((Rendered(), Tokenizer.Load(folder.Path).HasChatTemplate), Is.EqualTo(("json x", true)));
        folder.Write("tokenizer_config.json", """
            {"bos_token": {"content": "<s>"}, "chat_template": [{"name": "default", "template": "{{ bos_token }}{{ eos_token }}{{ tools is none }}"}, {"name": "rag", "template": "rag"}]}
            """);
        Assert.That(Rendered(), Is.EqualTo("<s>True"));
        Assert.That((Rendered("rag"), For(folder, "rag").Name), Is.EqualTo(("rag", "rag")));
        Assert.That(() => For(folder, "tool_use"), Throws.TypeOf<RewardKitException>().With.Message.Contains("'tool_use'").And.Message.Contains("default, rag, plain"));
        folder.Write("chat_template.jinja", "jinja\n");
        Assert.That(Rendered(), Is.EqualTo("jinja"));
        Assert.That(For(folder, "plain").Name, Is.EqualTo("plain"));

        using var copy = new TempFolder();
        Tokenizer.Load(folder.Path).CopyTo(copy.Path);
        Assert.That(File.Exists(copy["chat_template.json"]) && File.Exists(copy["chat_template.jinja"]));
    }

    [TestCase("tokenizer_config.json", """{"chat_template": 5}""", "chat_template: is the number 5")]
    [TestCase("tokenizer_config.json", """{"chat_template": [{"name": "a"}]}""", "chat_template[0]: 'template' is missing")]
    [TestCase("tokenizer_config.json", """{"chat_template": [{"name": "rag", "template": ""}]}""", "no chat template named 'default' (known: rag, plain, text)")]
    [TestCase("tokenizer_config.json", """{"chat_template": "{% if %}"}""", "tokenizer_config.json: chat template, line 1")]
    [TestCase("tokenizer_config.json", """{"chat_template": "x", "bos_token": {"content": 1}}""", "bos_token.content")]
    [TestCase("chat_template.json", "[", "not readable as JSON")]
    [TestCase("chat_template.jinja", "a\n{% include 'x' %}", "chat_template.jinja: chat template, line 2: the statement '{% include %}' is not supported")]
    public void Files_that_cannot_be_read_are_named(string file, string text, string named)
    {
        using var folder = TempFolder.CopyOf(Files.TokenizerFolder("llama3-style-small"));
        folder.Write(file, text);

        Assert.That(() => For(folder), Throws.TypeOf<RewardKitException>().With.Message.Contains(named).And.Property(nameof(RewardKitException.ExitCode)).EqualTo(2));
    }

    [Test]
    public void An_encoder_gives_the_same_tokens_from_several_threads()
    {
        var tokenizer = Files.Tokenizer("phi-3-mini");
        var encoder = new PairEncoder(tokenizer, ChatTemplate.For(tokenizer), 100, 100);
        var prompts = Enumerable.Range(0, 40).Select(i => Conversation.User($"Question {i}?")).ToArray();
        var expected = prompts.Select(prompt => encoder.EncodeResponse(prompt, Response).Ids).ToArray();

        Parallel.For(0, 400, i => Assert.That(encoder.EncodeResponse(prompts[i % 40], Response).Ids, Is.EqualTo(expected[i % 40])));
    }
}
