using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>A prompt and the responses that share it, as token ids.</summary>
/// <param name="Prompt">The prompt; at least one token.</param>
/// <param name="Responses">The responses; each may be empty.</param>
/// <param name="LastTurns">By response, how many tokens at its end are a last turn behind others; null: 0 each.</param>
public readonly record struct PackedItem(int[] Prompt, IReadOnlyList<int[]> Responses, IReadOnlyList<int>? LastTurns = null);

/// <summary>
/// Texts laid end to end without padding: each prompt once, then its responses, which see the prompt and themselves
/// only. A sequence is a prompt with one response; sequences are numbered in the order of items, then responses.
/// </summary>
public sealed class PackedBatch : IDisposable
{
    private readonly Tensor _host;

    /// <summary>Packs prompts and responses.</summary>
    /// <param name="items">The prompts with their responses.</param>
    /// <param name="device">Where the model is; null: the CPU.</param>
    /// <exception cref="ArgumentException">A prompt has no token, or there is no response.</exception>
    public PackedBatch(IReadOnlyList<PackedItem> items, Device? device = null)
    {
        List<long> tokens = [], positions = [], last = [], predictFrom = [], targets = [], responseTokens = [], segments = [];
        var (lengths, lastTurns) = (new List<int>(), new List<int>());
        foreach (var (prompt, responses, turns) in items)
        {
            if (prompt.Length == 0) throw new ArgumentException("A prompt has at least one token.", nameof(items));
            var promptStart = tokens.Count;
            Add(prompt, 0, prefixStart: 0, prefixLength: 0);
            var promptLast = tokens.Count - 1;
            foreach (var (place, response) in responses.Index())
            {
                var start = tokens.Count;
                for (var i = 0; i < response.Length; i++)
                {
                    predictFrom.Add(i == 0 ? promptLast : start + i - 1);
                    targets.Add(response[i]);
                    responseTokens.Add(start + i);
                }
                Add(response, prompt.Length, promptStart, prompt.Length);
                last.Add(response.Length == 0 ? promptLast : tokens.Count - 1);
                lengths.Add(response.Length);
                lastTurns.Add(turns?[place] ?? 0);
            }
        }
        if (lengths.Count == 0) throw new ArgumentException("A batch has at least one response.", nameof(items));
        (ResponseLengths, LastTurnLengths) = ([.. lengths], [.. lastTurns]);

        // One array, so that one copy brings all of it to the device.
        long[] all = [.. tokens, .. positions, .. last, .. predictFrom, .. targets, .. responseTokens];
        _host = tensor(all, device: device);
        var at = 0;
        TokenIds = Part(tokens.Count);
        Positions = Part(tokens.Count);
        LastTokens = Part(last.Count);
        PredictFrom = Part(targets.Count);
        Targets = Part(targets.Count);
        ResponseTokens = Part(targets.Count);
        Segments = tensor([.. segments], [segments.Count / 4, 4]);

        void Add(int[] ids, int position, int prefixStart, int prefixLength)
        {
            if (ids.Length == 0) return;
            segments.AddRange([tokens.Count, ids.Length, prefixStart, prefixLength]);
            foreach (var id in ids)
            {
                tokens.Add(id);
                positions.Add(position++);
            }
        }

        Tensor Part(int length)
        {
            var part = _host.narrow(0, at, length);
            at += length;
            return part;
        }
    }

    /// <summary>The tokens of all texts, <c>[tokens]</c>, int64.</summary>
    public Tensor TokenIds { get; }

    /// <summary>Each token's place in its sequence, <c>[tokens]</c>, int64: every response goes on from its prompt.</summary>
    public Tensor Positions { get; }

    /// <summary>
    /// The stretches that attend within themselves, <c>[segments, 4]</c>, int64, on the CPU: start, length, and start and
    /// length of the prefix they see as well (a response's prompt).
    /// </summary>
    public Tensor Segments { get; }

    /// <summary>
    /// The row of each sequence's last token, <c>[sequences]</c>, int64; the prompt's last token for an empty response.
    /// </summary>
    public Tensor LastTokens { get; }

    /// <summary>
    /// The row whose hidden state predicts each response token, <c>[response tokens]</c>, int64: the one before, and the
    /// prompt's last for the first.
    /// </summary>
    public Tensor PredictFrom { get; }

    /// <summary>The response tokens, sequence by sequence, <c>[response tokens]</c>, int64.</summary>
    public Tensor Targets { get; }

    /// <summary>The rows of the response tokens, sequence by sequence, <c>[response tokens]</c>, int64.</summary>
    public Tensor ResponseTokens { get; }

    /// <summary>The tokens of each sequence's response; empty responses have 0.</summary>
    public IReadOnlyList<int> ResponseLengths { get; }

    /// <summary>The tokens at the end of each response that are a last turn behind others; else 0.</summary>
    public IReadOnlyList<int> LastTurnLengths { get; }

    /// <summary>The number of sequences: prompts with one response each.</summary>
    public int Sequences => ResponseLengths.Count;

    /// <summary>The number of tokens in all.</summary>
    public long Tokens => TokenIds.NumberOfElements;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[TokenIds, Positions, Segments, LastTokens, PredictFrom, Targets, ResponseTokens, _host]) tensor.Dispose();
    }
}
