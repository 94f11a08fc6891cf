using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class TokenizeTests : CommandFixture
{
    private static readonly string Llama = Path.Combine(RepositoryRoot, "scripts/models/stories260K");
    private static readonly string Gpt2 = Path.Combine(RepositoryRoot, "scripts/models/gpt2-tokenizer");

    private Outcome Tokenize(string input, params string[] arguments) => Pipe(input, ["tokenize", .. arguments]);

    private int[][] Ids(string input, params string[] arguments)
    {
        var outcome = Tokenize(input, arguments);
        Assert.That(outcome.Error, Is.Empty);
        return [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("ids").Deserialize<int[]>()!)];
    }

    [Test]
    public void Texts_become_ids_and_tokens_and_texts_again()
    {
        var encoded = Tokenize("{\"text\": \"Hello world\"}\n\n{\"text\": \"\\ud83d\\ude00 \\ud83d\"}", Gpt2);

        Assert.That(encoded.Error, Is.Empty);
        Assert.That(encoded.Output, Does.StartWith("{\"ids\":[15496,995],\"tokens\":[\"Hello\",\"Ġworld\"]}\n"));
        Assert.That(encoded.ExitCode, Is.Zero);
        var decoded = Tokenize(encoded.Output, Gpt2, "--decode").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString());
        Assert.That(decoded, Is.EqualTo((string[])["Hello world", "😀 \uFFFD"]));
    }

    [Test]
    public void Special_tokens_stand_around_a_text_unless_told_otherwise()
    {
        const string input = "{\"text\": \"Once\"}\n";
        var (with, without) = (Ids(input, Llama)[0], Ids(input, Llama, "--no-special-tokens")[0]);

        Assert.That(with, Is.EqualTo((int[])[1, .. without]));
        Assert.That(Tokenize("{\"ids\": [1, 403, 407]}", Llama, "--decode").Output, Does.Contain("<s>"));
        Assert.That(Tokenize("{\"ids\": [1, 403, 407]}", Llama, "--decode", "--no-special-tokens").Output, Does.Not.Contain("<s>"));
    }

    // Without a template of the tokenizer's own: "Human: ...", a blank line, "Assistant:", the response, end of text.
    [Test]
    public void Messages_go_through_the_chat_template_as_in_scoring()
    {
        var ids = Ids(
            """
            {"messages": [{"role": "user", "content": "Hi"}]}
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
            {"text": "Hi"}
            {"text": "Human: Hi\n\nAssistant:"}
            """, Gpt2, "--template");
        var plain = Ids("{\"text\": \"Human: Hi\\n\\nAssistant:\"}\n{\"text\": \" Hello\"}", Gpt2);

        Assert.Multiple(() =>
        {
            Assert.That(ids[0], Is.EqualTo(plain[0]));
            Assert.That(ids[1], Is.EqualTo((int[])[.. plain[0], .. plain[1], 50256]));
            Assert.That(ids[2], Is.EqualTo(plain[0]), "a text is the user's turn");
            Assert.That(ids[3], Is.Not.EqualTo(plain[0]));
        });
    }

    [Test]
    public void One_file_is_a_tokenizer_too() =>
        Assert.That(Ids("{\"text\": \"Once\"}", Path.Combine(Llama, "tokenizer.json")), Is.EqualTo(Ids("{\"text\": \"Once\"}", Llama)));

    [TestCase("{\"text\": 1}", "\"text\" is not a string")]
    [TestCase("{\"text\": \"a\"", "not valid JSON: ")]
    [TestCase("[]", "expected an object with either \"text\" or \"messages\"")]
    [TestCase("{\"text\": \"a\", \"messages\": []}", "expected an object with either \"text\" or \"messages\"")]
    [TestCase("{\"messages\": []}", "\"messages\" is no array of turns")]
    [TestCase("{\"messages\": [{\"role\": \"user\"}]}", "\"messages\"[0] has no \"content\"")]
    [TestCase("{\"messages\": [{\"role\": null, \"content\": \"\"}]}", "\"messages\"[0].\"role\" is not a string")]
    public void A_bad_line_is_named_and_what_came_before_it_stays(string line, string named)
    {
        var outcome = Tokenize("{\"text\": \"a\"}\n" + line + "\n{\"text\": \"b\"}\n", Gpt2);

        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.StartWith("Standard input, line 2: " + named));
        Assert.That(outcome.Output, Is.EqualTo("{\"ids\":[64],\"tokens\":[\"a\"]}\n"));
    }

    [TestCase("{\"ids\": [1, 50257]}", "\"ids\"[1] is 50257, which is no id of this tokenizer (0 to 50256)")]
    [TestCase("{\"ids\": [1.5]}", "\"ids\"[0] is 1.5")]
    [TestCase("{\"text\": \"a\"}", "expected an object with an array \"ids\"")]
    public void Ids_that_are_none_are_named(string line, string named)
    {
        var outcome = Tokenize(line, Gpt2, "--decode");

        Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")));
        Assert.That(outcome.Error, Does.StartWith("Standard input, line 1: " + named));
    }

    [Test]
    public void A_folder_without_a_tokenizer_is_refused()
    {
        var outcome = Tokenize("", PathOf("nowhere"));

        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain(PathOf("nowhere")).And.Contain("no such folder or file"));
    }
}
