using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.Cream;

/// <summary>
/// The data of a round of self-rewarding language models (Yuan et al., "Self-Rewarding Language Models", arXiv:2401.10020). The
/// model that the run starts from answers each prompt N times; a language model, by default the same, grades each answer by an
/// additive rubric of five points, several times. Out come pairs of the answers with the highest and the lowest mean grade, in
/// place of what came in, of which the prompts alone are read. The judge sees one answer at a time.
/// </summary>
[Augmenter("self-rewarding", Paper = "arXiv:2401.10020", Traits = PluginTraits.ReplacesExamples | PluginTraits.WholeStream)]
public sealed partial class SelfRewardingAugmenter(SelfRewardingOptions options) : IAugmenter
{
    private const double Most = 5;
    private static readonly Dictionary<string, string[]> Placeholders = new() { ["judge"] = ["conversation", "answer"] };
    private readonly PromptFiles _prompts = new("self-rewarding", Placeholders, options.Prompts);

    /// <inheritdoc/>
    public AugmenterNeeds Needs => AugmenterNeeds.Writer | (options.Judge == Judge.Generator ? AugmenterNeeds.Generator : AugmenterNeeds.None);

    /// <inheritdoc/>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var tally = new Tally();
        var seed = options.Seed ?? context.Seed;
        var how = new GenerationOptions { Temperature = options.Temperature, TopP = options.TopP, MaxTokens = options.MaxTokens };
        var answered = await OwnAnswers.SampleAsync(examples, context.Writer, options.Samples, how, seed, tally, cancellation);
        var judge = options.Judge == Judge.Own ? context.Writer : context.Generator;
        var replies = await judge.GenerateAsync([.. answered.SelectMany(each => each.Requests).SelectMany(request => Ask(request, seed))], cancellation);
        tally.Count("judgements", replies.Count);
        var grades = new Queue<double?>(replies.Chunk(options.Judgements).Select(some => Mean(some, tally)));
        foreach (var each in answered)
        {
            double?[] own = [.. each.Answers.Select(_ => grades.Dequeue())];
            if (Pair(each, own, tally) is { } pair) yield return pair;
        }
        tally.Tell(context, "self-rewarding");
    }

    /// <summary>The grade in a judgement: the number behind the last <c>Score:</c>, from 0 to 5.</summary>
    /// <param name="judgement">What the judge wrote.</param>
    /// <returns>Null where there is none, or one out of range: that is no grade, and never one of 0 points.</returns>
    public static double? Grade(string judgement) =>
        Score().Matches(judgement).LastOrDefault() is { } last
        && double.TryParse(last.Groups[1].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var grade) && grade is >= 0 and <= Most ? grade : null;

    private IEnumerable<TextRequest> Ask(ScoreRequest answer, int seed)
    {
        var prompt = Conversation.User(_prompts.Fill(
            "judge", ("conversation", PromptFiles.Show(answer.Prompt)), ("answer", PromptFiles.Show(answer.Response))));
        return Enumerable.Range(0, options.Judgements).Select(n => new TextRequest(prompt, new()
        {
            Temperature = options.JudgeTemperature,
            MaxTokens = options.JudgeMaxTokens,
            Seed = Seeds.Of(seed, "judge", n, prompt),
        }));
    }

    private static double? Mean(IEnumerable<TextReply> judgements, Tally tally)
    {
        double?[] all = [.. judgements.Select(reply => reply.Finish == FinishReason.Refused ? null : Grade(reply.Text))];
        tally.Count("judgements.unparseable", all.Count(grade => grade is null));
        return all.Average();
    }

    private static PreferenceExample? Pair(OwnAnswers own, double?[] grades, Tally tally)
    {
        int[] graded = [.. Enumerable.Range(0, grades.Length).Where(i => grades[i] is not null)];
        tally.Count("answers.ungraded", grades.Length - graded.Length);
        if (graded.Length < 2) return Drop("ungraded");
        var (best, worst) = (graded.MaxBy(i => grades[i]), graded.MinBy(i => grades[i]));
        if (grades[best] == grades[worst]) return Drop("equal");
        tally.Count("pairs");
        return own.Pair(best, worst, [.. grades.Select(grade => grade ?? double.NaN)], "self-rewarding");

        PreferenceExample? Drop(string reason)
        {
            tally.Count(reason);
            return null;
        }
    }

    [GeneratedRegex(@"score:[\s*]*(-?\d+(?:\.\d+)?)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Score();
}
