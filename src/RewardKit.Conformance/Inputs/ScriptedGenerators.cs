using RewardKit.Hosting.Generators;

namespace RewardKit.Conformance;

/// <summary>Text generators whose answers are known beforehand, for the rules and for authors' own tests.</summary>
public static class ScriptedGenerators
{
    private static readonly string[] Vocabulary = ["bread", "rises", "slowly", "because", "water", "and", "warmth", "wake", "the", "yeast", "every", "time"];

    /// <summary>
    /// Answers each prompt with a few words that have nothing to do with it. The same prompt and options get the same words;
    /// where it samples, another seed gets others.
    /// </summary>
    public static ScriptedGenerator Words() => new(request => Reply(Sentence(request)), "words");

    /// <summary>
    /// Answers each prompt as a judge that guesses, in the form of MT-Bench: a few words, then a rating from 1 to 10 and which of
    /// two answers is the better one, <c>[[7]] [[B]]</c>; <c>[[C]]</c> is a tie.
    /// </summary>
    public static ScriptedGenerator Verdicts() => new(request =>
    {
        var words = Sentence(request);
        return Reply($"{words} [[{1 + words.Length % 10}]] [[{"ABC"[words.Length % 3]}]]");
    }, "verdicts");

    /// <summary>Answers the last turn of a prompt by a function, each text whole.</summary>
    /// <param name="answer">From the turn's content to the answer.</param>
    public static ScriptedGenerator Of(Func<string, string> answer) => ScriptedGenerator.Of(answer);

    /// <summary>Answers by a function that sees the whole request and says how the answer ends.</summary>
    /// <param name="answer">The function; several threads may call it.</param>
    public static ScriptedGenerator Of(Func<TextRequest, TextReply> answer) => new(answer);

    /// <summary>Answers the last turn of a prompt by a table. It refuses prompts that it does not know.</summary>
    /// <param name="answers">From the turn's content to the answer.</param>
    public static ScriptedGenerator Table(IReadOnlyDictionary<string, string> answers) => ScriptedGenerator.Of(
        prompt => answers.TryGetValue(prompt, out var answer) ? answer : throw new ArgumentException($"The table has no answer to \"{prompt}\"."));

    /// <summary>Answers nothing: a server that refuses every prompt.</summary>
    public static ScriptedGenerator Refusing() => new(_ => new("", FinishReason.Refused), "refusing");

    /// <summary>Answers as another one does, but cut off after so many characters, as when the length is used up.</summary>
    /// <param name="whole">The other one.</param>
    /// <param name="characters">How many characters are left.</param>
    public static ScriptedGenerator CutOff(ITextGenerator whole, int characters) => new(
        request =>
        {
            var reply = whole.GenerateAsync([request]).GetAwaiter().GetResult()[0];
            return reply.Text.Length <= characters ? reply : reply with { Text = reply.Text[..characters], Finish = FinishReason.MaxTokens };
        },
        "cut off");

    /// <summary>As <see cref="Words"/>, but so slow that only a cancellation ends it soon.</summary>
    internal static SlowGenerator Slow() => new(Words());

    /// <summary>Answers as another one does, and knows how often.</summary>
    internal static ScriptedGenerator Counting(ITextGenerator inner) => new(request => inner.GenerateAsync([request]).GetAwaiter().GetResult()[0], inner.Name);

    private static string Sentence(TextRequest request)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var letter in request.Prompt.ToString()) hash = unchecked((hash ^ letter) * 1_099_511_628_211);
        if (request.Options.Temperature > 0) hash = unchecked((hash ^ (ulong)request.Options.Seed) * 0x9E3779B97F4A7C15);
        var random = new Random((int)(hash >> 33));
        return string.Join(' ', Enumerable.Range(0, 3 + random.Next(9)).Select(_ => Vocabulary[random.Next(Vocabulary.Length)])) + ".";
    }

    private static TextReply Reply(string text) => new(text, FinishReason.StopToken, Tokens: text.Count(letter => letter == ' ') + 2);
}

/// <summary>A text generator that takes its time; after some seconds the rest comes at once, so that nothing hangs that ignores its token.</summary>
internal sealed class SlowGenerator(ITextGenerator inner) : ITextGenerator
{
    private const int Patience = 3000;
    private long? _begin;

    public string Name => "slow";

    /// <summary>How many requests were taken.</summary>
    public int Asked { get; private set; }

    public async Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
    {
        var begin = _begin ??= Environment.TickCount64;
        foreach (var _ in requests)
        {
            Asked++;
            if (Environment.TickCount64 - begin < Patience) await Task.Delay(20, cancellation).ConfigureAwait(false);
        }
        return await inner.GenerateAsync(requests, cancellation).ConfigureAwait(false);
    }
}
