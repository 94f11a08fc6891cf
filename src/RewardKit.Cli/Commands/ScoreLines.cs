using System.Text.Json;

namespace RewardKit.Cli.Commands;

/// <summary>What <c>rewardkit score</c> reads and writes.</summary>
internal static class ScoreLines
{
    // Scored together: enough for full batches, and few enough for the first scores to come soon.
    private const int Batch = 256;
    private static readonly string[] s_added = ["score", "chosenScore", "rejectedScore", "margin", "steps"];

    /// <summary>Scores every line of standard input; what was written before a bad line stays.</summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="cancellation">Ends the work between two batches.</param>
    public static void Run(IScorer scorer, CancellationToken cancellation)
    {
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        foreach (var lines in JsonLines.Read(input, (line, number) => Parse(line, number, scorer), cancellation).Chunk(Batch))
        {
            cancellation.ThrowIfCancellationRequested();
            var single = lines.Where(line => line.Other is null).ToArray();
            var rewards = single.Zip(single.Length == 0 ? [] : scorer.Score([.. single.Select(line => new ScoreRequest(line.Prompt, line.Response))], cancellation))
                .ToDictionary(p => p.First, p => p.Second);
            var steps = scorer is IStepScorer places && single.Length > 0
                ? single.Zip(places.ScoreSteps([.. single.Select(line => new ScoreRequest(line.Prompt, line.Response))], cancellation)).ToDictionary(p => p.First, p => p.Second) : [];
            var pairs = lines.Where(line => line.Other is not null).ToArray();
            var margins = pairs.Zip(scorer.ScorePairs([.. pairs.Select(line => line.Pair())], cancellation)).ToDictionary(p => p.First, p => p.Second);
            JsonLines.Write(output, lines, (line, json) =>
            {
                json.WriteStartObject();
                foreach (var property in line.Given.EnumerateObject().Where(p => !s_added.Contains(p.Name))) property.WriteTo(json);
                if (rewards.TryGetValue(line, out var reward)) json.WriteNumber("score", reward);
                else
                {
                    var score = margins[line];
                    if (scorer is not IPairScorer)
                    {
                        json.WriteNumber("chosenScore", score.Chosen);
                        json.WriteNumber("rejectedScore", score.Rejected);
                    }
                    json.WriteNumber("margin", score.Margin);
                }
                if (steps.TryGetValue(line, out var within))
                {
                    json.WriteStartArray("steps");
                    foreach (var (end, at) in within)
                    {
                        json.WriteStartObject();
                        json.WriteNumber("end", end);
                        json.WriteNumber("reward", at);
                        json.WriteEndObject();
                    }
                    json.WriteEndArray();
                }
                json.WriteEndObject();
            });
        }
    }

    private static Line Parse(JsonElement line, int number, IScorer scorer)
    {
        bool Has(string name) => JsonLines.Property(line, name, out _);
        if (Has("messages"))
        {
            if (Has("prompt") || Has("response")) throw RewardKitException.Input("expected either \"messages\" or \"prompt\" and \"response\"");
            JsonLines.Property(line, "messages", out var list);
            var turns = JsonLines.Messages(list);
            if (turns is not [_, .., { Role: "assistant" }])
                throw RewardKitException.Input("\"messages\" must end with the assistant's turn, the response to score, and have a prompt before it");
            return Single(new([.. turns[..^1]]), new([turns[^1]]));
        }
        if (!Has("prompt") || !(Has("response") || Has("chosen") && Has("rejected")))
            throw RewardKitException.Input("expected an object with \"prompt\" and \"response\", with \"prompt\", \"chosen\" and \"rejected\", or with \"messages\""
                + JsonLines.Near(line, "prompt", "response", "chosen", "rejected", "messages"));
        var prompt = Turns("prompt", "user");
        return Has("response") ? Single(prompt, Turns("response", "assistant"))
            : new(number, line.Clone(), prompt, Turns("chosen", "assistant"), Turns("rejected", "assistant"));

        Line Single(Conversation asked, Conversation response) => scorer is IPairScorer
            ? throw RewardKitException.Input("this is a pairwise model, which has no reward for one response: expected \"chosen\" and \"rejected\"")
            : new(number, line.Clone(), asked, response, null);

        Conversation Turns(string name, string speaker)
        {
            JsonLines.Property(line, name, out var value);
            if (value.ValueKind == JsonValueKind.String) return new([new(speaker, JsonLines.Text(value, $"\"{name}\""))]);
            return value.ValueKind == JsonValueKind.Array
                ? new([.. JsonLines.Messages(value, name)]) : throw RewardKitException.Input($"\"{name}\" is neither a string nor a list of messages");
        }
    }

    // One of two responses or one alone; a line is itself, however alike another is.
    private sealed record Line(int Number, JsonElement Given, Conversation Prompt, Conversation Response, Conversation? Other)
    {
        public PreferenceExample Pair() => new($"{Number}", Prompt, Response, Other!, new("standard input", Number));

        public bool Equals(Line? other) => other?.Number == Number;

        public override int GetHashCode() => Number;
    }
}
