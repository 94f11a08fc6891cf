using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class GenerateTests : CommandFixture
{
    private static string Stories => Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");

    private static string Steering => Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", "Steering");

    [Test]
    public void Texts_are_continued_a_line_for_a_line()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RepositoryRoot, "tests", "data", "models", "stories260K", "golden.json")));
        var cases = golden.RootElement.GetProperty("cases").EnumerateArray().ToArray();
        var lines = string.Concat(cases.Select(c => JsonSerializer.Serialize(new { text = c.GetProperty("prompt").GetString() }) + "\n"));

        var outcome = Pipe(lines + "\n", "generate", Stories, "--max-tokens", "48");

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        var texts = outcome.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.That(texts, Has.Length.EqualTo(cases.Length));
        Assert.Multiple(() =>
        {
            for (var i = 0; i < cases.Length; i++)
                Assert.That(cases[i].GetProperty("prompt").GetString() + texts[i].GetProperty("text").GetString(), Is.EqualTo(cases[i].GetProperty("greedy_text").GetString()));
            Assert.That(texts[0].GetProperty("tokens").GetInt32(), Is.EqualTo(48));
            Assert.That(texts[0].GetProperty("finish").GetString(), Is.EqualTo("max-tokens"));
            Assert.That(texts[0].GetProperty("logProb").GetDouble(), Is.LessThan(0));
        });
    }

    [Test]
    public void A_decoder_plugin_steers_by_weights()
    {
        const string prompt = """{"prompt": "Once upon a time"}""";
        string Text(params string[] more)
        {
            var outcome = Pipe(prompt, ["generate", Stories, "--max-tokens", "12", "--temperature", "1", "--seed", "3", .. more]);
            Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
            return JsonDocument.Parse(outcome.Output).RootElement.GetProperty("text").GetString()!;
        }
        string[] guided = ["--decoder", "guided", "--plugins", Steering, "--guide"];

        Assert.That(Text([.. guided, Stories + "=0"]), Is.EqualTo(Text()));
        Assert.That(Text([.. guided, Stories + "=4"]), Is.Not.EqualTo(Text()));
    }

    [Test]
    public void What_makes_no_sense_is_refused()
    {
        void Refused(string line, string[] arguments, string message)
        {
            var outcome = Pipe(line, ["generate", Stories, .. arguments]);
            Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")), outcome.Error);
            Assert.That(outcome.Error, Does.Contain(message));
        }
        Refused("""{"prompt": "a", "text": "b"}""", [], "Standard input, line 1: expected an object with just one of");
        Refused("""{"text": 3}""", [], "line 1: \"text\" is not a string");
        Refused("", ["--guide", Stories], "name one with --decoder");
        Refused("""{"prompt": "a"}""", ["--decoder", "guided", "--plugins", Steering], "The decoder \"guided\" needs at least one --guide FOLDER");
        Refused("""{"text": "a"}""", ["--decoder", "guided", "--plugins", Steering, "--guide", Stories], "line 1: a decoder answers prompts");
        Refused("""{"prompt": "a"}""", ["--decoder", "gided", "--plugins", Steering], "Did you mean \"guided\"?");
        Refused("""{"text": "a"}""", ["--temperature", "-1"], "Temperature is -1");
    }
}
