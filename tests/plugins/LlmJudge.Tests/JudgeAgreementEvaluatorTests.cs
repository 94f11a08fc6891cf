using System.Text.Json.Nodes;
using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.LlmJudge.Tests;

public sealed class JudgeAgreementEvaluatorTests
{
    private const double Close = 1e-12;
    private static readonly FakeScorer Anything = new(request => request.Response.LastContent.Length);

    private readonly string _folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    // Of 489 pairs people prefer one answer in 442; the three of them agree with each other in 1,345 of 1,467 comparisons.
    [TestCase("gpt", 349, 1036, 357.0, 348, 424, 0.4950098475292659, 12, 11)]
    [TestCase("pandalm", 332, 993, 341.0, 322, 404, 0.4490951362677421, 48, 0)]
    public async Task Recorded_verdicts_have_exact_numbers(string judge, int agree, int annotators, double half, int right, int decided, double kappa, int ties, int unreadable)
    {
        JudgeAgreementOptions options = new() { Data = PandaLmData.Pairs, Recorded = judge == "gpt" ? PandaLmData.Gpt : PandaLmData.PandaLm7B };
        var report = await Evaluate(options, Anything);
        double Value(string name) => report.Metrics[name].Value;
        Assert.Multiple(() =>
        {
            Assert.That(Value("recorded.agreement"), Is.EqualTo(agree / 489.0).Within(Close));
            Assert.That(Value("recorded.agreement.annotators"), Is.EqualTo(annotators / 1467.0).Within(Close));
            Assert.That(Value("recorded.accuracy"), Is.EqualTo(half / 442).Within(Close));
            Assert.That(Value("recorded.kappa"), Is.EqualTo(kappa).Within(Close));
            Assert.That(Value("recorded.ties"), Is.EqualTo(ties / 489.0).Within(Close));
            Assert.That(Value("recorded.unreadable"), Is.EqualTo(unreadable));
            Assert.That(Value("people.agreement"), Is.EqualTo(1345 / 1467.0).Within(Close));
            Assert.That(Value("people.kappa"), Is.EqualTo(0.8574223340314902).Within(Close));
            Assert.That(Value("people.ties"), Is.EqualTo(47 / 489.0).Within(Close));
        });
        report = await Evaluate(options with { Ties = ScorerTies.Wrong }, Anything);
        Assert.That(Value("recorded.accuracy"), Is.EqualTo(right / 442.0).Within(Close));
        report = await Evaluate(options with { Ties = ScorerTies.LeaveOut }, Anything);
        Assert.That(Value("recorded.accuracy"), Is.EqualTo((double)right / decided).Within(Close));
    }

    [Test]
    public async Task People_say_which_model_wins()
    {
        var report = await Evaluate(new() { Data = PandaLmData.Pairs }, Anything);
        // Wins, losses and ties of llama-7b: 128, 62, 15; of opt-7b: 63, 103, 21.
        Assert.That(report.Metrics["people.win-rate.llama-7b"].Value, Is.EqualTo(135.5 / 205).Within(Close));
        Assert.That(report.Metrics["people.win-rate.opt-7b"].Value, Is.EqualTo(73.5 / 187).Within(Close));
        report = await Evaluate(new() { Data = PandaLmData.Pairs, WinRates = WinRate.WithoutTies }, Anything);
        Assert.That(report.Metrics["people.win-rate.llama-7b"].Value, Is.EqualTo(128 / 190.0).Within(Close));
        Assert.That(report.Metrics.Keys.Count(name => name.StartsWith("win-rate.", StringComparison.Ordinal)), Is.EqualTo(5));
    }

    [Test]
    public async Task A_judge_that_always_says_A_contradicts_itself_everywhere_and_is_right_in_half()
    {
        var report = await Evaluate(new() { Data = PandaLmData.Pairs }, Judge(ScriptedJudge.Always("It stands first. [[A]]")));
        Assert.That(
            new[] { "position.inconsistent", "position.first", "accuracy", "ties", "agreement" }.Select(name => report.Metrics[name].Value),
            Is.EqualTo(new[] { 1, 1, 0.5, 1, 47 / 489.0 }).Within(Close));
        Assert.That(report.Metrics.Keys, Has.None.EqualTo("recorded.agreement"));
        report = await Evaluate(new() { Data = PandaLmData.Pairs, Ties = ScorerTies.LeaveOut }, Judge(ScriptedJudge.Always("[[B]]")));
        Assert.That(report.Metrics.Keys, Has.None.EqualTo("accuracy"), "nothing is decided");
        Assert.That(report.Metrics["position.first"].Value, Is.Zero);
    }

