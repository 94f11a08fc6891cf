using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>
/// Makes pairs of records that hold one response each, with a score, as HelpSteer has them (Wang et al. 2023,
/// arXiv:2311.09528), a label that says whether it is good, as KTO's data do (Ethayarajh et al. 2024, arXiv:2402.01306), or its
/// steps with a label each, as TRL has them for process rewards: good if all are right. Responses to the same prompt are paired.
/// </summary>
internal sealed class SingleResponses(PairLayout layout, PairReading reading, string source)
{
    private readonly PairColumns _columns = layout.Columns;
    private readonly bool _labels = layout.Kind is PairLayout.Kinds.Labelled or PairLayout.Kinds.Steps;
    private readonly bool _inSteps = layout.Kind == PairLayout.Kinds.Steps;
    private readonly OrderedDictionary<Conversation, List<GradedResponse>> _prompts = [];

    /// <summary>How many responses were taken in.</summary>
    public long Count => _prompts.Values.Sum(r => (long)r.Count);

    /// <summary>Takes a record in, or tells why it has no response with a grade.</summary>
    /// <exception cref="RewardKitException">The record is malformed.</exception>
    public string? Add(DataRecord record)
    {
        var (response, steps) = _inSteps ? InSteps(record) : (MessageLists.Of(record, _columns.Response!, "assistant"), null);
        // Without a prompt of its own, the response's turns are the whole conversation.
        var prompt = _columns.Prompt is { } column ? MessageLists.Prompt(record, column) : response[..Math.Max(response.Length - 1, 0)];
        if (prompt.Length == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return "no prompt";
        if (!_inSteps && _columns.Prompt is null) response = response[^1..];
        if (response is not [.., { Role: "assistant" }]) return "last turn not the assistant's";
        if (string.IsNullOrWhiteSpace(response[^1].Content)) return "empty last response";
        if (steps is { Count: 0 }) return "no label";
        var grade = steps is not null ? steps.AllRight ? 1 : 0 : !_labels ? record.Real(_columns.Score!) : record.Truth(_columns.Label!) is { } good ? good ? 1 : 0 : null;
        if (grade is null) return _labels ? "no label" : "no score";
        var key = new Conversation(prompt);
        if (!_prompts.TryGetValue(key, out var responses)) _prompts.Add(key, responses = []);
        responses.Add(new(record.Number, $"{record.Number}", response, grade.Value) { Steps = steps });
        return null;
    }

    private (Message[] Response, StepLabels Steps) InSteps(DataRecord record)
    {
        string[] pieces = [.. List(_columns.Responses!).Select((piece, i) => record.Text(piece, $"\"{_columns.Responses}\"[{i}]"))];
        double?[] labels = [.. List(_columns.Label!).Select(Right)];
        if (pieces.Length != labels.Length) throw record.Malformed($"\"{_columns.Label}\" has {labels.Length} entries for {pieces.Length} steps");
        var (text, steps) = StepLabels.OfPieces(pieces.Zip(labels), reading.StepSeparator);
        return ([new("assistant", text)], steps);

        JsonElement[] List(string key) => record.Field(key) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()]
            : throw record.Malformed($"\"{key}\" must be a list, but is {JsonLines.Kind(record.Field(key))}");

        double? Right(JsonElement label, int place)
        {
            if (label.ValueKind is JsonValueKind.True or JsonValueKind.False) return label.GetBoolean() ? 1 : 0;
            var right = record.Real(label, $"\"{_columns.Label}\"[{place}]");
            return right is null or (>= 0 and <= 1) ? right : throw record.Malformed($"\"{_columns.Label}\"[{place}] must be true, false or a probability from 0 to 1, but is {label}");
        }
    }

    /// <summary>The pairs, by the prompts' first records; then the records that could be in none, and why.</summary>
    public (List<PreferenceExample> Pairs, List<long> Alone, string Reason) Pairs()
    {
        var (pairs, alone) = (new List<PreferenceExample>(), new List<long>());
        foreach (var (prompt, responses) in _prompts)
        {
            alone.AddRange(responses.Where(r => !responses.Any(r.Pairs)).Select(r => r.Record));
            pairs.AddRange(ResponsePairs.Of(source, prompt.Messages, responses, reading.Pairing, margins: !_labels));
        }
        alone.Sort();
        return (pairs, alone, $"no other response of the prompt has another {(_labels ? "label" : "score")}");
    }
}
