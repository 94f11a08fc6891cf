using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>How a file's records hold their pairs, and under which keys.</summary>
/// <param name="Kind">What a record is.</param>
/// <param name="Columns">The names, those that were found among the usual ones included.</param>
internal sealed record PairLayout(PairLayout.Kinds Kind, PairColumns Columns)
{
    private static readonly string[] Prompts = ["prompt", "question", "conversations"];

    internal enum Kinds { Explicit, Conversations, HhRlhf, UltraFeedback, Scored }

    /// <summary>The kind in words.</summary>
    public string Name => Kind switch
    {
        Kinds.Explicit => "prompt, chosen, rejected",
        Kinds.Conversations => "chosen and rejected conversations",
        Kinds.HhRlhf => "HH-RLHF dialogues",
        Kinds.UltraFeedback => "UltraFeedback, binarized",
        _ => "scored responses",
    };

    /// <summary>Finds the layout in a file's first record.</summary>
    /// <exception cref="RewardKitException">A named column is missing, or the record fits no layout.</exception>
    public static PairLayout Of(DataRecord first, PairColumns named)
    {
        foreach (var name in new[] { named.Prompt, named.Chosen, named.Rejected, named.Margin, named.Label, named.Tie, named.Response, named.Score })
            if (name is not null) first.Field(name);
        var columns = named with
        {
            Prompt = named.Prompt ?? Prompts.FirstOrDefault(first.Has),
            Chosen = Usual(named.Chosen, "chosen"),
            Rejected = Usual(named.Rejected, "rejected"),
            Margin = Usual(named.Margin, "margin"),
            Label = Usual(named.Label, "soft_label"),
            Tie = Usual(named.Tie, "tie"),
            Response = Usual(named.Response, "response"),
            Score = Usual(named.Score, "score"),
        };
        return columns switch
        {
            { Prompt: not null, Response: not null, Score: not null } when named.Response is not null || named.Score is not null || columns.Chosen is null => new(Kinds.Scored, columns),
            { Prompt: not null, Chosen: { } chosen, Rejected: not null } => new(
                named.Margin is null && first.Has("score_chosen") && first.Has("score_rejected") && first.Field(chosen).ValueKind == JsonValueKind.Array
                    ? Kinds.UltraFeedback : Kinds.Explicit, columns),
            { Chosen: { } chosen, Rejected: not null } => new(
                first.Field(chosen).ValueKind == JsonValueKind.String ? Kinds.HhRlhf : Kinds.Conversations, columns),
            { Prompt: not null, Response: not null } => throw first.Malformed(
                $"scored responses need the name of the score's column; the record has {Quoted(first.Keys)}"),
            { Chosen: not null } => throw first.Malformed($"there is a chosen response, but no \"rejected\"{NearNames.Of("rejected", first.Keys)}"),
            { Rejected: not null } => throw first.Malformed($"there is a rejected response, but no \"chosen\"{NearNames.Of("chosen", first.Keys)}"),
            _ => throw first.Malformed(
                $"no layout fits a record with {Quoted(first.Keys)}. Expected chosen and rejected, with a prompt or as whole conversations, "
                + "or prompt, response and score; name the columns where they are called otherwise"),
        };

        string? Usual(string? name, string usual) => name ?? (first.Has(usual) ? usual : null);
    }

    private static string Quoted(string[] keys) => keys.Length == 0 ? "no keys" : string.Join(", ", keys.Select(k => $"\"{k}\""));
}
