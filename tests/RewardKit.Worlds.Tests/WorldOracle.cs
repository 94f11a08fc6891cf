using System.Text.Json;
using System.Text.RegularExpressions;
using RewardKit.Hosting.Generators;

namespace RewardKit.Worlds.Tests;

/// <summary>
/// The language model that Crome asks, knowing what matters in the <see cref="World"/>: only whether the things named are of the
/// place. It makes answers better and worse in that, and passes a rewrite just if that and nothing else has changed.
/// </summary>
internal static class WorldOracle
{
    private const string Attribute = "Fit to the place";

    /// <summary>The generator of an experiment.</summary>
    public static GeneratorSpec Spec { get; } = new ScriptedSpec("the world's oracle", request => new(Answer(request.Prompt.LastContent), FinishReason.StopToken), "1");

    // Told apart by the form of answer that each of Crome's prompts asks for.
    private static string Answer(string prompt)
    {
        var question = Tagged("question");
        if (prompt.Contains("Verdict:", StringComparison.Ordinal)) return $"Verdict: {(Passes() ? "Pass" : "Fail")}";
        if (prompt.Contains("Rewritten answer:", StringComparison.Ordinal))
            return $"Rewrite notes: other things are named\nRewritten answer: {World.Rewritten(question, Tagged("answer"), Worse() ? 0 : World.Things)}";
        return prompt.Contains("{\"Attributes\"", StringComparison.Ordinal)
            ? JsonSerializer.Serialize(new Dictionary<string, object> { ["Attributes"] = new Dictionary<string, double> { [Attribute] = 1 } })
            : JsonSerializer.Serialize(new Dictionary<string, object> { [Attribute] = new[] { new { element = "a thing that is in the place", impact = "raises it: it answers the question" } } });

        bool Worse() => prompt.Split('\n')[0].Contains("worse", StringComparison.Ordinal);

        bool Passes()
        {
            var (original, rewrite) = (Tagged("original"), Tagged("rewrite"));
            var change = World.TrueReward(question, rewrite) - World.TrueReward(question, original);
            return (Worse() ? change < 0 : change > 0) && World.IsPolite(original) == World.IsPolite(rewrite);
        }

        string Tagged(string tag) => Regex.Match(prompt, $"<{tag}>\n(.*?)\n</{tag}>", RegexOptions.Singleline).Groups[1].Value;
    }
}
