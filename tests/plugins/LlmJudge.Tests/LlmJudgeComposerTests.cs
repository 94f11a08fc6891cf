using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.LlmJudge.Tests;

public class LlmJudgeComposerTests
{
    private const double Close = 1e-9;
    private static readonly Conversation Question = Conversation.User("Why is the sky blue?");
    private static readonly Conversation Long = Conversation.Assistant("Because air scatters blue light most."), Short = Conversation.Assistant("It just is.");
    private static readonly PairRequest[] BothWays = [new(Question, Long, Short), new(Question, Short, Long)];

    private static IScorer Compose(ITextGenerator judge, LlmJudgeOptions? options = null, int seed = 1) =>
        new LlmJudgeComposer(options ?? new()).Compose([], new([], seed, judge), default);

    private static IPairScorer Comparing(ITextGenerator judge, LlmJudgeOptions? options = null, int seed = 1) =>
        (IPairScorer)Compose(judge, (options ?? new()) with { Mode = Mode.Pairwise }, seed);

    [Test]
    public void A_rating_is_the_reward()
    {
        var judge = ScriptedGenerators.Of(request => ScriptedJudge.Whole($"Well.\nRating: [[{(request.Part("answer").StartsWith("Because", StringComparison.Ordinal) ? "8.5" : "3")}]]"));
        Assert.That(Compose(judge).Score([new(Question, Long), new(Question, Short)]), Is.EqualTo(new[] { 8.5, 3 }));
        Assert.That(Compose(ScriptedJudge.Always("I give it [7].")).Score([new(Question, Long)]), Is.EqualTo(new[] { 7.0 }), "single brackets, where no double ones are there");
    }

    [Test]
    public void Several_judges_ratings_are_averaged_and_at_temperature_0_there_is_one()
    {
        var asked = 0;
        var judge = ScriptedGenerators.Of(_ => ScriptedJudge.Whole($"[[{++asked}]]"));
        Assert.That(Compose(judge, new() { Samples = 4, Temperature = 1 }).Score([new(Question, Long)]), Is.EqualTo(new[] { 2.5 }));
        Assert.That(Compose(judge, new() { Samples = 4 }).Score([new(Question, Long)]), Is.EqualTo(new[] { 5.0 }));
    }

    [Test]
    public void A_verdict_has_the_log_odds_of_its_confidence_whichever_answer_is_named_first([Values] Orders orders)
    {
        Assert.That(Comparing(ScriptedJudge.Longer(), new() { Orders = orders, Confidence = 0.9 }).Compare(BothWays), Is.EqualTo(new[] { Math.Log(9), -Math.Log(9) }).Within(Close));
        Assert.That(Comparing(ScriptedJudge.Always("Both are fine. [[C]]"), new() { Orders = orders }).Compare(BothWays), Is.EqualTo(new[] { 0.0, 0.0 }));
    }

    [Test]
    public void A_judge_that_always_says_A_ties_everything_and_is_right_in_half([Values] Orders orders)
    {
        var margins = Comparing(ScriptedJudge.Always("[[A]]"), new() { Orders = orders }).ScorePairs(Pairs.Preferences(2000)).Select(score => score.Margin).ToArray();
        var accuracy = margins.Average(margin => margin > 0 ? 1 : margin == 0 ? 0.5 : 0);
        if (orders == Orders.One) Assert.That(accuracy, Is.EqualTo(0.5).Within(0.05), "a drawn order is right in half of the pairs");
        else Assert.That((margins.Distinct(), accuracy), Is.EqualTo((new[] { 0.0 }, 0.5)));
    }

    [Test]
    public void A_verdict_and_a_tie_are_a_tie_or_half_a_verdict()
    {
        var judge = ScriptedJudge.Comparing((a, _) => a.StartsWith("Because", StringComparison.Ordinal) ? "[[A]]" : "[[C]]");
        Assert.That(Comparing(judge, new() { Orders = Orders.Agree }).Compare(BothWays), Is.EqualTo(new[] { 0.0, 0.0 }));
        // The mean of 0.8 and 0.5.
        Assert.That(Comparing(judge, new() { Orders = Orders.Average }).Compare(BothWays), Is.EqualTo(new[] { 1, -1 }.Select(sign => sign * Math.Log(0.65 / 0.35))).Within(Close));
    }

