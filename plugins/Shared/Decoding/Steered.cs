namespace RewardKit.Plugins.Decoding;

/// <summary>Answers where something steers.</summary>
internal static class Steered
{
    /// <summary>
    /// Lets the base alone answer the requests whose weights are all zero, so that its answers are its own to the last bit and
    /// nothing else is run for them, and has a method answer the others.
    /// </summary>
    /// <param name="requests">All requests.</param>
    /// <param name="context">The models and the host's loop.</param>
    /// <param name="options">How the base answers.</param>
    /// <param name="method">Answers those with weight.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>One answer a request, in their order.</returns>
    public static IReadOnlyList<GeneratedText> Decode(
        IReadOnlyList<DecodingRequest> requests, IDecodingContext context, GenerationOptions options,
        Func<IReadOnlyList<DecodingRequest>, IReadOnlyList<GeneratedText>> method, CancellationToken cancellation)
    {
        var (plain, steered) = (Where(isPlain: true), Where(isPlain: false));
        var answers = new GeneratedText[requests.Count];
        Fill(plain, own => context.Generate(own, step => TokenChoice.Of(step.Logits(context.Base)), options, cancellation));
        Fill(steered, method);
        return answers;

        // None stated: 1 each.
        int[] Where(bool isPlain) =>
            [.. Enumerable.Range(0, requests.Count).Where(i => isPlain == (requests[i].Weights.Count > 0 && requests[i].Weights.All(weight => weight == 0)))];

        void Fill(int[] places, Func<IReadOnlyList<DecodingRequest>, IReadOnlyList<GeneratedText>> answer)
        {
            if (places.Length == 0) return;
            foreach (var (place, text) in places.Zip(answer([.. places.Select(place => requests[place])]))) answers[place] = text;
        }
    }
}
