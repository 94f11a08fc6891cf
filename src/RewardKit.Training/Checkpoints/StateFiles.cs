using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RewardKit.Training.Checkpoints;

/// <summary>A <see cref="TrainingState"/> as <c>state.json</c>, <c>log.jsonl</c> and, of a loss that remembers something, <c>loss.bin</c>. Numbers come back to the last bit.</summary>
internal static class StateFiles
{
    private const string Loss = "loss.bin";

    // A reward that is no number is a result, too.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Write(string folder, TrainingState state)
    {
        var lines = string.Concat(state.Log.Select(s => JsonSerializer.Serialize(s, Json) + "\n"));
        File.WriteAllBytes(Path.Combine(folder, "log.jsonl"), Encoding.UTF8.GetBytes(lines));
        File.WriteAllBytes(Path.Combine(folder, "state.json"), JsonSerializer.SerializeToUtf8Bytes(state, Json));
        if (state.Loss is { } loss) File.WriteAllBytes(Path.Combine(folder, Loss), loss);
    }

    public static TrainingState Read(string folder) =>
        JsonSerializer.Deserialize<TrainingState>(File.ReadAllBytes(Path.Combine(folder, "state.json")), Json)! with
        {
            Log = [.. File.ReadLines(Path.Combine(folder, "log.jsonl")).Select(line => JsonSerializer.Deserialize<StepLog>(line, Json)!)],
            Loss = File.Exists(Path.Combine(folder, Loss)) ? File.ReadAllBytes(Path.Combine(folder, Loss)) : null,
        };
}
