using RewardKit.Plugins.Steps;

namespace RewardKit.Plugins.RewardMath.Tests;

public sealed class RewardMathScoreTests
{
    private static readonly double[] Won = [3.7109375, 1.7490234375, -1.333984375, 0.1317138671875, 2.171875, 0.7705078125, -0.426025390625, -2.505859375, 0.495849609375, 0.2393798828125];
    private static readonly double[] Tied = [0.5, 0.5, 0.4, 0.3, 0.2, 0.1, 0, -1, -2, -3];
    private static readonly double[] Third = [0.3, 0.9, 0.1, 0.8, 0.2, 0.1, 0, -1, -2, -3];

    [Test]
    public void A_tie_counts_nothing_and_ranks_wrong_solutions_first() => Assert.Multiple(() =>
    {
        double[][] all = [Won, Tied, Third];
        Assert.That(all.Select(s => RewardMathScore.Accuracy(s)), Is.EqualTo(new[] { 1, 0, 0 }));
        Assert.That(all.Select(s => RewardMathScore.ReciprocalRank(s)), Is.EqualTo(new[] { 1, 0.5, 1 / 3.0 }));
        Assert.That(all.Average(s => RewardMathScore.ReciprocalRank(s)), Is.EqualTo(0.6111111111).Within(1e-9));
    });

    [TestCase(StepReward.Product, 0.36)]
    [TestCase(StepReward.GeometricMean, 0.7113786609)]
    [TestCase(StepReward.Mean, 0.7333333333)]
    [TestCase(StepReward.MeanLogit, 0.7675460457)]
    [TestCase(StepReward.MeanOdds, 4.6666666667)]
    [TestCase(StepReward.Min, 0.5)]
    [TestCase(StepReward.Max, 0.9)]
    [TestCase(StepReward.Last, 0.5)]
    public void Steps_become_a_solution(StepReward how, double expected) =>
        Assert.That(StepRewards.Of([0.9, 0.8, 0.5], how), Is.EqualTo(expected).Within(1e-9));

    [TestCase(9, 1.0)]
    [TestCase(8, 0.5)]
    [TestCase(5, 0.2)]
    [TestCase(0, 0.1)]
    public void A_judge_of_pairs_must_prefer_the_right_solution_every_time(int wins, double rank)
    {
        var scores = RewardMathScore.OfComparisons([.. Enumerable.Range(0, 9).Select(i => i < wins)]);
        Assert.That(RewardMathScore.ReciprocalRank(scores), Is.EqualTo(rank));
        Assert.That(RewardMathScore.Accuracy(scores), Is.EqualTo(wins == 9 ? 1 : 0));
    }

    // Counts as published for this part of the results, the others computed apart from this code; the ranks to the last digits.
    [TestCase("ArmoRM", 45, 230, 0.4132781228433402)]
    [TestCase("Eurus-RM", 31, 230, 0.35119392684610123)]
    [TestCase("beaver", 15, 230, 0.2554209799861978)]
    [TestCase("gpt4", 46, 231, 0.42779323850752443)]
    [TestCase("gpt4_pairwise", 66, 230, 0.5008712905452037)]
    [TestCase("grm_gemma", 10, 230, 0.23686507936507983)]
    [TestCase("grm_llama3", 48, 230, 0.42877674258109044)]
    [TestCase("internlm2", 81, 230, 0.5276777087646656)]
    [TestCase("llama3_8B_pairwise", 1, 230, 0.19320738440303667)]
    [TestCase("oasst-rm", 15, 230, 0.2685317460317464)]
    [TestCase("skywork_llama3", 53, 230, 0.44997066942719127)]
    [TestCase("Math_Shepherd", 9, 30, 0.43994708994708986)]
    [TestCase("Math_Shepherd", 8, 30, 0.4104497354497354, StepReward.GeometricMean)]
    [TestCase("Math_Shepherd", 7, 30, 0.39497354497354487, StepReward.Min)]
    [TestCase("Math_Shepherd", 6, 30, 0.40519841269841256, StepReward.Last)]
    [TestCase("ReasonEval_7B", 7, 30, 0.42742063492063487)]
    [TestCase("ReasonEval_7B", 6, 30, 0.4015476190476191, StepReward.GeometricMean)]
    [TestCase("Easy_to_hard", 7, 30, 0.4316931216931216)]
    [TestCase("Easy_to_hard", 6, 30, 0.4252116402116401, StepReward.GeometricMean)]
    public void Published_scores_give_the_published_counts(string model, int correct, int problems, double mrr, StepReward steps = StepReward.Product)
    {
        var scores = PublishedScores.Read(Path.Combine(Data.Folder, $"{model}_reward.json"), steps);
        Assert.That((scores.Sum(s => RewardMathScore.Accuracy(s)), scores.Count), Is.EqualTo(((double)correct, problems)));
        Assert.That(scores.Average(s => RewardMathScore.ReciprocalRank(s)), Is.EqualTo(mrr).Within(1e-12));
    }

    [TestCase("""[{"score": [1]}]""", "record 1: \"score\" has fewer than two scores")]
    [TestCase("""[{"score": [1, 2]}, {"scores": [1]}]""", "record 2: has no field \"score\"; it has scores.")]
    [TestCase("""[{"score": [1, "A"]}]""", "record 1: \"score\" has \"A\", but must have numbers")]
    [TestCase("""[{"score": [1, []]}]""", "record 1: \"score\" has [], but must have numbers")]
    [TestCase("""[{"score": ["A"], "chosen_position": ["A", "B"]}]""", "has 1 judgements in \"score\", but 2 positions")]
    [TestCase("""[{"score": ["C"], "chosen_position": ["A"]}]""", "\"score\" has \"C\", but must have \"A\", \"B\" or null")]
    [TestCase("""[{"score": ["A"], "chosen_position": [null]}]""", "\"chosen_position\" has a null")]
    [TestCase("[]", "has no record")]
    [TestCase("[1]", "record 1: is Number, but must be an object")]
    [TestCase("[{]", "line 1: no JSON")]
    public void What_is_no_score_file_is_refused_with_the_record(string text, string expected)
    {
        using var file = new Data(text);
        Assert.That(() => PublishedScores.Read(file.Path), Throws.TypeOf<RewardKitException>()
            .With.Message.StartsWith(file.Path).And.Message.Contains(expected).And.Property("ExitCode").EqualTo(2));
    }
}
