namespace RewardKit.Training.Data;

/// <summary>Makes pairs of records that hold one each.</summary>
internal sealed class PairReader(PairLayout layout, string source)
{
    private readonly PairColumns _columns = layout.Columns;

    /// <summary>The pair of a record, or why it holds none.</summary>
    /// <exception cref="RewardKitException">The record is malformed.</exception>
    public (PreferenceExample? Pair, string? Reason) Read(DataRecord record)
    {
        if (layout.Kind == PairLayout.Kinds.HhRlhf)
        {
            var (dialogue, skipped) = HhRlhf.Read(record, source, _columns.Chosen!, _columns.Rejected!);
            return dialogue is null ? (null, skipped) : (Judged(record, dialogue), null);
        }
        var chosen = MessageLists.Of(record, _columns.Chosen!, "assistant");
        var rejected = MessageLists.Of(record, _columns.Rejected!, "assistant");
        var prompt = layout.Kind == PairLayout.Kinds.Conversations ? Common(chosen, rejected) : MessageLists.Prompt(record, _columns.Prompt!);
        if (WhyUnusable(prompt, chosen, rejected) is { } reason) return (null, reason);
        var (better, worse) = (Response(prompt, chosen), Response(prompt, rejected));
        return (Judged(record, Pair(source, record.Number, $"{record.Number}", prompt, better, worse)), null);
    }

    /// <summary>A pair with its id.</summary>
    public static PreferenceExample Pair(
        string source, long record, string place, IReadOnlyList<Message> prompt, IReadOnlyList<Message> better, IReadOnlyList<Message> worse)
    {
        var (chosen, rejected) = (new Conversation(better), new Conversation(worse));
        return new(PairId.Of(source, place, $"{chosen}", $"{rejected}"), new(prompt), chosen, rejected, new(source, record));
    }

    // Each side keeps at least its last turn.
    private static Message[] Common(Message[] chosen, Message[] rejected)
    {
        var most = Math.Max(Math.Min(chosen.Length, rejected.Length) - 1, 0);
        return chosen[..Math.Min(most, chosen.AsSpan().CommonPrefixLength(rejected))];
    }

    // A response may be given as the whole conversation.
    private static Message[] Response(Message[] prompt, Message[] given) =>
        given.Length > prompt.Length && given.AsSpan().StartsWith(prompt) ? given[prompt.Length..] : given;

    private static string? WhyUnusable(Message[] prompt, Message[] chosen, Message[] rejected)
    {
        if (chosen is not [.., { Role: "assistant" }] || rejected is not [.., { Role: "assistant" }]) return "last turn not the assistant's";
        if (prompt.Length == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return "no prompt";
        if (string.IsNullOrWhiteSpace(chosen[^1].Content) || string.IsNullOrWhiteSpace(rejected[^1].Content)) return "empty last response";
        if (Response(prompt, chosen)[0].Role != "assistant" || Response(prompt, rejected)[0].Role != "assistant")
            return "dialogue before the response differs";
        return chosen.AsSpan().SequenceEqual(rejected) ? "identical responses" : null;
    }

    private PreferenceExample Judged(DataRecord record, PreferenceExample pair)
    {
        var margin = _columns.Margin is { } column ? record.Real(column) : null;
        var tie = _columns.Tie is { } ties && record.Truth(ties) == true;
        if (_columns.Margin is null && record.Has("score_chosen") && record.Has("score_rejected"))
        {
            if (record.Real("score_chosen") is { } better && record.Real("score_rejected") is { } worse)
            {
                margin = better - worse;
                pair = pair with { Rewards = new(better, worse) };
            }
            tie |= margin == 0;
        }
        var label = _columns.Label is { } labels ? record.Real(labels) : null;
        if (label is < 0 or > 1) throw record.Malformed($"\"{_columns.Label}\" must be a probability from 0 to 1, but is {record.Field(_columns.Label!)}");
        if (tie || label == 0.5) return pair with { Relation = Relation.Tie, Margin = margin };
        return label < 0.5
            ? pair with { Chosen = pair.Rejected, Rejected = pair.Chosen, SoftLabel = 1 - label, Margin = -margin, Rewards = Exchanged(pair.Rewards), ChosenSteps = pair.RejectedSteps, RejectedSteps = pair.ChosenSteps }
            : pair with { SoftLabel = label, Margin = margin };

        static PairScore? Exchanged(PairScore? rewards) => rewards is { } r ? new(r.Rejected, r.Chosen) : null;
    }
}
