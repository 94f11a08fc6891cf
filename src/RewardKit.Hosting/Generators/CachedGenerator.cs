using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace RewardKit.Hosting.Generators;

/// <summary>
/// A text generator that is asked nothing twice: equal requests get one answer, and every answer is kept as soon as it comes,
/// refusals and texts that were cut off, too. Errors are not kept, nor is a prompt that did not fit a context: another
/// server may have more room.
/// </summary>
/// <param name="name">A name for messages and reports.</param>
/// <param name="identity">What decides the answers beside the requests: the model, not the place it is asked at.</param>
/// <param name="open">Makes the generator that is asked for what is not there; disposed with this. Not called where all is there.</param>
/// <param name="answers">Where answers are kept, disposed with this; null for nowhere.</param>
/// <param name="meter">Counts.</param>
public sealed class CachedGenerator(
    string name, string identity, Func<ITextGenerator> open, AnswerStore? answers, GenerationMeter? meter = null) : ITextGenerator, IDisposable
{
    // Of a generator that gives its answers all at once, no more are lost than these.
    private const int AtOnce = 32;
    private readonly Lazy<ITextGenerator> _inner = new(open);
    private readonly GenerationMeter _meter = meter ?? new();

    /// <inheritdoc/>
    public string Name => name;

    /// <summary>Why no answer could be had; null as long as all is well.</summary>
    public RewardKitException? Failure { get; private set; }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
    {
        var replies = new TextReply[requests.Count];
        _meter.Begin(requests.Count);
        try
        {
            var missing = Missing(requests, replies, cancellation);
            if (missing.Count > 0) await AskAsync(requests, missing, replies, cancellation).ConfigureAwait(false);
        }
        catch (RewardKitException e)
        {
            Failure = Told(e);
            if (ReferenceEquals(Failure, e)) throw;
            throw Failure;
        }
        finally
        {
            _meter.End();
        }
        return replies;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_inner.IsValueCreated) (_inner.Value as IDisposable)?.Dispose();
        answers?.Dispose();
    }

    // The places of each request that no answer is there for.
    private List<(byte[] Key, List<int> Places)> Missing(IReadOnlyList<TextRequest> requests, TextReply[] replies, CancellationToken cancellation)
    {
        var missing = new Dictionary<string, (byte[] Key, List<int> Places)>();
        for (var i = 0; i < requests.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var key = KeyOf(requests[i]);
            var text = Convert.ToBase64String(key);
            if (missing.TryGetValue(text, out var same)) same.Places.Add(i);
            else if (answers?.Find(key) is { } reply) _meter.Take(replies[i] = reply, found: true);
            else missing.Add(text, (key, [i]));
        }
        return [.. missing.Values];
    }

    private async Task AskAsync(IReadOnlyList<TextRequest> requests, List<(byte[] Key, List<int> Places)> missing, TextReply[] replies, CancellationToken cancellation)
    {
        TextRequest[] asked = [.. missing.Select(m => requests[m.Places[0]])];
        if (_inner.Value is ITextSource source)
        {
            await source.AnswerAsync(asked, Take, cancellation).ConfigureAwait(false);
            return;
        }
        for (var start = 0; start < asked.Length; start += AtOnce)
        {
            var part = await _inner.Value.GenerateAsync(asked[start..Math.Min(start + AtOnce, asked.Length)], cancellation).ConfigureAwait(false);
            for (var i = 0; i < part.Count; i++) Take(start + i, part[i]);
        }

        void Take(int place, TextReply reply)
        {
            var (key, places) = missing[place];
            if (answers is not null && reply is not { Finish: FinishReason.ContextFull, Text: "" }) reply = answers.Keep(key, reply);
            foreach (var (nth, at) in places.Index()) _meter.Take(replies[at] = reply, found: nth > 0);
        }
    }

    private RewardKitException Told(RewardKitException e)
    {
        if (answers is null || _meter.Answered == 0) return e;
        var message = $"{e.Message} {_meter.Answered} texts that were generated before are kept in {answers.File}: the same command goes on from there.";
        return e.ExitCode == 2 ? RewardKitException.Input(message, e) : RewardKitException.Failure(message, e);
    }

    private byte[] KeyOf(TextRequest request) =>
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new KeyParts(identity, request.Prompt.Messages, request.Options)));

    private sealed record KeyParts(string Generator, ImmutableArray<Message> Messages, GenerationOptions Options);
}
