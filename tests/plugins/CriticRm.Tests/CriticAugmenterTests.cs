using System.Text.RegularExpressions;
using RewardKit.Conformance;
using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.CriticRm.Tests;

public class CriticAugmenterTests
{
    private static readonly string[] Good = ["[[8]]", "[[6]]", "[[7]]", "[[4]]"], Bad = ["[[5]]", "[[7]]", "[[6]]", "[[4]]"];

    private static async Task<(List<PreferenceExample> Rows, Dictionary<string, long> Counts)> RunAsync(
        CriticAugmenterOptions options, ITextGenerator generator, IEnumerable<PreferenceExample>? examples = null, int seed = 3)
    {
        var counts = new Dictionary<string, long>();
        var context = new AugmentationContext(seed, null, (reason, count) => counts.Add(reason, count), generator);
        var rows = new List<PreferenceExample>();
        await foreach (var row in new CriticAugmenter(options).AugmentAsync((examples ?? [Preference(1)]).ToAsyncEnumerable(), context, default)) rows.Add(row);
        return (rows, counts);
    }

    private static ITextGenerator TheExample() => ScriptedCritic.Of(answer => answer.StartsWith("good", StringComparison.Ordinal) ? Good : Bad);

    private static string Critique(Conversation response) => response.LastContent;

    [Test]
    public async Task Each_answer_gets_a_critique_that_agrees_with_the_label()
    {
        var (rows, counts) = await RunAsync(new() { Candidates = 4, Refinement = Refinement.None, Draws = 9 }, TheExample());
        Assert.That(rows, Has.Count.EqualTo(9));
        Assert.That(rows.Select(row => Critique(row.Chosen)).Distinct().Order(), Is.EqualTo(new[] { "Critique 0 of good 1.", "Critique 1 of good 1.", "Critique 2 of good 1." }));
        Assert.That(rows.Select(row => Critique(row.Rejected)).Distinct().Order(), Is.EqualTo(new[] { "Critique 0 of bad 1.", "Critique 2 of bad 1.", "Critique 3 of bad 1." }));
        Assert.That(rows.Select(row => (Critique(row.Chosen), Critique(row.Rejected))), Is.Unique, "each combination once before one comes again");
        var row = rows[0];
        Assert.That(row.Chosen.Messages.Select(m => m.Role), Is.EqualTo(new[] { "assistant", "user", "assistant" }));
        Assert.That(row.Chosen.Messages[0].Content, Is.EqualTo("good 1"));
        Assert.That(row.Chosen.Messages[1].Content, Is.EqualTo(CritiqueTurns.LeadIn));
        Assert.That(row.Prompt, Is.EqualTo(Preference(1).Prompt));
        Assert.That(row.Provenance, Is.EqualTo(new Provenance("data", 1, "critic-rm", Parent: "data:1")));
        Assert.That(rows.Select(r => r.Id), Is.EqualTo(Enumerable.Range(1, 9).Select(n => $"data:1+critic{n}")));
        Assert.That(counts["critic.critique-filter.critiques-dropped"], Is.EqualTo(2));
    }

    [Test]
    public async Task The_pairwise_rule_keeps_combinations()
    {
        var (rows, _) = await RunAsync(new() { Candidates = 4, Refinement = Refinement.None, CritiqueFilter = CritiqueFilter.Pairwise, Draws = 20 }, TheExample());
        var scores = rows.Select(row => (Good[Critique(row.Chosen)[9] - '0'], Bad[Critique(row.Rejected)[9] - '0'])).ToArray();
        Assert.That(scores.Distinct().Count(), Is.EqualTo(9));
        Assert.That(scores, Is.All.Matches<(string Good, string Bad)>(c => string.CompareOrdinal(c.Good, c.Bad) > 0));
    }

    [Test]
    public async Task Pairs_that_the_critic_judges_otherwise_or_alike_are_dropped()
    {
        var critic = ScriptedCritic.Of(answer => answer switch { "good 1" or "bad 2" => ["[[6]]"], "good 3" => ["[[5]]", "[[7]]"], _ => ["[[4]]", "[[8]]"] });
        var options = new CriticAugmenterOptions { Candidates = 2, Refinement = Refinement.None, CritiqueFilter = CritiqueFilter.None };
        PreferenceExample[] examples = [Preference(1), Preference(2), Preference(3), Tie(4)];
        Assert.That((await RunAsync(options, critic, examples)).Rows, Is.Empty, "all means are 6");
        var (rows, counts) = await RunAsync(options with { InstanceFilter = false }, critic, examples);
        Assert.That(rows.Select(row => row.Provenance.Parent), Is.EqualTo(new[] { "data:1", "data:2", "data:3" }));
        Assert.That(counts["critic.ties.dropped"], Is.EqualTo(1));
        critic = ScriptedCritic.Of(answer => answer == "good 1" ? ["[[7]]"] : ["[[6]]"]);
        (rows, counts) = await RunAsync(options, critic, examples);
        Assert.That(rows.Select(row => row.Provenance.Parent), Is.EqualTo(new[] { "data:1" }));
        Assert.That(counts["critic.instance-filter.dropped"], Is.EqualTo(2));
    }

    [Test]
    public async Task What_has_no_score_in_the_agreed_form_is_no_critique()
    {
        var critic = ScriptedCritic.Of(answer => answer == "good 1" ? ["8", "[[11]]", "[8]", "[[0]]", "[[7]]"] : ["[[6]]"]);
        var (rows, counts) = await RunAsync(new() { Candidates = 5, Draws = 3, Refinement = Refinement.None }, critic);
        Assert.That(rows.Select(row => Critique(row.Chosen)), Is.All.EqualTo("Critique 4 of good 1."));
        Assert.That(counts["critic.critiques.unparseable"], Is.EqualTo(2));
        Assert.That(counts["critic.critiques.out-of-range"], Is.EqualTo(2));
        (rows, counts) = await RunAsync(new() { Candidates = 3 }, ScriptedCritic.Of(answer => answer == "good 1" ? ["ten"] : ["[[6]]"]));
        Assert.That(rows, Is.Empty);
        Assert.That(counts["critic.critiques.missing"], Is.EqualTo(1));
    }

