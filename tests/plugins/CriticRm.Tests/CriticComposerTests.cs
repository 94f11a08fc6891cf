using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.CriticRm.Tests;

public class CriticComposerTests
{
    private const double Close = 1e-6;
    private static readonly Conversation Question = Conversation.User("Which one?"), Chosen = Conversation.Assistant("chosen"), Rejected = Conversation.Assistant("rejected");

    private static readonly Dictionary<string, double[]> Rewards = new()
    {
        ["chosen"] = [0.9, 1.4, 0.2, 1.1],
        ["rejected"] = [0.8, 1.0, 1.3, 0.1],
    };

    // Critiques are numbers in the order of asking; the reward behind the n-th one is the n-th of the example.
    private static ITextGenerator Writer()
    {
        var asked = new Dictionary<Conversation, int>();
        return ScriptedGenerators.Of(request =>
        {
            var n = asked[request.Prompt] = asked.GetValueOrDefault(request.Prompt, -1) + 1;
            return ScriptedCritic.Whole($" {n} ");
        });
    }

    private static readonly IScorer Scorer = new FakeScorer(request => request.Response.Messages is [var answer, _, var critique]
        ? Rewards[answer.Content][int.Parse(critique.Content)] : -100);

    private static IScorer Compose(CriticScoreOptions options, ITextGenerator? own, ITextGenerator? generator = null, IScorer? scorer = null) =>
        new CriticComposer(options).Compose([new(scorer ?? Scorer) { Writer = own }], new([], 1, generator), default);

    private static IReadOnlyList<double> Scores(IScorer scorer) => scorer.Score([new(Question, Chosen), new(Question, Rejected)]);

    [TestCase(1, 0.90, 0.80, 0.524979187)]
    [TestCase(2, 1.15, 0.90, 0.562176501)]
    [TestCase(4, 0.90, 0.80, 0.524979187)]
    public void The_worked_example(int samples, double chosen, double rejected, double probability)
    {
        var scores = Scores(Compose(new() { Samples = samples }, Writer()));
        Assert.That(scores, Is.EqualTo(new[] { chosen, rejected }).Within(Close));
        Assert.That(1 / (1 + Math.Exp(scores[1] - scores[0])), Is.EqualTo(probability).Within(Close));
    }

    [Test]
    public void Rewards_are_averaged_and_not_probabilities()
    {
        var wrong = Rewards["chosen"].Zip(Rewards["rejected"], (c, r) => 1 / (1 + Math.Exp(r - c))).Average();
        Assert.That(wrong, Is.EqualTo(0.526116330).Within(Close));
        var scores = Scores(Compose(new() { Samples = 4 }, Writer()));
        Assert.That(1 / (1 + Math.Exp(scores[1] - scores[0])), Is.Not.EqualTo(wrong).Within(1e-4));
    }

    [Test]
    public void An_empty_critique_leaves_the_plain_reward()
    {
        var plain = new FakeScorer(request => request.Response.Messages.Length == 1 ? request.Response.LastContent.Length : -100);
        Assert.That(Scores(Compose(new() { Samples = 3 }, ScriptedGenerators.Of(_ => ""), scorer: plain)), Is.EqualTo(new[] { 6.0, 8.0 }));
        Assert.That(Scores(Compose(new(), ScriptedGenerators.Refusing(), scorer: plain)), Is.EqualTo(new[] { 6.0, 8.0 }));
        Assert.That(CritiqueTurns.After(Chosen, "", "Judge it."), Is.SameAs(Chosen));
    }

    [Test]
    public void The_spread_over_seeds_falls_with_the_number_of_critiques()
    {
        // The critique says a number, uniform in [0, 1), and the reward is that number.
        var writer = ScriptedGenerators.Of(request => ScriptedCritic.Whole(new Random((int)request.Options.Seed).NextDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
        var scorer = new FakeScorer(request => double.Parse(request.Response.LastContent, System.Globalization.CultureInfo.InvariantCulture));
        double Variance(int samples)
        {
            double[] scores = [.. Enumerable.Range(0, 400).Select(seed => new CriticComposer(new() { Samples = samples })
                .Compose([new(scorer) { Writer = writer }], new([], seed), default).Score([new(Question, Chosen)])[0])];
            return scores.Sum(s => (s - scores.Average()) * (s - scores.Average())) / (scores.Length - 1);
        }
        Assert.That(Variance(1), Is.EqualTo(1 / 12.0).Within(0.015));
        Assert.That(Variance(8), Is.EqualTo(1 / 96.0).Within(0.0025));
    }

    [Test]
    public void A_critique_is_asked_for_with_prompt_and_answer_alone()
    {
        var asked = new List<TextRequest>();
        var writer = ScriptedGenerators.Of(request =>
        {
            asked.Add(request);
            return ScriptedCritic.Whole("0");
        });
        Scores(Compose(new() { LeadIn = "And?" }, writer));
        Assert.That(asked[0].Prompt, Is.EqualTo(new Conversation([new("user", "Which one?"), new("assistant", "chosen"), new("user", "And?")])));
        Assert.That(asked.Select(a => a.Prompt.ToString()).Count(prompt => prompt.Contains("chosen") && prompt.Contains("rejected")), Is.Zero);
        Compose(new() { LeadIn = "And?" }, writer).Score([new(Question, Rejected)]);
        Assert.That(asked[2], Is.EqualTo(asked[1]).Using<TextRequest>((a, b) => a.Prompt.Equals(b.Prompt) && a.Options.Seed == b.Options.Seed), "alone as in company");
        Scores(Compose(new() { Critic = Critic.Generator }, null, writer));
        Assert.That(asked[^1].Part("answer"), Is.EqualTo("rejected"));
        Assert.That(asked[^1].Prompt.LastContent, Does.Not.Contain("chosen"));
    }

    [Test]
    public void The_score_of_the_generators_critique_is_not_read()
    {
        var generator = ScriptedGenerators.Of(_ => "2\nRating: [[9]]");
        Assert.That(Scores(Compose(new() { Critic = Critic.Generator }, null, generator)), Is.EqualTo(new[] { 0.2, 1.3 }).Within(Close));
    }

    [Test]
    public void A_model_that_writes_nothing_is_refused() =>
        Assert.That(() => Compose(new(), null), Throws.TypeOf<RewardKitException>().With.Message.Contains("CriticRm.Critic.Generator"));
}