    [Test]
    public void What_is_said_in_each_order_can_be_asked_where_both_are_shown()
    {
        var (always, longer) = (ScriptedJudge.Always("[[A]]"), ScriptedJudge.Longer());
        IReadOnlyList<OrderedOdds> Orders(ITextGenerator judge) => ((IOrderedPairScorer)Comparing(judge, new() { Confidence = 0.9 })).CompareOrders(BothWays);
        Assert.That(Orders(longer).Select(o => (Math.Sign(o.FirstShownFirst), Math.Sign(o.SecondShownFirst), o.Agree)), Is.EqualTo(new[] { (1, 1, true), (-1, -1, true) }));
        Assert.That(Orders(always), Is.All.Matches<OrderedOdds>(o => !o.Agree && Math.Abs(o.FirstShownFirst - Math.Log(9)) < Close && Math.Abs(o.SecondShownFirst + Math.Log(9)) < Close));
        Assert.That(Comparing(longer, new() { Orders = LlmJudge.Orders.One }), Is.Not.InstanceOf<IOrderedPairScorer>(), "of one order there is no other view");
    }

    [Test]
    public void Several_judges_decide_by_majority()
    {
        var judge = (string[] said) =>
        {
            var asked = new Dictionary<string, int>();
            return ScriptedGenerators.Of(request =>
            {
                // In the other order the same judge says the opposite of the letter.
                var verdict = said[asked[request.Part("answer_a")] = asked.GetValueOrDefault(request.Part("answer_a"), -1) + 1];
                return ScriptedJudge.Whole($"[[{(request.Part("answer_a").StartsWith("Because", StringComparison.Ordinal) || verdict == "C" ? verdict : verdict == "A" ? "B" : "A")}]]");
            });
        };
        double Odds(params string[] said) => Comparing(judge(said), new() { Samples = said.Length, Temperature = 1 }).Compare([BothWays[0]])[0];
        Assert.That(Odds("A", "B", "A"), Is.EqualTo(Math.Log(4)).Within(Close));
        Assert.That(Odds("B", "B", "A"), Is.EqualTo(-Math.Log(4)).Within(Close));
        Assert.That(Odds("A", "B"), Is.Zero);
        Assert.That(Odds("C", "C", "A"), Is.Zero);
    }

    [Test]
    public void Judges_are_asked_with_seeds_of_their_own_the_same_at_every_call()
    {
        var seeds = new List<long>();
        var judge = ScriptedGenerators.Of(request =>
        {
            seeds.Add(request.Options.Seed);
            return ScriptedJudge.Whole("[[A]]");
        });
        Comparing(judge, new() { Samples = 3, Temperature = 0.7 }).Compare([BothWays[0]]);
        Assert.That(seeds, Has.Count.EqualTo(6).And.Unique);
        Comparing(judge, new() { Samples = 3, Temperature = 0.7 }).Compare([BothWays[1]]);
        Assert.That(seeds[6..], Is.EquivalentTo(seeds[..6]));
        Comparing(judge, new() { Samples = 3, Temperature = 0.7 }, seed: 2).Compare([BothWays[0]]);
        Assert.That(seeds[12..].Intersect(seeds[..12]), Is.Empty);
    }

    [Test]
    public void Equal_answers_tie_and_nobody_is_asked()
    {
        var judge = ScriptedJudge.Always("[[A]]");
        Assert.That(Comparing(judge).Compare([new(Question, Long, Conversation.Assistant(Long.LastContent))]), Is.EqualTo(new[] { 0.0 }));
        Assert.That(judge.Asked, Is.Zero);
    }

    [Test]
    public void A_conversation_is_shown_whole_and_what_is_judged_between_marks()
    {
        TextRequest? seen = null;
        var judge = ScriptedGenerators.Of(request =>
        {
            seen = request;
            return ScriptedJudge.Whole("[[A]] [[5]]");
        });
        Conversation prompt = new([new("user", "One?"), new("assistant", "1."), new("user", "Two?")]), answer = new([new("assistant", "2."), new("user", "Three?"), new("assistant", "3.")]);
        Compose(judge).Score([new(prompt, answer)]);
        Assert.That(seen!.Part("conversation"), Is.EqualTo("user: One?\n\nassistant: 1.\n\nuser: Two?"));
        Assert.That(seen!.Part("answer"), Is.EqualTo("assistant: 2.\n\nuser: Three?\n\nassistant: 3."));
        Assert.That((seen!.Options.Temperature, seen.Options.MaxTokens), Is.EqualTo((0.0, 2048)));
        Comparing(judge, new() { Orders = Orders.One }).Compare([BothWays[0]]);
        Assert.That(new[] { seen!.Part("answer_a"), seen.Part("answer_b") }, Is.EquivalentTo(new[] { Long.LastContent, Short.LastContent }));
    }