    [Test]
    public async Task What_stands_first_wins_where_both_orders_say_so()
    {
        var file = Path.Combine(_folder, "places.json");
        var pair = PandaLmData.Read(PandaLmData.Pairs)[0]!.DeepClone();
        (pair["response1"], pair["response2"]) = ("good", "bad");
        File.WriteAllText(file, new JsonArray([pair]).ToJsonString());
        // The good answer wins where it stands first, and ties where it stands second.
        var report = await Evaluate(new() { Data = file }, Judge(ScriptedJudge.Comparing((a, _) => a == "good" ? "[[A]]" : "[[C]]")));
        Assert.That((report.Metrics["position.first"].Value, report.Metrics["position.inconsistent"].Value), Is.EqualTo((0.75, 1.0)));
    }

    // The verdicts as words of a judge: from text to text, through prompt, parser and both orders.
    [Test]
    public async Task Recorded_verdicts_can_be_replayed_by_a_judge()
    {
        var texts = PandaLmData.Read(PandaLmData.Pairs);
        var verdicts = PandaLmData.Read(PandaLmData.Gpt);
        static string Asked(JsonNode pair) => $"{pair["input"]}" is { Length: > 0 } input ? $"{pair["instruction"]}\n\n{input}" : $"{pair["instruction"]}";
        // Different models wrote the same answers at times: who looks a verdict up by its texts needs them once.
        static string[] Key(string asked, string first, string second) => [asked.Trim(), first.Trim(), second.Trim()];
        var once = texts.Zip(verdicts).GroupBy(p => string.Join('\n', Key(Asked(p.First!), $"{p.First!["response1"]}", $"{p.First!["response2"]}").Order(StringComparer.Ordinal)))
            .Where(g => g.Count() == 1).Select(g => g.Single()).ToArray();
        var file = Path.Combine(_folder, "once.json");
        File.WriteAllText(file, new JsonArray([.. once.Select(p => p.First!.DeepClone())]).ToJsonString());
        var known = once.ToDictionary(p => string.Join('\n', Key(Asked(p.First!), $"{p.First!["response1"]}", $"{p.First!["response2"]}")), p => $"{p.Second!["gpt_result"]}");
        var judge = ScriptedGenerators.Of(request =>
        {
            string Said(string first, string second) => known.GetValueOrDefault(string.Join('\n', Key(request.Part("conversation"), request.Part(first), request.Part(second))), "");
            var (inOrder, exchanged) = (Said("answer_a", "answer_b"), Said("answer_b", "answer_a"));
            return ScriptedJudge.Whole(inOrder == "1" || exchanged == "2" ? "[[A]]" : inOrder == "2" || exchanged == "1" ? "[[B]]" : inOrder + exchanged == "Tie" ? "[[C]]" : "garbage");
        });
        JudgeAgreementOptions options = new() { Data = file, Recorded = PandaLmData.Gpt };
        var report = await Evaluate(options, Judge(judge));
        Assert.Multiple(() =>
        {
            Assert.That(once, Has.Length.EqualTo(373));
            Assert.That(report.Metrics["position.inconsistent"].Value, Is.Zero);
            Assert.That(report.Metrics["accuracy"].Value, Is.EqualTo(report.Metrics["recorded.accuracy"].Value).And.EqualTo(272.5 / 343).Within(Close));
            Assert.That(report.Metrics["ties"].Value, Is.EqualTo(report.Metrics["recorded.ties"].Value + report.Metrics["recorded.unreadable"].Value / once.Length).Within(Close));
        });
    }

