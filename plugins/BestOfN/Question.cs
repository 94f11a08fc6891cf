using System.Text.Json;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.BestOfN;

/// <summary>A question with responses and whether each is right.</summary>
/// <param name="Record">Its record.</param>
/// <param name="Text">The question.</param>
/// <param name="Responses">The responses, each with its result.</param>
internal sealed record Question(BenchmarkRecord Record, string Text, IReadOnlyList<(string Text, decimal? Result, bool IsRight)> Responses)
{
    private const string End = "Solve the problem step by step. End with a line that has #### and behind it the result as a number, without a unit.";

    /// <summary>Reads questions with responses, and has those written that are missing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="write">Writes the responses to questions that have none; null: each must have some.</param>
    public static async Task<IReadOnlyList<Question>> ReadAsync(string file, Func<IReadOnlyList<string>, Task<IReadOnlyList<IReadOnlyList<TextReply>>>>? write)
    {
        var questions = BenchmarkRecord.Read(file).Select(Of).ToArray();
        BenchmarkRecord.RefuseTwins(questions.Select(q => q.Record), r => r.Text("question"));
        var missing = questions.Index().Where(q => q.Item.Responses.Count == 0).ToArray();
        if (missing.Length > 0 && write is null)
            throw missing[0].Item.Record.Wrong("has no responses: a list \"responses\" was expected, or objects with \"solution\" and \"is_correct\"; or let the text generator write some, with the option samples");
        if (missing.Length > 0)
        {
            // A response that was cut off or refused is no right one, whatever number it ends in.
            var replies = await write!([.. missing.Select(m => $"{m.Item.Text}\n\n{End}")]);
            foreach (var ((place, question), written) in missing.Zip(replies))
                questions[place] = question with { Responses = [.. written.Select(reply => Graded(reply.Text, Reference(question.Record)) is var graded && reply.IsComplete ? graded : graded with { Result = null, IsRight = false })] };
        }
        if (questions.FirstOrDefault(q => q.Responses.Count != questions[0].Responses.Count) is { } odd)
            throw odd.Record.Wrong($"has {odd.Responses.Count} responses, record {questions[0].Record.Number} has {questions[0].Responses.Count}; all must have as many");
        return questions;
    }

    /// <summary>What is asked of the generator for each of a question's responses.</summary>
    public static IEnumerable<TextRequest> Requests(string prompt, int samples, int seed, GenerationOptions options) =>
        Enumerable.Range(0, samples).Select(i => new TextRequest(Conversation.User(prompt), options with { Seed = seed * 1_000_003L + i }));

    // The published solutions of four models with their grades, or responses that are graded here.
    private static Question Of(BenchmarkRecord record)
    {
        JsonProperty[] models = [.. record.Json.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object && p.Value.TryGetProperty("is_correct", out _))];
        var text = record.Text("question");
        if (models.Length > 0)
            return new(record, text, [.. models.Select(p => (Solution(record, p), FinalNumber.Of(Solution(record, p)), IsCorrect(record, p)))]);
        return new(record, text, record.Has("responses") ? [.. record.Texts("responses").Select(r => Graded(r, Reference(record)))] : []);
    }

    private static (string Text, decimal? Result, bool IsRight) Graded(string response, decimal reference) =>
        FinalNumber.Of(response) is var result && result == reference ? (response, result, true) : (response, result, false);

    private static decimal Reference(BenchmarkRecord record) => FinalNumber.Of(record.Text("answer"))
        ?? throw record.Wrong("\"answer\" has no number: the reference's result was expected behind ####");

    private static string Solution(BenchmarkRecord record, JsonProperty model) =>
        model.Value.TryGetProperty("solution", out var solution) && solution.ValueKind == JsonValueKind.String && solution.GetString() is { } text && !string.IsNullOrWhiteSpace(text)
            ? text : throw record.Wrong($"\"{model.Name}\" has no text in \"solution\"");

    private static bool IsCorrect(BenchmarkRecord record, JsonProperty model) => model.Value.GetProperty("is_correct").ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw record.Wrong($"\"is_correct\" of \"{model.Name}\" must be true or false"),
    };
}
