using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>How a file's records hold their pairs, and under which keys.</summary>
/// <param name="Kind">What a record is.</param>
/// <param name="Columns">The names, those that were found among the usual ones included.</param>
internal sealed record PairLayout(PairLayout.Kinds Kind, PairColumns Columns)
{
    private static readonly string[] Prompts = ["prompt", "question", "problem", "instruction", "conversations"];
    private static readonly string[] Lists = ["responses", "completions", "answers"];
    private static readonly string[] Scores = ["score", "scores", "overall_score", "rating", "ratings", "reward"];
    private static readonly string[] Ranks = ["rank", "ranks"];

    internal enum Kinds { Explicit, Conversations, HhRlhf, UltraFeedback, Scored, Labelled, Lists, Steps, Graded }

    /// <summary>The kind in words.</summary>
    public string Name => Kind switch
    {
        Kinds.Explicit => "prompt, chosen, rejected",
        Kinds.Conversations => "chosen and rejected conversations",
        Kinds.HhRlhf => "HH-RLHF dialogues",
        Kinds.UltraFeedback => "UltraFeedback, binarized",
        Kinds.Scored => "scored responses",
        Kinds.Labelled => "labelled responses",
        Kinds.Steps => "responses with labelled steps",
        Kinds.Graded => "graded solutions",
        _ => $"lists of responses with {(Columns.Score is null ? "ranks" : "scores")}",
    };

    /// <summary>Finds the layout in a file's first record.</summary>
    /// <exception cref="RewardKitException">A named column is missing, or the record fits no layout.</exception>
    public static PairLayout Of(DataRecord first, PairColumns named)
    {
        foreach (var name in new[] { named.Prompt, named.Chosen, named.Rejected, named.Margin, named.Label, named.Tie, named.Responses })
            if (name is not null) first.Field(name);
        var prompt = named.Prompt ?? Prompts.FirstOrDefault(first.Has);
        var paired = named.Chosen is not null || named.Rejected is not null || (first.Has("chosen") && first.Has("rejected"));
        if (!paired && prompt is not null && StepLists(first, named) is var (steps, labels)) return new(Kinds.Steps, named with { Prompt = prompt, Responses = steps, Label = labels });
        if (!paired && prompt is not null && GradedSolutions.Are(first)) return new(Kinds.Graded, named with { Prompt = prompt });
        var list = named.Responses ?? (paired ? null : Lists.FirstOrDefault(l => first.Has(l) && first.Field(l).ValueKind == JsonValueKind.Array));
        if (list is not null) return OfLists(first, named with { Prompt = prompt, Responses = list });

        foreach (var name in new[] { named.Response, named.Score, named.Rank })
            if (name is not null) first.Field(name);
        if (named.Rank is not null) throw first.Malformed("ranks are those of a list of responses; there is none in the record");
        var columns = named with
        {
            Prompt = prompt,
            Chosen = Usual(named.Chosen, "chosen"),
            Rejected = Usual(named.Rejected, "rejected"),
            Margin = Usual(named.Margin, "margin"),
            Label = Usual(named.Label, "soft_label"),
            Tie = Usual(named.Tie, "tie"),
            Response = Usual(named.Response, "response", "completion"),
            Score = Usual(named.Score, "score"),
        };
        // A conversation with nothing beside it to compare it with is prompt and response in one.
        if (columns is { Response: null, Chosen: null, Rejected: null } && (prompt is null or "conversations") && Usual(prompt, "messages") is { } whole)
            columns = columns with { Prompt = null, Response = whole };
        var single = columns.Response is not null && (named.Response is not null || named.Score is not null || columns.Chosen is null);
        return columns switch
        {
            { Score: not null } when single && HasPrompt() => new(Kinds.Scored, columns),
            _ when single && HasPrompt() && Usual(named.Label, "label") is { } label => new(Kinds.Labelled, columns with { Label = label }),
            { Prompt: not null, Chosen: { } chosen, Rejected: not null } => new(
                named.Margin is null && first.Has("score_chosen") && first.Has("score_rejected") && first.Field(chosen).ValueKind == JsonValueKind.Array
                    ? Kinds.UltraFeedback : Kinds.Explicit, columns),
            { Chosen: { } chosen, Rejected: not null } => new(
                first.Field(chosen).ValueKind == JsonValueKind.String ? Kinds.HhRlhf : Kinds.Conversations, columns),
            { Response: not null } when HasPrompt() => throw first.Malformed(
                $"scored responses need the name of the score's column, labelled ones that of the label's; the record has {Quoted(first.Keys)}"),
            { Chosen: not null } => throw first.Lacks("there is a chosen response, but no \"rejected\"", "rejected"),
            { Rejected: not null } => throw first.Lacks("there is a rejected response, but no \"chosen\"", "chosen"),
            _ => throw first.Malformed(
                $"no layout fits a record with {Quoted(first.Keys)}. Expected chosen and rejected, with a prompt or as whole conversations, "
                + "or a prompt with a response and its score or label, or with a list of responses; name the columns where they are called otherwise"),
        };

        string? Usual(string? name, params string[] usual) => name ?? usual.FirstOrDefault(first.Has);
        bool HasPrompt() => columns.Prompt is not null || first.Field(columns.Response!).ValueKind == JsonValueKind.Array;
    }

    // A list of texts beside a list of labels, as TRL's stepwise supervision has them; graded lists are those of whole responses.
    private static (string Steps, string Labels)? StepLists(DataRecord first, PairColumns named)
    {
        var labels = named.Label ?? "labels";
        var steps = named.Responses ?? Lists.FirstOrDefault(IsList);
        return steps is not null && IsList(steps) && IsList(labels) && first.Field(steps).EnumerateArray().All(step => step.ValueKind == JsonValueKind.String) ? (steps, labels) : null;

        bool IsList(string name) => first.Has(name) && first.Field(name).ValueKind == JsonValueKind.Array;
    }

    private static PairLayout OfLists(DataRecord first, PairColumns columns)
    {
        if (columns.Prompt is null) throw first.Malformed($"there is a list of responses, \"{columns.Responses}\", but no prompt; the record has {Quoted(first.Keys)}");
        var list = first.Field(columns.Responses!);
        string[] keys = list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Object
            ? [.. list[0].EnumerateObject().Select(p => p.Name)]
            : [];
        var (score, rank) = (columns.Score, columns.Rank);
        if (score is null && rank is null && (score = Scores.FirstOrDefault(IsThere)) is null) rank = Ranks.FirstOrDefault(IsThere);
        if ((score ?? rank) is not { } grade || !IsThere(grade))
        {
            throw first.Malformed(
                $"the responses need {((score ?? rank) is { } missing ? $"\"{missing}\"" : "scores or ranks")}, in a list of the record or in each of them; "
                + $"the record has {Quoted(first.Keys)}{(keys.Length > 0 ? $", a response {Quoted(keys)}" : "")}");
        }
        return new(Kinds.Lists, columns with { Score = score, Rank = score is null ? rank : null });

        bool IsThere(string name) => keys.Contains(name) || (first.Has(name) && first.Field(name).ValueKind == JsonValueKind.Array);
    }

    private static string Quoted(string[] keys) => keys.Length == 0 ? "no keys" : string.Join(", ", keys.Select(k => $"\"{k}\""));
}