    [Test]
    public async Task A_trained_reward_is_judged_alike()
    {
        // All are for the first answer, but for one of the last pair's three people.
        var pairs = PandaLmData.Read(PandaLmData.Pairs).Take(10).ToArray();
        foreach (var (i, pair) in pairs.Index())
        {
            (pair!["response1"], pair["response2"]) = ($"good {i}", $"bad {i}");
            foreach (var n in new[] { 1, 2, 3 }) pair[$"annotator{n}"] = 1;
        }
        pairs[9]!["annotator3"] = 0;
        var file = Path.Combine(_folder, "ten.json");
        File.WriteAllText(file, new JsonArray([.. pairs.Select(p => p!.DeepClone())]).ToJsonString());
        // Nearly a tie, wrong, right in all others.
        FakeScorer scorer = new(request => request.Response.LastContent switch { "good 0" => 0.1, "good 1" => -1, var text => text.StartsWith("good", StringComparison.Ordinal) ? 1 : 0 });
        var report = await Evaluate(new() { Data = file }, scorer);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["accuracy"].Items, Is.EqualTo(new[] { 0.5, 0, 1, 1, 1, 1, 1, 1, 1, 1 }));
            Assert.That(report.Metrics["accuracy"].Chance, Is.EqualTo(0.5));
            Assert.That(report.Metrics["agreement"].Value, Is.EqualTo(0.8).Within(Close));
            Assert.That(report.Metrics["agreement.annotators"].Value, Is.EqualTo((7 + 2 / 3.0) / 10).Within(Close));
            Assert.That(report.Metrics["people.agreement"].Value, Is.EqualTo((9 + 1 / 3.0) / 10).Within(Close));
            Assert.That(report.Metrics["ties"].Value, Is.EqualTo(0.1).Within(Close));
            Assert.That(report.Metrics.Keys, Has.None.StartsWith("position."), "a reward knows no places");
            Assert.That(report.Samples[0].Example.Chosen.LastContent, Is.EqualTo("good 0"));
        });
        report = await Evaluate(new() { Data = file, TieWithin = 0 }, scorer);
        Assert.That(report.Metrics["agreement"].Value, Is.EqualTo(0.9).Within(Close));
    }

    [Test]
    public async Task LlmBars_layout_is_read_too()
    {
        var report = await Evaluate(new() { Data = PandaLmData.MtBench }, Anything);
        Assert.That(report.Samples, Has.Count.EqualTo(111).And.All.Matches<EvaluationSample>(s => s.Example.Relation == Relation.Preferred));
        Assert.That(report.Metrics.Keys, Is.EqualTo(new[] { "accuracy", "agreement", "kappa", "ties", "people.ties" }), "one verdict a pair, and no models' names");
        Assert.That(report.Metrics["agreement"].Value, Is.EqualTo(report.Metrics["accuracy"].Value).Within(0.05));
    }

    [TestCase("annotator2", "3", "record 1: \"annotator2\" is 3, but must be 1 or 2, the number of the better response, or 0 for a tie.")]
    [TestCase("annotator1", null, "record 1: has neither \"annotator1\", as PandaLM's testset, nor \"output_1\", as LLMBar's dataset.json.")]
    [TestCase("idx", "7", "record 2: has the id \"7\" of record 1")]
    [TestCase("response1", null, "record 1: has no field \"response1\"")]
    public void What_is_in_no_layout_is_refused_with_file_and_record(string field, string? value, string expected)
    {
        var pairs = PandaLmData.Read(PandaLmData.Pairs).Take(2).Select(pair => pair!.DeepClone()).ToArray();
        foreach (var pair in pairs)
        {
            pair.AsObject().Remove(field);
            if (value is not null) pair[field] = int.Parse(value);
        }
        var file = Path.Combine(_folder, "wrong.json");
        File.WriteAllText(file, new JsonArray(pairs).ToJsonString());
        Assert.That(() => Evaluate(new() { Data = file }, Anything), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(file).And.Message.Contains(expected));
    }

    [Test]
    public void Recorded_verdicts_must_be_of_these_pairs()
    {
        var file = Path.Combine(_folder, "recorded.json");
        File.WriteAllText(file, """[{"idx": 1, "gpt_result": "1"}]""");
        Assert.That(() => Evaluate(new() { Data = PandaLmData.Pairs, Recorded = file }, Anything), Throws.TypeOf<RewardKitException>().With.Message.Contains("has no recorded verdict"));
        File.WriteAllText(file, """[{"idx": 6, "verdict": "1"}]""");
        Assert.That(() => Evaluate(new() { Data = PandaLmData.Pairs, Recorded = file }, Anything), Throws.TypeOf<RewardKitException>().With.Message.Contains("record 1: has no field whose name ends in \"_result\""));
    }

    [Test]
    public void Kappa()
    {
        static T[] Labels<T>(params (T Label, int Count)[] counts) => [.. counts.SelectMany(c => Enumerable.Repeat(c.Label, c.Count))];
        // 20 times both yes, 5 yes and no, 10 no and yes, 15 both no: 0.7 observed, 0.5 expected.
        Assert.That(Agreement.Kappa(Labels(("yes", 25), ("no", 25)), Labels(("yes", 20), ("no", 5), ("yes", 10), ("no", 15))), Is.EqualTo(0.4).Within(Close));
        Assert.That(Agreement.Kappa([1, 2, 3], [1, 2, 3]), Is.EqualTo(1).Within(Close));
        Assert.That(Agreement.Kappa([1, 1], [1, 1]), Is.Null);
    }

    private static IScorer Judge(ITextGenerator judge) =>
        new LlmJudgeComposer(new() { Mode = Mode.Pairwise, Unreadable = Unreadable.Neutral }).Compose([], new([], 1, judge), default);

    private static Task<EvaluationReport> Evaluate(JudgeAgreementOptions options, IScorer scorer) => new JudgeAgreementEvaluator(options).EvaluateAsync(new(scorer, [], 1), default);
}
