using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using RewardKit.Hosting.Generators;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// A policy that computes nothing twice. What is asked of one prompt at a time is computed and kept together, so that a number
/// has the same bits however often the work was interrupted.
/// </summary>
/// <param name="name">A name for messages.</param>
/// <param name="identity">What decides its numbers beside the requests.</param>
/// <param name="open">Makes the policy that computes; not called where all is there. Stays the caller's.</param>
/// <param name="store">Where numbers are kept; stays the caller's.</param>
/// <param name="progress">Told how many responses are done, and of how many; null for nobody.</param>
internal sealed class CachedPolicy(string name, string identity, Func<IPolicy> open, AnswerStore store, Action<int, int>? progress = null) : IPolicy
{
    // Of a model that has run away a log-probability may be no number.
    internal static readonly JsonSerializerOptions Numbers = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly Lazy<IPolicy> _inner = new(open);

    public string Name => name;

    public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
    {
        var results = new List<ResponseLogProb>(requests.Count);
        while (results.Count < requests.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            var prompt = requests[results.Count].Prompt;
            ScoreRequest[] group = [.. requests.Skip(results.Count).TakeWhile(r => r.Prompt.Equals(prompt))];
            ScoreRequest[] distinct = [.. group.Distinct()];
            var key = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
                new KeyParts(identity, prompt.Messages, [.. distinct.Select(r => r.Response.Messages)])));
            if (Read(store.Find(key)?.Text, distinct.Length) is not { } known)
            {
                known = [.. _inner.Value.LogProbs(distinct, cancellation)];
                store.Keep(key, new(JsonSerializer.Serialize(known, Numbers), FinishReason.StopToken));
            }
            var byResponse = distinct.Zip(known).ToDictionary(p => p.First, p => p.Second);
            results.AddRange(group.Select(r => byResponse[r]));
            progress?.Invoke(results.Count, requests.Count);
        }
        return results;
    }

    private static ResponseLogProb[]? Read(string? kept, int count) =>
        kept is not null && JsonSerializer.Deserialize<ResponseLogProb[]>(kept, Numbers) is { } numbers && numbers.Length == count ? numbers : null;

    private sealed record KeyParts(string LogProbsOf, ImmutableArray<Message> Prompt, ImmutableArray<Message>[] Responses);
}

/// <summary>Keeps what training computes of its starting model where answers are kept.</summary>
/// <param name="identity">The starting model.</param>
/// <param name="store">Where numbers are kept; stays the caller's.</param>
internal sealed class KeptLogProbs(string identity, AnswerStore store) : Training.ILogProbStore
{
    public float[]? Find(byte[] content) =>
        store.Find(Key(content)) is { } kept ? JsonSerializer.Deserialize<float[]>(kept.Text, CachedPolicy.Numbers) : null;

    public void Keep(byte[] content, float[] logProbs) => store.Keep(Key(content), new(JsonSerializer.Serialize(logProbs, CachedPolicy.Numbers), FinishReason.StopToken));

    private byte[] Key(byte[] content) => SHA256.HashData([.. content, .. System.Text.Encoding.UTF8.GetBytes(identity)]);
}
