using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Plugins.Crome;

/// <summary>Why an answer of the oracle is not used, as it is counted.</summary>
internal static class Flaws
{
    public const string Unparseable = "unparseable", WrongCount = "wrong-count", Weights = "weights", Empty = "empty", Unchanged = "unchanged",
        Missing = "missing", CutOff = "cut-off", Refused = "refused";
}

/// <summary>How the oracle is asked: what the augmenters that need one have in common.</summary>
internal interface IOracleOptions
{
    double Temperature { get; }
    int MaxTokens { get; }
    int Retries { get; }
    int? Seed { get; }
    string? Prompts { get; }
}

/// <summary>Counts what happened, in the order in which it first did.</summary>
/// <param name="method">The first part of each name.</param>
internal sealed class Tally(string method)
{
    private readonly OrderedDictionary<string, long> _counts = [];

    public void Add(string reason, long count = 1) => _counts[reason] = _counts.GetValueOrDefault(reason) + count;

    public void Report(AugmentationContext context)
    {
        foreach (var (reason, count) in _counts) context.Count($"{method}.{reason}", count);
    }
}

/// <summary>A question to the oracle.</summary>
/// <param name="Key">Tells it from all others of its stage; a part of its seed.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Read">Reads the answer.</param>
internal sealed record Question<T>(string Key, string Prompt, Func<string, Reading<T>> Read) where T : class;

/// <summary>
/// The language model that writes and judges. Questions of a stage are asked all at once, those with unusable answers again,
/// all at once, too; every answer that is not used is counted by reason.
/// </summary>
internal sealed class Oracle(ITextGenerator generator, IOracleOptions options, int seed, Tally tally)
{
    /// <summary>How many pairs go through the stages together: enough to keep a server busy.</summary>
    public const int PairsAtOnce = 256;

    /// <summary>Asks.</summary>
    /// <returns>What each answer says; null where no usable one came.</returns>
    public async Task<T?[]> AskAsync<T>(string stage, IReadOnlyList<Question<T>> questions, CancellationToken cancellation) where T : class
    {
        var (values, spares) = (new T?[questions.Count], new T?[questions.Count]);
        int[] open = [.. Enumerable.Range(0, questions.Count)];
        for (var attempt = 0; attempt <= options.Retries && open.Length > 0; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            TextRequest[] requests = [.. open.Select(i => Request(questions[i].Prompt, Seeds.Of(seed, questions[i].Key, stage, attempt)))];
            var replies = await generator.GenerateAsync(requests, cancellation);
            tally.Add($"{stage}.asked", requests.Length);
            var again = new List<int>();
            foreach (var (i, reply) in open.Zip(replies))
            {
                var (value, flaw) = Read(reply, questions[i].Read);
                if (flaw is null) values[i] = value;
                else
                {
                    tally.Add($"{stage}.{flaw}");
                    spares[i] ??= value;
                    // What a server refuses or what does not fit into the context will not be otherwise next time.
                    if (reply.Finish is not (FinishReason.Refused or FinishReason.ContextFull)) again.Add(i);
                }
            }
            open = [.. again];
        }
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is not null) continue;
            tally.Add(spares[i] is null ? $"{stage}.given-up" : $"{stage}.mended");
            values[i] = spares[i];
        }
        return values;
    }

    private static Reading<T> Read<T>(TextReply reply, Func<string, Reading<T>> read) where T : class =>
        reply.Finish == FinishReason.Refused ? new(null, Flaws.Refused)
        : !reply.IsComplete ? new(null, Flaws.CutOff)
        : string.IsNullOrWhiteSpace(reply.Text) ? new(null, Flaws.Empty)
        : read(reply.Text);

    private TextRequest Request(string prompt, uint seed) => new(
        Conversation.User(prompt), new() { MaxTokens = options.MaxTokens, Temperature = options.Temperature, Seed = seed });
}

/// <summary>Seeds and chances that depend on a seed and names alone, not on what else is drawn.</summary>
internal static class Seeds
{
    /// <summary>A seed of 31 bits, which every server takes.</summary>
    public static uint Of(int seed, params ReadOnlySpan<object> names) => BinaryPrimitives.ReadUInt32LittleEndian(Hash(seed, names)) >> 1;

    /// <summary>A number in [0, 1).</summary>
    public static double Chance(int seed, params ReadOnlySpan<object> names) => BinaryPrimitives.ReadUInt32LittleEndian(Hash(seed, names)) / 4294967296.0;

    private static byte[] Hash(int seed, ReadOnlySpan<object> names) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}\n{string.Join('\n', names)}")));
}