    [Test]
    public async Task Refused_and_cut_off_critiques_are_counted_and_not_used()
    {
        var (rows, counts) = await RunAsync(new() { Candidates = 2 }, ScriptedGenerators.Refusing());
        Assert.That(rows, Is.Empty);
        Assert.That(counts["critic.critiques.refused"], Is.EqualTo(4));
        (rows, counts) = await RunAsync(new() { Candidates = 2 }, ScriptedGenerators.CutOff(TheExample(), 5));
        Assert.That(rows, Is.Empty);
        Assert.That(counts["critic.critiques.cut-off"], Is.EqualTo(4));
    }

    [Test]
    public async Task Ranking_keeps_the_best_by_the_meta_judge()
    {
        string[] marks = ["[[6]]", "[[9]]", "[[7]]", "[[9]]", "none"];
        var critic = ScriptedCritic.Of(answer => answer == "good 1" ? ["[[8]]"] : ["[[3]]"], review => $"Well. {marks[review[9] - '0']}");
        var (rows, counts) = await RunAsync(new() { Candidates = 5, TopK = 2, Draws = 4 }, critic);
        Assert.That(rows.Select(row => Critique(row.Chosen)).Distinct().Order(), Is.EqualTo(new[] { "Critique 1 of good 1.", "Critique 3 of good 1." }));
        Assert.That(rows.Select(row => Critique(row.Rejected)).Distinct().Order(), Is.EqualTo(new[] { "Critique 1 of bad 1.", "Critique 3 of bad 1." }));
        Assert.That(counts["critic.marks.unparseable"], Is.EqualTo(2));
        critic = ScriptedCritic.Of(answer => answer == "good 1" ? ["[[8]]"] : ["[[3]]"], _ => "no mark at all");
        (rows, counts) = await RunAsync(new() { Candidates = 5, TopK = 2 }, critic);
        Assert.That(rows, Is.Empty);
        Assert.That(counts["critic.refinement.dropped"], Is.EqualTo(1));
    }

    [Test]
    public async Task Summaries_stand_for_all_critiques_of_an_answer()
    {
        var critic = ScriptedCritic.Of(answer => answer == "good 1" ? Good : Bad, summary: reviews => $" All of {reviews.Split("Review ").Length - 1}: {(reviews.Contains("good") ? "good" : "bad")}. ");
        var (rows, _) = await RunAsync(new() { Candidates = 4, Refinement = Refinement.Summarise, TopK = 1, Draws = 2 }, critic);
        Assert.That(rows.Select(row => Critique(row.Chosen)), Is.All.EqualTo("All of 3: good."));
        Assert.That(rows.Select(row => Critique(row.Rejected)), Is.All.EqualTo("All of 3: bad."));
    }

    [Test]
    public async Task The_same_seed_gives_the_same_rows_and_the_critic_sees_no_other_answer()
    {
        var asked = new List<string>();
        ITextGenerator Critic() => ScriptedGenerators.Of(request =>
        {
            lock (asked) asked.Add(request.Prompt.LastContent);
            return ScriptedCritic.Forgetful().GenerateAsync([request]).Result[0];
        });
        var options = new CriticAugmenterOptions { Candidates = 4, Draws = 2, TopK = 1 };
        var once = (await RunAsync(options, Critic(), Preferences(80))).Rows;
        Assert.That(once, Is.Not.Empty);
        Assert.That((await RunAsync(options, Critic(), Preferences(80))).Rows, Is.EqualTo(once));
        Assert.That((await RunAsync(options, Critic(), Preferences(80), seed: 4)).Rows, Is.Not.EqualTo(once));
        Assert.That((await RunAsync(options with { Seed = 3 }, Critic(), Preferences(80), seed: 4)).Rows, Is.EqualTo(once));
        Assert.That(asked.Where(prompt => Regex.IsMatch(prompt, @"good \d") && Regex.IsMatch(prompt, @"bad \d")), Is.Empty);
    }

    [Test]
    public void Bad_settings_are_refused()
    {
        Assert.That(() => new CriticAugmenter(new() { ScoreMin = 5, ScoreMax = 5 }), Throws.TypeOf<RewardKitException>().With.Message.Contains("scoreMin"));
        var folder = Directory.CreateTempSubdirectory("critic-prompts-");
        var file = Path.Combine(folder.FullName, "critic.md");
        File.WriteAllText(file, "Judge {{answer}} of {{conversation}} from {{least}}.");
        Assert.That(() => new CriticAugmenter(new() { Prompts = folder.FullName }), Throws.TypeOf<RewardKitException>().With.Message.Contains("{{most}}"));
        File.WriteAllText(file, "{{answer}}{{conversation}}{{least}}{{most}} and {{label}}");
        Assert.That(() => new CriticAugmenter(new() { Prompts = folder.FullName }), Throws.TypeOf<RewardKitException>().With.Message.Contains("{{label}}"));
        File.Move(file, Path.Combine(folder.FullName, "citric.md"));
        Assert.That(() => new CriticAugmenter(new() { Prompts = folder.FullName }), Throws.TypeOf<RewardKitException>().With.Message.Contains("critic.md"));
        folder.Delete(recursive: true);
    }
}
