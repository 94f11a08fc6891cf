namespace RewardKit.Models.Tests;

/// <summary>Best-of-N and pair scores, by the numbers of Crome's description.</summary>
public class BestOfNTests
{
    // P(i beats j), not transitive.
    private static readonly Dictionary<(int, int), double> Beats = new()
    {
        [(1, 2)] = .40,
        [(1, 3)] = .70,
        [(1, 4)] = .60,
        [(2, 3)] = .45,
        [(2, 4)] = .80,
        [(3, 4)] = .35,
    };

    private static readonly ResponseSet Four = new(Conversation.User("?"), [.. Enumerable.Range(1, 4).Select(i => Conversation.Assistant($"{i}"))]);

    [TestCase("1 2 3 4", 4)]
    [TestCase("3 1 2 4", 2)]
    [TestCase("4 3 2 1", 2)]
    [TestCase("2 3 1 4", 1)]
    [TestCase("1 3 2 4", 2)]
    public void The_order_decides_where_preferences_are_not_transitive(string order, int pick)
    {
        var scorer = new Table();
        int[] places = [.. order.Split(' ').Select(i => int.Parse(i) - 1)];
        Assert.That(scorer.KnockOut([Four], [places]), Is.EqualTo(new[] { pick - 1 }));
        Assert.That(scorer.Comparisons, Is.EqualTo(3));
    }

    [Test]
    public void Over_all_orders_each_wins_its_share()
    {
        var orders = Orders([0, 1, 2, 3]).ToArray();
        var picks = new Table().KnockOut([.. orders.Select(_ => Four)], orders);
        Assert.That(picks.Order().GroupBy(p => p + 1).Select(g => (g.Key, g.Count())), Is.EqualTo(new[] { (1, 6), (2, 10), (3, 6), (4, 2) }));

        static IEnumerable<int[]> Orders(int[] left) => left.Length == 0 ? [[]]
            : left.SelectMany(first => Orders([.. left.Where(i => i != first)]).Select(rest => (int[])[first, .. rest]));
    }

    [Test]
    public void A_single_response_is_the_best_without_a_comparison()
    {
        var scorer = new Table();
        var one = Four with { Responses = [.. Four.Responses.Take(1)] };
        Assert.That(scorer.PickBest([one, Four with { Responses = [.. Four.Responses.Take(2)] }], 1), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(scorer.Comparisons, Is.EqualTo(1));
    }

    [Test]
    public void Rewards_pick_the_highest_and_of_equals_the_first()
    {
        var scorer = new Rewards();
        ResponseSet Set(params string[] responses) => new(Conversation.User("?"), [.. responses.Select(Conversation.Assistant)]);
        Assert.That(scorer.PickBest([Set("2", "7", "7", "1"), Set("3"), Set("4", "9")], 1), Is.EqualTo(new[] { 1, 0, 1 }));
    }

    [Test]
    public void With_transitive_preferences_every_order_picks_the_same()
    {
        var set = new ResponseSet(Conversation.User("?"), [.. ((string[])["3", "9", "5", "7"]).Select(Conversation.Assistant)]);
        for (var seed = 0; seed < 10; seed++) Assert.That(new Transitive().PickBest([set], seed), Is.EqualTo(new[] { 1 }));
    }

    // Order 1: z = (1.3, 0.4), the chosen response first; order 2: z = (0.9, 0.2), the chosen one second.
    [Test]
    public void A_pair_in_both_orders_has_the_log_odds_of_the_mean_probability()
    {
        var score = PairScore.OfOrders(1.3 - 0.4, 0.2 - 0.9);
        Assert.That(1 / (1 + Math.Exp(-score.Margin)), Is.EqualTo(0.5213808652).Within(1e-9));
        Assert.That(score.Chosen, Is.EqualTo(-score.Rejected));
        Assert.That(PairScore.OfOrders(-0.7, 0.9), Is.EqualTo(score), "in whichever order");
        Assert.That(PairScore.OfOrders(2.5, -2.5).Margin, Is.Zero, "exactly one half");
        Assert.That(PairScore.OfOrders(0.8, 0.8).Margin, Is.EqualTo(0.8).Within(1e-12));
        Assert.That(double.IsFinite(PairScore.OfOrders(1e4, 800).Margin) && PairScore.OfOrders(1e4, 800).Margin > 100);
        Assert.That(PairScore.OfOrders(1e4, -1e4).Margin, Is.Zero);
    }

    [Test]
    public void Pairs_of_a_comparing_scorer_are_compared_and_single_responses_refused()
    {
        IScorer scorer = new Transitive();
        var pair = new PreferenceExample("p", Conversation.User("?"), Conversation.Assistant("3"), Conversation.Assistant("5"), new("s", 1));
        Assert.That(scorer.ScorePairs([pair]), Is.EqualTo(new[] { new PairScore(-1, 1) }));
        Assert.That(() => scorer.Score([new(pair.Prompt, pair.Chosen)]), Throws.TypeOf<RewardKitException>().With.Message.Contains("\"transitive\" is a pairwise model"));
    }

    [Test]
    public void A_response_in_several_pairs_is_scored_once()
    {
        var scorer = new Rewards();
        PreferenceExample Pair(string prompt, string chosen, string rejected) =>
            new("p", Conversation.User(prompt), Conversation.Assistant(chosen), Conversation.Assistant(rejected), new("s", 1));
        var scores = scorer.ScorePairs([Pair("a", "1", "2"), Pair("a", "3", "1"), Pair("b", "1", "2")]);
        Assert.That(scores, Is.EqualTo(new PairScore[] { new(1, 2), new(3, 1), new(1, 2) }));
        Assert.That(scorer.Asked, Is.EqualTo(5));
    }

    private sealed class Table : IPairScorer
    {
        public string Name => "table";

        public int Comparisons { get; private set; }

        public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default)
        {
            Comparisons += requests.Count;
            return [.. requests.Select(r => Odds(int.Parse(r.First.LastContent), int.Parse(r.Second.LastContent)))];
        }

        private static double Odds(int i, int j)
        {
            var p = i < j ? Beats[(i, j)] : 1 - Beats[(j, i)];
            return Math.Log(p / (1 - p));
        }
    }

    private sealed class Transitive : IPairScorer
    {
        public string Name => "transitive";

        public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(r => double.Parse(r.First.LastContent) - double.Parse(r.Second.LastContent))];
    }

    private sealed class Rewards : IScorer
    {
        public string Name => "rewards";

        public int Asked { get; private set; }

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
        {
            Asked += requests.Count;
            return [.. requests.Select(r => double.Parse(r.Response.LastContent))];
        }
    }
}
