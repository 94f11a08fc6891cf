using RewardKit.Conformance;
using RewardKit.Hosting.Generators;

namespace RewardKit.Plugins.CriticRm.Tests;

/// <summary>A critic that does what the plugin's prompts ask, by rules of a test.</summary>
internal static class ScriptedCritic
{
    /// <summary>What is between the marks of a prompt.</summary>
    public static string Part(this TextRequest request, string name)
    {
        var text = request.Prompt.LastContent;
        var start = text.IndexOf($"<{name}>\n", StringComparison.Ordinal) + name.Length + 3;
        return text[start..text.IndexOf($"\n</{name}>", start, StringComparison.Ordinal)];
    }

    /// <summary>Whether a critique is asked for, and not a mark or a summary.</summary>
    public static bool AsksForCritique(this TextRequest request) => request.Prompt.LastContent.StartsWith("You review", StringComparison.Ordinal);

    /// <summary>Critiques with scores from a list, in turn by the order of asking; summaries and marks likewise by rules.</summary>
    public static ScriptedGenerator Of(
        Func<string, IReadOnlyList<string>> scores, Func<string, string>? mark = null, Func<string, string>? summary = null)
    {
        var asked = new Dictionary<string, int>();
        return ScriptedGenerators.Of(request =>
        {
            if (request.AsksForCritique())
            {
                var answer = request.Part("answer");
                var place = asked[answer] = asked.GetValueOrDefault(answer, -1) + 1;
                var given = scores(answer);
                return Whole($"Critique {place} of {answer}.\nRating: {given[place % given.Count]}");
            }
            if (request.Prompt.LastContent.StartsWith("Somebody reviewed", StringComparison.Ordinal)) return Whole(mark!(request.Part("review")));
            return Whole(summary!(request.Part("reviews")));
        });
    }

    /// <summary>A critic that keeps nothing: its score depends on the answer and the seed alone, and good answers get more.</summary>
    public static ScriptedGenerator Forgetful() => ScriptedGenerators.Of(request =>
    {
        var luck = (int)(request.Options.Seed % 3);
        return !request.AsksForCritique() ? Whole($"A review. [[{1 + luck}]]")
            : Whole($"Luck was {luck}.\nRating: [[{(request.Part("answer").Length % 2 == 0 ? 6 : 5) + luck}]]");
    });

    public static TextReply Whole(string text) => new(text, FinishReason.StopToken);
}
