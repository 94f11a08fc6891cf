using RewardKit.Conformance;
using RewardKit.Hosting.Generators;

namespace RewardKit.Plugins.LlmJudge.Tests;

/// <summary>Judges that do what the plugin's prompts ask, by rules of a test.</summary>
internal static class ScriptedJudge
{
    /// <summary>What is between the marks of a prompt.</summary>
    public static string Part(this TextRequest request, string name)
    {
        var text = request.Prompt.LastContent;
        var start = text.IndexOf($"<{name}>\n", StringComparison.Ordinal) + name.Length + 3;
        return text[start..text.IndexOf($"\n</{name}>", start, StringComparison.Ordinal)];
    }

    /// <summary>Whether two answers are to be compared, and not one to be rated.</summary>
    public static bool Compares(this TextRequest request) => request.Prompt.LastContent.Contains("<answer_a>\n", StringComparison.Ordinal);

    /// <summary>Says the same whatever it is asked.</summary>
    public static ScriptedGenerator Always(string reply) => ScriptedGenerators.Of(_ => reply);

    /// <summary>Compares by a function of the answers shown as A and as B.</summary>
    public static ScriptedGenerator Comparing(Func<string, string, string> verdict) =>
        ScriptedGenerators.Of(request => Whole(verdict(request.Part("answer_a"), request.Part("answer_b"))));

    /// <summary>Prefers the longer answer wherever it stands.</summary>
    public static ScriptedGenerator Longer() => Comparing((a, b) => a.Length > b.Length ? "A says more. [[A]]" : b.Length > a.Length ? "B says more. [[B]]" : "Alike. [[C]]");

    public static TextReply Whole(string text) => new(text, FinishReason.StopToken);
}
