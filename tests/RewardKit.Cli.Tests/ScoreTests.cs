using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class ScoreTests : ExperimentFixture
{
    [Test]
    public void Scores_are_those_of_the_evaluation_and_what_has_none_is_refused()
    {
        Assert.That(Call(Run("--", "second=bradley-terry", "third=")).ExitCode, Is.Zero);
        var folder = PathOf(Path.Combine("runs", "small", "first", "seed-1"));
        using var run = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "run.json")));
        var expected = run.RootElement.GetProperty("measurements").GetProperty("pair-accuracy/margin").GetProperty("items").EnumerateArray().Select(i => i.GetDouble()).ToArray();
        var checkpoint = Path.Combine(folder, "checkpoint");

        var pairs = Scored(checkpoint, [.. Enumerable.Range(1, 4).Select(i => JsonSerializer.Serialize(new
        {
            prompt = $"test question {i}",
            chosen = $"a kind answer {i}",
            rejected = new[] { new { role = "assistant", content = $"no {i}" } },
            note = "é",
        }))]);
        var singles = Scored(checkpoint,
        [
            """{"prompt": "test question 1", "response": "a kind answer 1", "score": "is replaced"}""",
            """{"messages": [{"role": "user", "content": "test question 1"}, {"role": "assistant", "content": "no 1"}]}""",
        ]);

        Assert.Multiple(() =>
        {
            Assert.That(pairs.Select(p => p.GetProperty("margin").GetDouble()), Is.EqualTo(expected).Within(1e-5));
            Assert.That(pairs.Select(p => p.GetProperty("note").GetString()), Is.All.EqualTo("é"), "what else a line has stays");
            Assert.That(singles.Select(s => s.GetProperty("score").GetDouble()), Is.EqualTo(new[] { Reward("chosenScore"), Reward("rejectedScore") }).Within(1e-5));
        });

        // Of the same model three times, each heads' rewards at one scale: nothing but the scale changes.
        var line = """{"prompt": "test question 1", "response": "a kind answer 1"}""";
        WritePairs(PathOf("own"));
        double[] Several(params string[] more) => [.. Scored(checkpoint, [line], [.. more, "--composer", "ensemble", "--set", "aggregate=worst", "--member", checkpoint, "--member", checkpoint + "=2"]).Select(s => s.GetProperty("score").GetDouble())];
        Assert.That(Several(), Is.EqualTo(new[] { Reward("chosenScore") }).Within(1e-5));
        Assert.That(Several("--set", "normalise=true", "--pairs", PathOf(Path.Combine("own", "train.jsonl")))[0], Is.Not.EqualTo(Reward("chosenScore")).Within(1e-5));
        var alone = Pipe(line, "score", checkpoint, "--member", checkpoint);
        Assert.That((alone.ExitCode, alone.Output), Is.EqualTo((2, "")));
        Assert.That(alone.Error, Does.Contain("name one with --composer"));

        Refused("""{"prompt": "a"}""", "line 1: expected an object with \"prompt\" and \"response\"");
        Refused("""{"messages": [{"role": "user", "content": "a"}]}""", "line 1: \"messages\" must end with the assistant's turn");
        Refused("""{"prompt": 3, "response": "b"}""", "line 1: \"prompt\" is neither a string nor a list of messages");

        void Refused(string line, string message)
        {
            var outcome = Pipe(line, "score", checkpoint);
            Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")), outcome.Error);
            Assert.That(outcome.Error, Does.Contain(message));
        }

        double Reward(string name) => pairs[0].GetProperty(name).GetDouble();
    }

    [Test]
    public void Steps_of_a_response_have_rewards_of_their_own()
    {
        Assert.That(Call(Run("--", "second=bradley-terry", "third=")).ExitCode, Is.Zero);
        var checkpoint = Path.Combine(PathOf(Path.Combine("runs", "small", "first", "seed-1")), "checkpoint");
        string line = JsonSerializer.Serialize(new { prompt = "test question 1", response = "a kind answer\nno" }), whole = JsonSerializer.Serialize(new { prompt = "test question 1", response = "a kind answer" });

        var solution = Scored(checkpoint, [line], "--composer", "process-reward", "--set", "aggregate=last").Single();
        var first = Scored(checkpoint, [whole], "--composer", "process-reward").Single();
        var steps = solution.GetProperty("steps").EnumerateArray().Select(step => (End: step.GetProperty("end").GetInt32(), Reward: step.GetProperty("reward").GetDouble())).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(steps.Select(step => step.End), Is.EqualTo(new[] { 13, 16 }));
            Assert.That(solution.GetProperty("score").GetDouble(), Is.EqualTo(1 / (1 + Math.Exp(-steps[1].Reward))).Within(1e-9));
            Assert.That(first.GetProperty("steps")[0].GetProperty("reward").GetDouble(), Is.EqualTo(steps[0].Reward).Within(1e-5), "what comes later plays no part");
        });
    }

    [Test]
    public void A_language_model_has_no_scores()
    {
        var outcome = Pipe("", "score", Model);
        Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")), outcome.Error);
        Assert.That(outcome.Error, Does.Contain("not a trained reward model"));
    }

    private JsonElement[] Scored(string model, string[] lines, params string[] options)
    {
        var outcome = Pipe(string.Join('\n', lines), ["score", model, .. options]);
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        return [.. outcome.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
