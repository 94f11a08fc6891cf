using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Hosting.Generators;

/// <summary>What to do about a server's refusal: give the prompt up, ask again later, or end the work.</summary>
internal static partial class ServerError
{
    private const int Shown = 300;
    private static readonly string[] s_quota = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded", "credits_exhausted"];
    private static readonly string[] s_filters = ["content_filter", "content_policy_violation", "responsibleaipolicyviolation"];

    /// <summary>Handles an answer that is an error.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="reason">Its phrase.</param>
    /// <param name="body">What came with it.</param>
    /// <param name="wait">How long to wait, where the server says so.</param>
    /// <param name="server">The server.</param>
    /// <param name="key">The key that was sent, so that it is not shown.</param>
    /// <returns>The reply, where the error is about this prompt alone: too long, or refused.</returns>
    /// <exception cref="PassingException">It may pass.</exception>
    /// <exception cref="RewardKitException">It will not.</exception>
    public static TextReply Handle(int status, string? reason, byte[] body, TimeSpan? wait, ServerOptions server, string? key)
    {
        var (said, codes) = Read(body);
        if (status is 400 or 413 or 422 or 500 && (codes.Contains("context_length_exceeded") || codes.Contains("exceed_context_size_error") || TooLong().IsMatch(said)))
            return new("", FinishReason.ContextFull);
        if (status is 400 or 403 or 422 && codes.Any(s_filters.Contains)) return new("", FinishReason.Refused);

        var what = $"{status}{(string.IsNullOrEmpty(reason) ? "" : $" {reason}")}{(said.Length == 0 ? "" : $": {Short(said, key)}")}";
        if (status == 402 || codes.Any(s_quota.Contains))
            throw RewardKitException.Failure($"{Begin(server)} is over its quota ({what}). Raise the quota or wait until it is renewed.");
        if (status is 408 or 409 or 425 or 429 or >= 500 and not 501)
        {
            if (wait > server.LongestWait)
                throw RewardKitException.Failure(FormattableString.Invariant(
                    $"{Begin(server)} wants to be left alone for {wait.Value.TotalMinutes:0} minutes ({what}). Run the same command again then."));
            throw new PassingException(what, wait);
        }
        throw RewardKitException.Input($"{Begin(server)} refuses the request ({what}). {Mend(status, server, key)}");
    }

    /// <summary>A text as a message may show it: short, in one line, without the key.</summary>
    public static string Short(string text, string? key)
    {
        if (!string.IsNullOrEmpty(key)) text = text.Replace(key, "…", StringComparison.Ordinal);
        text = Space().Replace(KeyLike().Replace(text, "…"), " ").Trim().TrimEnd('.');
        return text.Length <= Shown ? text : text[..Shown] + "…";
    }

    private static string Begin(ServerOptions server) => $"The text generator at {server.Shown} (model {server.Model})";

    private static string Mend(int status, ServerOptions server, string? key) => status switch
    {
        401 or 403 when key is null => server.KeyName is { } name
            ? $"It wants a key, and the environment variable {name} is not set: set it, or name another one as the generator's key."
            : "It wants a key: put it into an environment variable, and name that as the generator's key.",
        401 or 403 => $"Check the key in the environment variable {server.KeyName}, and what it is allowed to do.",
        404 or 405 => "Check the generator's url, which usually ends in /v1, and the model's name.",
        >= 300 and < 400 => "It has moved: name the new url.",
        _ => "Check the model's name, and whether the server takes the options and roles that it was asked with.",
    };

    // What a server says of an error stands in many places; the codes are in lower case.
    private static (string Said, HashSet<string> Codes) Read(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body);
        var codes = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0) root = root[0];
            if (root.ValueKind != JsonValueKind.Object) return (text, codes);
            var error = root.TryGetProperty("error", out var inner) ? inner : root;
            foreach (var part in new[] { root, error })
                foreach (var name in new[] { "code", "type", "error_type", "status" })
                    if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty(name, out var code) && code.ValueKind == JsonValueKind.String)
                        codes.Add(code.GetString()!.ToLowerInvariant());
            if (error.ValueKind == JsonValueKind.String) return (error.GetString()!, codes);
            foreach (var name in new[] { "message", "detail" })
                if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out var message))
                    return (message.ValueKind == JsonValueKind.String ? message.GetString()! : message.GetRawText(), codes);
            return (error.GetRawText(), codes);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (text, codes);
        }
    }

    // vLLM, SGLang, llama.cpp, OpenAI, TGI, in this order.
    [GeneratedRegex(
        "maximum context length|longer than the maximum model length|longer than the model's context length|exceeds? the available context size"
        + "|context[_ ]length[_ ]exceeded|`inputs` must have less than|`inputs` tokens \\+ `max_new_tokens` must be", RegexOptions.IgnoreCase)]
    private static partial Regex TooLong();

    // A server that says which key was wrong.
    [GeneratedRegex("\\b(?:sk|pk|hf|gsk|xai)[-_][A-Za-z0-9_*-]{6,}")]
    private static partial Regex KeyLike();

    [GeneratedRegex("\\s+")]
    private static partial Regex Space();
}