    [TestCase("It is good.", null)]
    [TestCase("[[11]]", null)]
    [TestCase("[[0.5]]", null)]
    [TestCase("[[2]]", 2.0)]
    public void A_rating_out_of_the_range_is_none(string reply, double? rating)
    {
        if (rating is { } read) Assert.That(Compose(ScriptedJudge.Always(reply)).Score([new(Question, Long)]), Is.EqualTo(new[] { read }));
        else
        {
            Assert.That(() => Compose(ScriptedJudge.Always(reply)).Score([new(Question, Long)]), Throws.TypeOf<RewardKitException>()
                .With.Message.Contains($"wrote no rating from 1 to 10 in double brackets but \"{reply}\"").And.Message.Contains("unreadable = LlmJudge.Unreadable.Neutral").And.Property("ExitCode").EqualTo(1));
            Assert.That(Compose(ScriptedJudge.Always(reply), new() { Unreadable = Unreadable.Neutral }).Score([new(Question, Long)]), Is.EqualTo(new[] { 5.5 }));
        }
    }

    [Test]
    public void No_verdict_is_told_or_has_no_vote()
    {
        Assert.That(() => Comparing(ScriptedJudge.Always("Hard to say.")).Compare(BothWays), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains("wrote no [[A]], [[B]] or [[C]] but \"Hard to say.\""));
        Assert.That(() => Comparing(ScriptedJudge.Always("[[C]]"), new() { Ties = false }).Compare(BothWays), Throws.TypeOf<RewardKitException>().With.Message.Contains("wrote no [[A]] or [[B]] but"));
        Assert.That(() => Comparing(ScriptedGenerators.Refusing()).Compare(BothWays), Throws.TypeOf<RewardKitException>().With.Message.Contains("refused to answer"));
        Assert.That(() => Comparing(ScriptedGenerators.CutOff(ScriptedJudge.Longer(), 6)).Compare(BothWays), Throws.TypeOf<RewardKitException>().With.Message.Contains("but, cut off, \"A says\". Raise maxTokens."));
        LlmJudgeOptions neutral = new() { Unreadable = Unreadable.Neutral };
        Assert.That(Comparing(ScriptedGenerators.Refusing(), neutral).Compare(BothWays), Is.EqualTo(new[] { 0.0, 0.0 }));
        var half = ScriptedJudge.Comparing((a, _) => a.StartsWith("Because", StringComparison.Ordinal) ? "[[A]]" : "Hard to say.");
        Assert.That(Comparing(half, neutral).Compare(BothWays), Is.EqualTo(new[] { 0.0, 0.0 }), "an error in one order is one of both");
        Assert.That(Comparing(half, neutral with { Orders = Orders.Average }).Compare(BothWays), Is.EqualTo(new[] { Math.Log(0.65 / 0.35), -Math.Log(0.65 / 0.35) }).Within(Close));
    }

    [Test]
    public void Members_are_refused() => Assert.That(
        () => new LlmJudgeComposer(new()).Compose([new(new FakeScorer(_ => 0))], new([], 1, ScriptedJudge.Always("[[5]]")), default),
        Throws.TypeOf<RewardKitException>().With.Message.Contains("would ignore fake").And.Property("ExitCode").EqualTo(2));

    [Test]
    public void A_range_of_ratings_that_is_empty_is_refused() => Assert.That(
        () => new LlmJudgeComposer(new() { ScoreMin = 5, ScoreMax = 5 }), Throws.TypeOf<RewardKitException>().With.Message.Contains("scoreMin is 5 and scoreMax 5"));

    [Test]
    public void A_folder_of_prompts_replaces_the_plugins()
    {
        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "choose.md"), "{{conversation}}|{{answer_a}}|{{answer_b}}");
            var judge = ScriptedGenerators.Of(request => ScriptedJudge.Whole(request.Prompt.LastContent == $"{Question.LastContent}|{Long.LastContent}|{Short.LastContent}" ? "[[A]]" : "[[B]]"));
            Assert.That(Comparing(judge, new() { Ties = false, Prompts = folder }).Compare(BothWays)[0], Is.Positive);
            File.WriteAllText(Path.Combine(folder, "choose.md"), "{{conversation}}");
            Assert.That(() => new LlmJudgeComposer(new() { Prompts = folder }), Throws.TypeOf<RewardKitException>().With.Message.Contains("{{answer_a}} is missing"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
