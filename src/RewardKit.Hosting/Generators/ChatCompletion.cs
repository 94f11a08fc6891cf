using System.Text.Encodings.Web;
using System.Text.Json;

namespace RewardKit.Hosting.Generators;

/// <summary>Requests and answers of OpenAI's chat completions, as JSON.</summary>
internal static class ChatCompletion
{
    /// <summary>Refuses what the interface has no word for.</summary>
    /// <exception cref="RewardKitException">An option cannot be had from a server.</exception>
    public static void Check(GenerationOptions options, ServerOptions server)
    {
        if (options.StopTokens.Count > 0)
            throw RewardKitException.Input($"The text generator at {server.Shown} knows no StopTokens: use StopStrings, or a local model.");
        if (options.IgnoreEndTokens)
            throw RewardKitException.Input($"The text generator at {server.Shown} knows no IgnoreEndTokens: leave it out, or use a local model.");
        if (options.MaxTokens < 1) throw RewardKitException.Input($"MaxTokens is {options.MaxTokens}; expected at least 1.");
    }

    /// <summary>The request's body.</summary>
    public static byte[] Write(TextRequest request, string model)
    {
        var options = request.Options;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteStartArray("messages");
            foreach (var (role, content) in request.Prompt.Messages)
            {
                json.WriteStartObject();
                json.WriteString("role", role);
                json.WriteString("content", content);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("max_tokens", options.MaxTokens);
            json.WriteNumber("temperature", options.Temperature);
            json.WriteNumber("top_p", options.TopP);
            json.WriteNumber("seed", options.Seed);
            if (options.StopStrings.Count > 0)
            {
                json.WriteStartArray("stop");
                foreach (var stop in options.StopStrings) json.WriteStringValue(stop);
                json.WriteEndArray();
            }
            // Not OpenAI's, but of all the local servers: named only where they are wanted.
            if (options.TopK > 0) json.WriteNumber("top_k", options.TopK);
            if (options.RepetitionPenalty != 1) json.WriteNumber("repetition_penalty", options.RepetitionPenalty);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>The answer in a body that the server sent as good.</summary>
    /// <exception cref="PassingException">It is none, or one that says too little.</exception>
    /// <exception cref="RewardKitException">It is an error that will not pass.</exception>
    public static TextReply Read(byte[] body, ServerOptions server, string? key)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            // Some gateways send the errors of the server behind them as good.
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error) && error.ValueKind is not JsonValueKind.Null)
                return ServerError.Handle(CodeOf(error), null, body, null, server, key);
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("choices", out var choices) || choices is not { ValueKind: JsonValueKind.Array }
                || choices.GetArrayLength() == 0 || !choices[0].TryGetProperty("message", out var message))
                throw new PassingException($"an answer without a choice: {ServerError.Short(root.GetRawText(), key)}");
            var (promptTokens, tokens) = root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
                ? (Count(usage, "prompt_tokens"), Count(usage, "completion_tokens")) : (0, 0);
            var finish = Finish(choices[0], message, key);
            return new(finish == FinishReason.Refused ? "" : Content(message), finish, promptTokens, tokens);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new PassingException($"an answer that is no chat completion ({ServerError.Short(e.Message, key)})", inner: e);
        }
    }

    private static FinishReason Finish(JsonElement choice, JsonElement message, string? key)
    {
        if (message.TryGetProperty("refusal", out var refusal) && refusal is { ValueKind: JsonValueKind.String } && refusal.GetString() is { Length: > 0 })
            return FinishReason.Refused;
        var reason = choice.TryGetProperty("finish_reason", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return reason switch
        {
            // vLLM and SGLang name the stop string.
            "stop" when choice.TryGetProperty("stop_reason", out var at) && at.ValueKind == JsonValueKind.String => FinishReason.StopString,
            "stop" or "eos" or "eos_token" or "end_turn" => FinishReason.StopToken,
            "stop_sequence" => FinishReason.StopString,
            "length" or "max_tokens" => FinishReason.MaxTokens,
            // A call of a tool is no text: none was offered, and the model would not answer without.
            "content_filter" or "refusal" or "safety" or "tool_calls" or "function_call" => FinishReason.Refused,
            _ => throw new PassingException($"an answer that does not say whether it is whole (finish_reason {ServerError.Short(reason ?? "is missing", key)})"),
        };
    }

    private static string Content(JsonElement message)
    {
        if (!message.TryGetProperty("content", out var content)) return "";
        return content.ValueKind switch
        {
            // A model that used up its tokens on thoughts.
            JsonValueKind.Null => "",
            JsonValueKind.Array => string.Concat(content.EnumerateArray()
                .Where(part => part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String).Select(part => part.GetProperty("text").GetString())),
            _ => content.GetString()!,
        };
    }

    private static int Count(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) ? count : 0;

    private static int CodeOf(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number)
            && number is >= 400 and < 600 ? number : 500;
}
