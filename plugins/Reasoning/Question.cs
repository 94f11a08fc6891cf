using System.Text.Json;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.Reasoning;

/// <summary>A question with what its answer must come to.</summary>
/// <param name="Prompt">What the model is asked.</param>
/// <param name="IsRight">Whether an answer is right; null where it comes to nothing.</param>
/// <param name="Chance">What a guess reaches.</param>
internal sealed record Question(string Prompt, Func<string, bool?> IsRight, double Chance)
{
    private const string Query = "Question: ", Cue = "Answer:";

    /// <summary>Questions of GSM8K (Cobbe et al., arXiv:2110.14168): <c>question</c>, and <c>answer</c> with the result behind <c>####</c>.</summary>
    /// <exception cref="RewardKitException">The file is not in the layout.</exception>
    public static IReadOnlyList<Question> WithNumbers(string file)
    {
        var records = BenchmarkRecord.Read(file);
        BenchmarkRecord.RefuseTwins(records, record => record.Text("question"));
        return [.. records.Select(record =>
        {
            var right = FinalAnswer.Number(record.Text("answer")) ?? throw record.Wrong("\"answer\" has no number: the result was expected behind ####");
            return new Question(Ask(record.Text("question"), "the number"), text => FinalAnswer.Number(text) is { } number ? number == right : null, 0);
        })];
    }

    /// <summary>
    /// Questions with choices: in the layout that ARC and OpenBookQA are published in (<c>question</c> with <c>stem</c> and
    /// <c>choices</c>, <c>answerKey</c>), or as requests of OLMES, a line a choice, each with the whole question in <c>doc</c>.
    /// </summary>
    /// <exception cref="RewardKitException">The file is in neither layout.</exception>
    public static IReadOnlyList<Question> WithChoices(string file)
    {
        var records = BenchmarkRecord.Read(file);
        if (records[0].Has("doc"))
            return [.. records.Select(record => record with { Json = Object(record, "doc") }).DistinctBy(record => record.Id("id")).Select(OfRequests)];
        Question[] questions = [.. records.Select(Published)];
        BenchmarkRecord.RefuseTwins(records, record => record.Id("id"));
        return questions;
    }

    private static Question OfRequests(BenchmarkRecord doc)
    {
        var (query, choices) = (doc.Text("query").Trim(), doc.Texts("choices"));
        if (doc.Field("gold") is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt32(out var gold) || gold < 0 || gold >= choices.Count)
            throw doc.Wrong($"\"gold\" must be the number of a choice, from 0 to {choices.Count - 1}");
        if (query.StartsWith(Query, StringComparison.Ordinal)) query = query[Query.Length..];
        if (query.EndsWith(Cue, StringComparison.Ordinal)) query = query[..^Cue.Length];
        // Of choices that are letters the question has the texts.
        var lettered = choices.Index().All(choice => choice.Item == $"{Letter(choice.Index)}");
        return Of(query.Trim(), lettered ? [] : choices, choices.Count, gold);
    }

    private static Question Published(BenchmarkRecord record)
    {
        var question = record with { Json = Object(record, "question") };
        var list = question.Field("choices");
        if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(choice => choice.ValueKind != JsonValueKind.Object))
            throw record.Wrong("\"choices\" of \"question\" must be a list of objects with \"text\" and \"label\"");
        BenchmarkRecord[] choices = [.. list.EnumerateArray().Select(choice => record with { Json = choice })];
        var gold = Array.FindIndex(choices, choice => choice.Id("label") == record.Id("answerKey"));
        return gold >= 0 ? Of(question.Text("stem"), [.. choices.Select(choice => choice.Text("text"))], choices.Length, gold)
            : throw record.Wrong($"\"answerKey\" is \"{record.Id("answerKey")}\", which is the label of none of the choices");
    }

    private static Question Of(string text, IReadOnlyList<string> choices, int count, int gold)
    {
        var asked = string.Join('\n', choices.Select((choice, i) => $"{Letter(i)}. {choice}").Prepend(text));
        return new(Ask(asked, "the letter of the right choice"), answer => FinalAnswer.Choice(answer, count) is { } letter ? letter == Letter(gold) : null, 1.0 / count);
    }

    private static string Ask(string question, string what) =>
        $"{question}\n\nThink about it step by step. Then finish with a line that begins with \"{Cue}\" and has {what} behind it, and nothing else.";

    private static char Letter(int place) => (char)('A' + place);

    private static JsonElement Object(BenchmarkRecord record, string field) => record.Field(field) is { ValueKind: JsonValueKind.Object } found ? found
        : throw record.Wrong($"the field \"{field}\" must be an object; for questions with choices \"doc\" with query, choices and gold was expected, or \"question\" with stem and choices");
}
