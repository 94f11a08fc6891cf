using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// A reward model as a scorer. Consecutive requests with the same prompt share its computation; batches hold texts of
/// similar length, up to a number of tokens. Neither changes a score beyond float32 rounding (1e-5).
/// </summary>
/// <param name="name">A name for messages and reports.</param>
/// <param name="model">The model; stays the caller's.</param>
/// <param name="encoder">How texts become the model's tokens.</param>
/// <param name="batchTokens">The most tokens in a batch; a longer text goes alone.</param>
public sealed class Scorer(string name, RewardModel model, PairEncoder encoder, int batchTokens = 8192) : IPlaceScorer
{
    /// <inheritdoc/>
    public string Name => name;

    /// <summary>Told, after each batch, how many requests are done, and how many there are.</summary>
    public Action<int, int>? Progress { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. Run(requests, ForwardNeeds.Rewards, output => output.Rewards!, _ => 1, cancellation).Select(one => one[0])];

    /// <summary>All outputs of the model's head, for models that have a scalar head.</summary>
    /// <param name="requests">The responses.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>As many numbers a request as the head has outputs; the first is the reward.</returns>
    public IReadOnlyList<double[]> ScoreOutputs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        Run(requests, ForwardNeeds.Heads, output => output.HeadRewards!.reshape(-1), _ => model.Outputs, cancellation);

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default)
    {
        int[][] tokens = [.. requests.Select(request => encoder.TokensAt(request.Prompt, request.Response, request.Ends))];
        var rewards = Run(
            [.. requests.Select(request => new ScoreRequest(request.Prompt, request.Response))], ForwardNeeds.TokenRewards, output => output.TokenRewards!,
            response => response.Length, cancellation);
        return [.. tokens.Zip(rewards, (places, of) => places.Select(token => token < 0 ? of[^1] : of[token]).ToArray())];
    }

    // For each request as many numbers as its response has of them.
    private double[][] Run(
        IReadOnlyList<ScoreRequest> requests, ForwardNeeds needs, Func<ModelOutput, Tensor> choose, Func<int[], int> width, CancellationToken cancellation)
    {
        var scores = new double[requests.Count][];
        var done = 0;
        using var noGradients = no_grad();
        foreach (var batch in ScoringGroup.InBatches(Groups(requests), batchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var packed = new PackedBatch([.. batch.SelectMany(group => group.Items)], model.Device);
            var rewards = choose(model.Forward(packed, needs)).to(ScalarType.Float64).cpu().data<double>().ToArray();
            var at = 0;
            foreach (var group in batch)
            {
                foreach (var (place, response) in group.Items[0].Responses.Index())
                {
                    var numbers = width(response);
                    scores[group.First + place] = rewards[at..(at + numbers)];
                    at += numbers;
                }
                done += group.Requests;
            }
            Progress?.Invoke(done, requests.Count);
        }
        return scores;
    }

    private List<ScoringGroup> Groups(IReadOnlyList<ScoreRequest> requests)
    {
        var groups = new List<ScoringGroup>();
        for (var first = 0; first < requests.Count;)
        {
            var prompt = requests[first].Prompt;
            var end = first + 1;
            while (end < requests.Count && requests[end].Prompt.Equals(prompt)) end++;
            int[][] responses = [.. Enumerable.Range(first, end - first).Select(i => encoder.EncodeResponse(prompt, requests[i].Response).Ids)];
            var item = new PackedItem(encoder.EncodePrompt(prompt).Ids, responses);
            groups.Add(new([item], first, end - first));
            first = end;
        }
        return groups;
    }
}
