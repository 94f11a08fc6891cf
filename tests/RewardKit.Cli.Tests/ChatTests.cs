using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class ChatTests : CommandFixture
{
    private static string Stories => Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");

    private static string[] Guided => ["--decoder", "guided", "--plugins", Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", "Steering"), "--guide", Stories + "=0"];

    private static readonly string[] s_sampled = ["--max-tokens", "12", "--temperature", "1", "--seed", "3"];

    [Test]
    public void Each_line_is_answered_as_generate_answers_the_conversation()
    {
        var talk = Chat("Once upon a time\nAnd then?\n/reset\nOnce upon a time\n", s_sampled);
        Assert.That(talk.Error, Is.Empty);
        var first = Generated("""{"prompt": "Once upon a time"}""", 3);
        Assert.That(talk.Output, Does.StartWith(first + "\n").And.EndsWith(first + "\n"), "after a reset all is as at the beginning");

        var second = talk.Output[(first.Length + 1)..^(first.Length + 2)];
        Assert.That(second, Is.EqualTo(Generated(JsonSerializer.Serialize(new
        {
            messages = new[] { Turn("user", "Once upon a time"), Turn("assistant", first), Turn("user", "And then?") },
        }), 4)));

        static object Turn(string role, string content) => new { role, content };
    }

    [Test]
    public void Weights_change_between_turns_and_no_other_word_does()
    {
        var talk = Chat("/weights\nOnce\n/reset\n/weight stories260K 4\nOnce\n/reset\n/weight 0\nOnce\n/weights\n", [.. s_sampled, .. Guided]);
        Assert.That((talk.ExitCode, talk.Error), Is.EqualTo((0, "")));
        Assert.That(talk.Output, Does.StartWith("stories260K 0\n").And.EndsWith("\nstories260K 0\n"));
        var plain = Generated("""{"prompt": "Once"}""", 3);
        var between = talk.Output["stories260K 0\n".Length..^"stories260K 0\n".Length];
        Assert.That(between, Does.StartWith(plain + "\n").And.EndsWith("\n" + plain + "\n"));
        Assert.That(between, Has.Length.GreaterThan(2 * plain.Length + 4));
        Assert.That(between, Is.Not.EqualTo($"{plain}\n{plain}\n{plain}\n"), "the weight 4 steers");
    }

    [Test]
    public void What_makes_no_sense_is_told_and_the_conversation_goes_on()
    {
        var talk = Chat("/weigth x 1\n/weight x 1\n/temperature warm\n/seed x\n/weight stories260K much\n/quit\nOnce\n", Guided);
        Assert.That((talk.ExitCode, talk.Output), Is.EqualTo((0, "")));
        Assert.That(talk.Error.Split('\n'), Is.EqualTo(new[]
        {
            "There is no command /weigth. Did you mean \"/weight\"? /help lists them.",
            "Nothing that steers is called \"x\". There is: stories260K.",
            "/temperature is \"warm\"; expected a number of at least 0.",
            "/seed is \"x\"; expected a whole number.",
            "/weight is \"much\"; expected a number of at least 0.",
            "",
        }));
        Assert.That(Chat("/weights\n").Error, Is.EqualTo("Nothing steers this model: start with --decoder ID.\n"));
        Assert.That(Chat("/help\n").Output, Does.Contain("/weight NAME VALUE"));
    }

    [Test]
    public void A_history_too_long_for_the_context_loses_its_oldest_turns_and_says_so()
    {
        var turn = string.Join(' ', Enumerable.Repeat("once upon a time", 45));
        var talk = Chat($"{turn}\n{turn}\n{turn}\n{string.Join(' ', Enumerable.Repeat(turn, 6))}\nHi\n", "--max-tokens", "4");
        Assert.That(talk.ExitCode, Is.Zero);
        Assert.That(talk.Error, Does.Match(@"^\(The \d+ oldest turns are left out from here on: the context has 512 tokens\.\)\n").And.Contain("This turn does not fit stories260K, whose context has 512 tokens"));
        Assert.That(talk.Output.TrimEnd('\n'), Is.Not.Empty);
    }

    private Outcome Chat(string lines, params string[] arguments)
    {
        var outcome = Pipe(lines, ["chat", Stories, .. arguments]);
        Assert.That(outcome.Output, Does.Not.Contain("\u001b").And.Not.Contain("> "));
        return outcome;
    }

    private string Generated(string line, int seed)
    {
        // Its line n draws with seed + n, an answer of a conversation likewise.
        var outcome = Pipe(line, ["generate", Stories, "--max-tokens", "12", "--temperature", "1", "--seed", $"{seed}"]);
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        return JsonDocument.Parse(outcome.Output).RootElement.GetProperty("text").GetString()!;
    }
}
