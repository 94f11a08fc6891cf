using RewardKit.Conformance;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Cream.Tests;

public class CreamAugmenterTests
{
    private static readonly double[][] Current = [[0.8, -0.3, 1.5, 0.1, -1.2], [2, 1, 0, -1, -2], [0.2, 0.4, 0.1, 0.9, 0.6]];
    private static readonly double[][] Previous = [[0.5, -0.1, 0.9, 0.7, -0.8], [-1.5, 0.4, 0.3, 1.1, -0.2], [0.1, 0.5, 0.0, 1.2, 0.8]];

    private sealed record Result(List<PreferenceExample> Pairs, Dictionary<string, long> Counts, Dictionary<string, double> Measures);

    // Answer n to question i is "i/n": the first request for a prompt gets answer 0, and so on.
    private sealed class Numbered : ITextGenerator
    {
        private readonly Dictionary<string, int> _asked = [];

        public string Name => "numbered";

        public List<IReadOnlyList<TextRequest>> Calls { get; } = [];

        public Func<string, int, TextReply?> Special { get; init; } = (_, _) => null;

        public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
        {
            Calls.Add(requests);
            return Task.FromResult<IReadOnlyList<TextReply>>([.. requests.Select(Answer)]);
        }

        private TextReply Answer(TextRequest request)
        {
            var question = request.Prompt.LastContent.Split(' ')[1];
            var n = _asked[question] = _asked.GetValueOrDefault(question, -1) + 1;
            return Special(question, n) ?? new($"{question}/{n}", FinishReason.StopToken, PromptTokens: 10);
        }
    }

    private static IPolicy Policy(string name, Func<int, int, double> logProb) => ScriptedPolicies.Of(
        request =>
        {
            var parts = request.Response.LastContent.Split('/');
            return new(logProb(int.Parse(parts[0]) - 1, int.Parse(parts[1])), 1);
        },
        name);

    // Log-probabilities whose differences from the origin's are the rewards of the three prompts.
    private static async Task<Result> RunAsync(
        CreamOptions options, IEnumerable<PreferenceExample>? examples = null, Numbered? writer = null,
        Func<int, int, double>? current = null, Func<int, int, double>? previous = null, int seed = 3)
    {
        double Origin(int i, int n) => -20 - 3 * i - 0.5 * n;
        current ??= (i, n) => Current[i][n];
        previous ??= (i, n) => Previous[i][n];
        var policies = new Dictionary<string, IPolicy>
        {
            ["start"] = Policy("start", (i, n) => Origin(i, n) + current(i, n)),
            ["previous"] = Policy("previous", (i, n) => Origin(i, n) + previous(i, n)),
            ["origin"] = Policy("origin", Origin),
        };
        var result = new Result([], [], []);
        var context = new AugmentationContext(
            seed, null, result.Counts.Add, writer: writer ?? new(), policies: policies, measured: result.Measures.Add);
        await foreach (var pair in new CreamAugmenter(options).AugmentAsync((examples ?? Preferences(3)).ToAsyncEnumerable(), context, default)) result.Pairs.Add(pair);
        return result;
    }

    private static string[] Texts(Result result) => [.. result.Pairs.Select(p => $"{p.Chosen.LastContent} > {p.Rejected.LastContent}")];

    [Test]
    public async Task The_best_and_the_worst_answers_with_the_mean_consistency()
    {
        var result = await RunAsync(new());
        Assert.Multiple(() =>
        {
            Assert.That(Texts(result), Is.EqualTo(new[] { "1/2 > 1/4", "2/0 > 2/4", "3/3 > 3/2" }));
            Assert.That(result.Pairs.Select(p => p.SoftLabel!.Value), Is.All.EqualTo(0.766666667).Within(1e-9));
            Assert.That(result.Measures["cream.consistency"], Is.EqualTo(0.766666667).Within(1e-9));
            Assert.That(result.Measures["cream.consistency.deviation"], Is.EqualTo(0.262466929).Within(1e-9));
            Assert.That(result.Pairs[0].Rewards!.Value.Chosen, Is.EqualTo(1.5).Within(1e-12));
            Assert.That(result.Pairs[0].Rewards!.Value.Rejected, Is.EqualTo(-1.2).Within(1e-12));
            Assert.That(result.Pairs[0].Id, Is.EqualTo("data:1+cream"));
            Assert.That(result.Pairs[0].Prompt, Is.EqualTo(Preference(1).Prompt));
            Assert.That(result.Pairs[0].Provenance, Is.EqualTo(new Provenance("data", 1, "cream")));
            Assert.That(result.Counts, Is.EqualTo(new Dictionary<string, long> { ["cream.prompts"] = 3, ["cream.samples"] = 15, ["cream.pairs"] = 3 }));
        });
    }

