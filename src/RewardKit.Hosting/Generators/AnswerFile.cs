using RewardKit.Training.Data;

namespace RewardKit.Hosting.Generators;

/// <summary>Answers from a file: a JSON object a line with <c>prompt</c>, the content of a prompt's last turn, and <c>reply</c>.</summary>
internal static class AnswerFile
{
    /// <summary>Reads the file and makes it a generator, which refuses prompts that it does not have.</summary>
    /// <param name="path">The file, plain or gzip.</param>
    /// <exception cref="RewardKitException">The file is not there, malformed, or has a prompt twice with different replies.</exception>
    public static ScriptedGenerator Open(string path)
    {
        var answers = new Dictionary<string, string>();
        foreach (var record in JsonLines.Read(path))
        {
            var (prompt, reply) = (record.Text("prompt"), record.Text("reply"));
            if (!answers.TryAdd(prompt, reply) && answers[prompt] != reply) throw record.Malformed("the prompt is there twice, with different replies");
        }
        return ScriptedGenerator.Of(
            prompt => answers.TryGetValue(prompt, out var reply) ? reply : throw RewardKitException.Input(
                $"{path} has no reply to the prompt \"{ServerError.Short(prompt, null)}\". Add a line with it as \"prompt\", and with its \"reply\"."),
            Path.GetFileName(path));
    }
}
