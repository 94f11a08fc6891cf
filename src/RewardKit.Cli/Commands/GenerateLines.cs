using System.Text.Json;

namespace RewardKit.Cli.Commands;

/// <summary>What <c>rewardkit generate</c> reads and writes.</summary>
internal static class GenerateLines
{
    // As many as are generated side by side.
    private const int Batch = 32;

    /// <summary>A text to go on from.</summary>
    /// <param name="Number">Its line, from 1.</param>
    /// <param name="Prompt">The turns to answer; null: a text to continue.</param>
    /// <param name="Text">The text to continue; null: turns to answer.</param>
    public sealed record Line(int Number, Conversation? Prompt, string? Text)
    {
        /// <summary>The turns to answer.</summary>
        /// <param name="who">Who answers them.</param>
        /// <exception cref="RewardKitException">It is a text.</exception>
        public Conversation NeedPrompt(string who = "a decoder") => Prompt ?? throw RewardKitException.Input(
            $"Standard input, line {Number}: {who} answers prompts: expected \"prompt\" or \"messages\" instead of \"text\".");
    }

    /// <summary>Generates for every line of standard input; what was written before a bad line stays.</summary>
    /// <param name="generate">Generates one text a line.</param>
    /// <param name="cancellation">Ends the work between two batches.</param>
    public static void Run(Func<IReadOnlyList<Line>, IReadOnlyList<GeneratedText>> generate, CancellationToken cancellation) => Run(
        generate,
        (text, json) =>
        {
            json.WriteString("text", text.Text);
            json.WriteNumber("tokens", text.Ids.Count);
            json.WriteNumber("logProb", Math.Round(text.LogProbs.Sum(), 6));
            json.WriteString("finish", NameOf(text.Finish));
        },
        cancellation);

    /// <summary>Asks a generator of text alone, a server for one, for every line of standard input.</summary>
    /// <param name="generator">The generator.</param>
    /// <param name="options">How; line n draws with the seed plus n.</param>
    /// <param name="cancellation">Ends the work.</param>
    public static void Run(ITextGenerator generator, GenerationOptions options, CancellationToken cancellation) => Run(
        lines => generator.GenerateAsync(
            [.. lines.Select(line => new TextRequest(line.NeedPrompt("a server"), options with { Seed = options.Seed + line.Number }))], cancellation).GetAwaiter().GetResult(),
        (reply, json) =>
        {
            json.WriteString("text", reply.Text);
            json.WriteNumber("tokens", reply.Tokens);
            json.WriteString("finish", NameOf(reply.Finish));
        },
        cancellation);

    private static void Run<T>(Func<IReadOnlyList<Line>, IReadOnlyList<T>> generate, Action<T, Utf8JsonWriter> write, CancellationToken cancellation)
    {
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        foreach (var lines in JsonLines.Read(input, Parse, cancellation).Chunk(Batch))
        {
            cancellation.ThrowIfCancellationRequested();
            var texts = generate(lines);
            JsonLines.Write(output, texts, (text, json) =>
            {
                json.WriteStartObject();
                write(text, json);
                json.WriteEndObject();
            });
        }
    }

    private static string NameOf(FinishReason finish) => finish switch
    {
        FinishReason.StopToken => "stop-token",
        FinishReason.StopString => "stop-string",
        FinishReason.MaxTokens => "max-tokens",
        FinishReason.Refused => "refused",
        _ => "context-full",
    };

    private static Line Parse(JsonElement line, int number)
    {
        var given = new[] { "text", "prompt", "messages" }.Where(name => JsonLines.Property(line, name, out _)).ToArray();
        if (given.Length != 1) throw RewardKitException.Input("expected an object with just one of \"prompt\", \"messages\" and \"text\"" + JsonLines.Near(line, "prompt", "messages", "text"));
        JsonLines.Property(line, given[0], out var value);
        return given[0] switch
        {
            "messages" => new(number, new([.. JsonLines.Messages(value)]), null),
            "prompt" => new(number, Conversation.User(JsonLines.Text(value, "\"prompt\"")), null),
            _ => new(number, null, JsonLines.Text(value, "\"text\"")),
        };
    }
}
