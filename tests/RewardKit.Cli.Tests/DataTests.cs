using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class DataTests : CommandFixture
{
    private const string Pairs = "question,chosen,rejected\n\"a, b?\",yes,no\n\"a, b?\",yes,no\n\"a, b?\",no,yes\nc,\u001b[31mred,x\n";

    [Test]
    public void A_file_is_shown_with_counts_lengths_and_samples()
    {
        Write("pairs.csv", Pairs);
        var outcome = Call("data", "inspect", "pairs.csv");
        Assert.That(outcome.Error, Is.Empty);
        var lines = outcome.Output.Split('\n');
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.Zero);
            Assert.That(lines, Has.Member("layout         prompt, chosen, rejected"));
            Assert.That(lines, Has.Member("records        4"));
            Assert.That(lines, Has.Member("pairs          3, of them 0 ties"));
            Assert.That(lines, Has.Member("duplicates     1, left out"));
            Assert.That(lines, Has.Member("contradicting  2 pairs whose reverse is there, too"));
            Assert.That(lines, Has.Member("prompt                  1         5         5         5         5"));
            Assert.That(lines, Has.Member("  prompt       user: a, b?"));
            Assert.That(outcome.Output, Does.Not.Contain("\u001b"));
        });
    }

    [Test]
    public void Two_files_as_json_tell_the_prompts_they_share()
    {
        Write("train.csv", Pairs);
        Write("test.csv", "question,chosen,rejected\nc,x,y\nd,x,y\n");
        var outcome = Call("data", "inspect", "train.csv", "test.csv", "--prompt", "question", "--json");
        Assert.That(outcome.Error, Is.Empty);
        var root = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(root.GetProperty("sharedPrompts").GetInt32(), Is.EqualTo(1));
            Assert.That(root.GetProperty("files")[0].GetProperty("contradicting").GetInt32(), Is.EqualTo(2));
            Assert.That(root.GetProperty("files")[1].GetProperty("samples")[1].GetProperty("prompt")[0].GetProperty("content").GetString(), Is.EqualTo("d"));
        });
    }

    [Test]
    public void Ranked_responses_are_shown_with_their_tokens()
    {
        Write("ranks.jsonl", """{"prompt": "p", "responses": ["Once upon a time", "no", "yes"], "ranks": [1, 2, 2]}""");
        var tokenizer = Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");
        var outcome = Call("data", "inspect", "ranks.jsonl", "--tokenizer", tokenizer, "--max-tokens", "4");
        Assert.That(outcome.Error, Is.Empty);
        var lines = outcome.Output.Split('\n');
        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.Member("layout         lists of responses with ranks"));
            Assert.That(lines, Has.Member("responses      3"));
            Assert.That(lines, Has.Member("pairs          2, of them 0 ties"));
            Assert.That(lines, Has.Some.Match(@"^tokens +min +median +90 % +99 % +max +beyond$"));
            Assert.That(lines, Has.Some.Match(@"^chosen +\d+ +\d+ +\d+ +\d+ +\d+ +2$"));
        });
        Assert.That(Call("data", "inspect", "ranks.jsonl", "--max-tokens", "4").Error, Does.Contain("--max-tokens needs --tokenizer FOLDER."));
    }

    [Test]
    public void A_column_that_is_not_there_is_refused_with_the_nearest()
    {
        Write("test.jsonl", """{"question": "c", "better": "x", "rejected": "y"}""");
        var refused = Call("data", "inspect", "test.jsonl", "--chosen", "beter");
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Error, Does.Contain("test.jsonl(1,19): the object has no key \"beter\"; did you mean \"better\"?").And.Not.Contain("   at "));
    }
}