    [Test]
    public async Task Labels_by_prompt_of_the_baseline_and_by_hand()
    {
        Assert.That((await RunAsync(new() { Label = Label.Dynamic })).Pairs.Select(p => p.SoftLabel!.Value), Is.EqualTo(new[] { 0.9, 0.4, 1 }).Within(1e-12));
        var baseline = await RunAsync(new() { Rate = 1 });
        Assert.That(baseline.Pairs.Select(p => p.SoftLabel), Is.All.EqualTo(1));
        Assert.That(baseline.Measures["cream.consistency"], Is.EqualTo(0.766666667).Within(1e-9), "it is measured all the same");
        Assert.That((await RunAsync(new() { Rate = 0.8 })).Pairs.Select(p => p.SoftLabel), Is.All.EqualTo(0.8));
    }

    [Test]
    public async Task Pairs_of_prompts_below_a_threshold_are_left_out()
    {
        var result = await RunAsync(new() { Threshold = 0.9, Rate = 1 });
        Assert.That(Texts(result), Is.EqualTo(new[] { "1/2 > 1/4", "3/3 > 3/2" }));
        Assert.That(result.Counts["cream.below-threshold"], Is.EqualTo(1));
    }

    [Test]
    public async Task In_the_first_round_the_previous_model_judges_by_likelihood()
    {
        // A token a word: the origin's likelihood falls with n, here as the words' number rises.
        double[] likelihood = [-20, -20.5, -21, -21.5, -22];
        var expected = Agreement.Consistency(Current[0], likelihood, Measure.Kendall, TieRule.Ordinal);
        foreach (var (round, previous) in new (FirstRound, Func<int, int, double>?)[] { (FirstRound.Auto, (_, _) => 0), (FirstRound.Yes, (_, _) => 0) })
            Assert.That((await RunAsync(new() { FirstRound = round }, Preferences(1), previous: previous)).Measures["cream.consistency"], Is.EqualTo(expected).Within(1e-12), $"{round}");
        var all = (await RunAsync(new() { FirstRound = FirstRound.No, Ties = TieRule.TauA }, Preferences(1), previous: (_, _) => 0)).Measures["cream.consistency"];
        Assert.That(all, Is.EqualTo(0.5), "the origin against itself ties everywhere");
        Assert.That((await RunAsync(new(), Preferences(1))).Measures["cream.consistency"], Is.EqualTo(0.9).Within(1e-12), "another round");
    }

    [Test]
    public async Task Likelihood_needs_no_origin_and_counts_tokens()
    {
        Assert.That(new CreamAugmenter(new()).Policies, Is.EqualTo(new[] { "previous", "origin" }));
        var augmenter = new CreamAugmenter(new() { Reward = Reward.Likelihood, Samples = 2, MinPairTokens = 0 });
        Assert.That(augmenter.Policies, Is.EqualTo(new[] { "previous" }));
        var writer = new Numbered { Special = (_, n) => new(n == 0 ? "one" : "one two three", FinishReason.StopToken) };
        var policy = ScriptedPolicies.Of(request => request.Response.LastContent == "one" ? new(-2, 1) : new(-3, 3));
        var context = new AugmentationContext(1, null, (_, _) => { }, writer: writer, policies: new Dictionary<string, IPolicy> { ["start"] = policy, ["previous"] = policy });
        var pairs = await augmenter.AugmentAsync(Preferences(1).ToAsyncEnumerable(), context, default).ToListAsync();
        Assert.That(pairs.Single().Chosen.LastContent, Is.EqualTo("one two three"), "-1 a token against -2");
        Assert.That(pairs.Single().Rewards, Is.EqualTo(new PairScore(-1, -2)));
        Assert.That(pairs.Single().SoftLabel, Is.EqualTo(1));
    }

