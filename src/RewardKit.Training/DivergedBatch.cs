using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RewardKit.Training;

/// <summary>The batch at which a loss stopped being a number, as a file of pairs that can be looked at and trained on again.</summary>
internal static class DivergedBatch
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // Here a NaN is the very thing to be seen.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes one line a pair: id, prompt, chosen and rejected as messages, and the rewards they had.</summary>
    /// <returns>The file, <c>diverged-step-N.jsonl</c>.</returns>
    public static string Save(string folder, int step, IReadOnlyList<PreferenceExample> examples, StepRewards rewards)
    {
        var path = Path.Combine(folder, $"diverged-step-{step}.jsonl");
        var lines = examples.Select((e, i) => JsonSerializer.Serialize(
            new
            {
                e.Id,
                Prompt = Messages(e.Prompt),
                Chosen = Messages(e.Chosen),
                Rejected = Messages(e.Rejected),
                RewardChosen = rewards.Of(i)?.Chosen,
                RewardRejected = rewards.Of(i)?.Rejected,
            },
            Json));
        try
        {
            File.WriteAllLines(path + ".tmp", lines);
            File.Move(path + ".tmp", path, overwrite: true);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RewardKitException.Failure($"The loss is no longer a number, and the batch that caused it cannot be written to {path}: {e.Message}", e);
        }
    }

    private static IEnumerable<object> Messages(Conversation conversation) =>
        conversation.Messages.Select(m => new { m.Role, m.Content });
}
