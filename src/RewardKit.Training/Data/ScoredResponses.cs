namespace RewardKit.Training.Data;

/// <summary>
/// Makes pairs of records with a prompt, one response to it and its score, as HelpSteer has them (Wang et al. 2023,
/// arXiv:2311.09528): any two responses to the same prompt with different scores, the higher chosen.
/// </summary>
internal sealed class ScoredResponses(PairColumns columns, string source)
{
    private readonly OrderedDictionary<Conversation, List<Scored>> _prompts = [];

    private sealed record Scored(long Record, Message[] Response, double Score);

    /// <summary>Takes a record in, or tells why it has no scored response.</summary>
    /// <exception cref="RewardKitException">The record is malformed.</exception>
    public string? Add(DataRecord record)
    {
        var prompt = MessageLists.Of(record, columns.Prompt!, "user");
        var response = MessageLists.Of(record, columns.Response!, "assistant");
        if (prompt.Length == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return "no prompt";
        if (response is not [.., { Role: "assistant" }]) return "last turn not the assistant's";
        if (string.IsNullOrWhiteSpace(response[^1].Content)) return "empty last response";
        if (record.Real(columns.Score!) is not { } score) return "no score";
        var key = new Conversation(prompt);
        if (!_prompts.TryGetValue(key, out var responses)) _prompts.Add(key, responses = []);
        responses.Add(new(record.Number, response, score));
        return null;
    }

    /// <summary>The pairs, by the prompts' first records; then the records that are in none.</summary>
    public (List<PreferenceExample> Pairs, List<long> Alone) Pairs()
    {
        var (pairs, alone) = (new List<PreferenceExample>(), new List<long>());
        foreach (var (prompt, responses) in _prompts)
        {
            alone.AddRange(responses.Where(r => responses.All(o => o.Score == r.Score || Same(o, r))).Select(r => r.Record));
            for (var i = 0; i < responses.Count; i++)
            {
                foreach (var other in responses.Skip(i + 1).Where(o => o.Score != responses[i].Score && !Same(o, responses[i])))
                {
                    var (better, worse) = responses[i].Score > other.Score ? (responses[i], other) : (other, responses[i]);
                    pairs.Add(PairReader.Pair(
                        source, responses[i].Record, $"{responses[i].Record}-{other.Record}", prompt.Messages, better.Response, worse.Response)
                        with
                    { Margin = better.Score - worse.Score });
                }
            }
        }
        alone.Sort();
        return (pairs, alone);
    }

    private static bool Same(Scored a, Scored b) => a.Response.AsSpan().SequenceEqual(b.Response);
}