    [Test]
    public async Task A_prompt_is_answered_once_all_at_once_with_seeds_of_its_own()
    {
        var writer = new Numbered();
        var result = await RunAsync(new(), [.. Preferences(2), Preference(9, "question 1"), Preference(3)], writer);
        var requests = writer.Calls.Single();
        Assert.Multiple(() =>
        {
            Assert.That(requests.Select(r => r.Prompt.LastContent), Is.EqualTo(Enumerable.Range(1, 3).SelectMany(i => Enumerable.Repeat($"question {i}", 5))));
            Assert.That(requests.Select(r => r.Options.Seed), Is.Unique);
            Assert.That(requests.Select(r => r.Options with { Seed = 0 }).Distinct().Single(), Is.EqualTo(new GenerationOptions { Temperature = 0.8, TopP = 0.95, MaxTokens = 768 }));
            Assert.That(result.Counts["cream.prompts.repeated"], Is.EqualTo(1));
        });
        async Task<long[]> Seeds(CreamOptions options, int seed, IEnumerable<PreferenceExample> examples)
        {
            var one = new Numbered();
            await RunAsync(options, examples, one, seed: seed);
            return [.. one.Calls.Single().Select(r => r.Options.Seed)];
        }

        Assert.That(await Seeds(new(), 3, [Preference(2)]), Is.EqualTo(requests.Skip(5).Take(5).Select(r => r.Options.Seed)), "of the prompt, not of its place");
        Assert.That(await Seeds(new(), 4, [Preference(2)]), Is.Not.EqualTo(await Seeds(new(), 3, [Preference(2)])));
        Assert.That(await Seeds(new() { Seed = 3 }, 4, [Preference(2)]), Is.EqualTo(await Seeds(new(), 3, [Preference(2)])));
    }

    [Test]
    public async Task Answers_that_cannot_be_used_are_counted_and_left_out()
    {
        var writer = new Numbered
        {
            Special = (question, n) => (question, n) switch
            {
                ("1", 0) => new("", FinishReason.Refused),
                ("1", 1) => new(" ", FinishReason.StopToken),
                ("1", 3) => new("1/3", FinishReason.MaxTokens),
                ("2", < 4) => new("", FinishReason.ContextFull),
                _ => null,
            },
        };
        var result = await RunAsync(new(), writer: writer);
        Assert.That(Texts(result), Is.EqualTo(new[] { "1/2 > 1/4", "3/3 > 3/2" }));
        Assert.That(result.Measures["cream.consistency"], Is.EqualTo(1), "of the three that are left, and of the third prompt");
        foreach (var (reason, count) in new[] { ("refused", 1), ("empty", 1), ("cut-off", 1), ("no-room", 4) })
            Assert.That(result.Counts[$"cream.samples.{reason}"], Is.EqualTo(count), reason);
        Assert.That(result.Counts["cream.prompts.unanswered"], Is.EqualTo(1));
    }

    [Test]
    public async Task A_prompt_without_a_consistency_gets_the_mean_and_has_no_part_in_it()
    {
        double WithHole(int i, int n) => i == 1 && n == 2 ? double.NaN : Previous[i][n];
        var result = await RunAsync(new() { Label = Label.Dynamic }, previous: WithHole);
        Assert.That(result.Pairs.Select(p => p.SoftLabel!.Value), Is.EqualTo(new[] { 0.9, 0.95, 1 }).Within(1e-12));
        Assert.That(result.Counts["cream.consistency.missing"], Is.EqualTo(1));
        result = await RunAsync(new(), current: (i, n) => i == 1 && n == 2 ? double.NegativeInfinity : Current[i][n]);
        Assert.That(Texts(result), Is.EqualTo(new[] { "1/2 > 1/4", "3/3 > 3/2" }));
        Assert.That(result.Counts["cream.rewards.missing"], Is.EqualTo(1));
    }

    [Test]
    public async Task Equal_rewards_make_no_pair_and_of_several_equal_ones_the_first_counts()
    {
        var result = await RunAsync(new(), current: (i, n) => i switch { 0 => 1, 1 => n % 2, _ => Current[i][n] });
        Assert.That(Texts(result), Is.EqualTo(new[] { "2/1 > 2/0", "3/3 > 3/2" }));
        Assert.That(result.Counts["cream.equal"], Is.EqualTo(1));
    }

    [Test]
    public async Task Pairs_that_are_too_short_or_too_long_are_left_out()
    {
        // 10 tokens of the prompt and one of each answer.
        Assert.That((await RunAsync(new() { MinPairTokens = 11, MaxPairTokens = 11 })).Pairs, Has.Count.EqualTo(3));
        Assert.That((await RunAsync(new() { MinPairTokens = 12 })).Counts["cream.too-short"], Is.EqualTo(3));
        Assert.That((await RunAsync(new() { MaxPairTokens = 10 })).Counts["cream.too-long"], Is.EqualTo(3));
    }

    [Test]
    public void A_model_that_is_the_origin_is_refused() =>
        Assert.That(() => RunAsync(new(), current: (_, _) => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("Loss.sft").And.Message.Contains("Likelihood"));

    [Test]
    public void Settings_that_contradict_each_other_are_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => new CreamAugmenter(new() { Rate = 0.7, Label = Label.Dynamic }), Throws.TypeOf<RewardKitException>().With.Message.Contains("rate"));
        Assert.That(() => new CreamAugmenter(new() { MinPairTokens = 100, MaxPairTokens = 50 }), Throws.TypeOf<RewardKitException>().With.Message.Contains("minPairTokens"));
    });
}
