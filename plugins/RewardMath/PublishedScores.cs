using System.Text.Json;
using RewardKit.Plugins.Benchmarks;
using RewardKit.Plugins.Steps;

namespace RewardKit.Plugins.RewardMath;

/// <summary>
/// Reads the score files that RewardMATH's authors publish (<c>results/RewardMATH/*_reward.json</c>): a problem's scores in
/// <c>score</c>, the right solution's first. A score is a number; a list of numbers, one a step, from a process model; or
/// "A", "B" or null from a judge of pairs, beside <c>chosen_position</c>, which says where the right solution stood.
/// </summary>
public static class PublishedScores
{
    /// <summary>Reads a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="steps">How the scores of steps become a solution's.</param>
    /// <returns>A problem's scores, the right solution's first.</returns>
    /// <exception cref="RewardKitException">A record is not of the form.</exception>
    public static IReadOnlyList<double[]> Read(string file, StepReward steps = StepReward.Product) =>
        [.. BenchmarkRecord.Read(file).Select(record => Scores(record, steps))];

    private static double[] Scores(BenchmarkRecord record, StepReward how)
    {
        var scores = List(record, "score");
        if (record.Has("chosen_position"))
        {
            var positions = List(record, "chosen_position");
            if (positions.Length != scores.Length)
                throw record.Wrong($"has {scores.Length} judgements in \"score\", but {positions.Length} positions in \"chosen_position\"");
            return RewardMathScore.OfComparisons([.. positions.Zip(scores, (position, judged) =>
                Side(record, position, "chosen_position") is { } right ? Side(record, judged, "score") == right
                    : throw record.Wrong("\"chosen_position\" has a null; where the right solution stood must be known"))]);
        }
        if (scores.Length < 2) throw record.Wrong("\"score\" has fewer than two scores, but must have the right solution's and a wrong one's");
        return [.. scores.Select(score => score.ValueKind == JsonValueKind.Array && score.GetArrayLength() > 0
            ? StepRewards.Of([.. score.EnumerateArray().Select(step => Number(record, step))], how)
            : Number(record, score))];
    }

    private static JsonElement[] List(BenchmarkRecord record, string field) => record.Field(field) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray()] : throw record.Wrong($"\"{field}\" must be a list");

    private static double Number(BenchmarkRecord record, JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetDouble() : throw record.Wrong($"\"score\" has {value.GetRawText()}, but must have numbers or lists of them");

    private static string? Side(BenchmarkRecord record, JsonElement value, string field) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String when value.GetString() is "A" or "B" => value.GetString(),
        _ => throw record.Wrong($"\"{field}\" has {value.GetRawText()}, but must have \"A\", \"B\" or null"),
    };
}
