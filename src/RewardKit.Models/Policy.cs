using RewardKit.Models.Tokenization;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// A language model as a policy. Responses to one prompt, one after the other, share its computation; every prompt goes alone
/// with its responses, so that a number has the same bits whatever else is asked for.
/// </summary>
/// <param name="name">A name for messages.</param>
/// <param name="model">The model; stays the caller's.</param>
/// <param name="encoder">How texts become the model's tokens.</param>
/// <param name="batchTokens">The most tokens in one pass; the responses of a prompt that have more are several passes.</param>
public sealed class Policy(string name, CausalModel model, PairEncoder encoder, int batchTokens = 8192) : IPolicy
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The model has no language-model head.</exception>
    public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
    {
        var results = new List<ResponseLogProb>(requests.Count);
        using var noGradients = no_grad();
        while (results.Count < requests.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var prompt = requests[results.Count].Prompt;
            var ids = encoder.EncodePrompt(prompt).Ids;
            var (responses, tokens) = (new List<int[]>(), (long)ids.Length);
            foreach (var request in requests.Skip(results.Count).TakeWhile(r => r.Prompt.Equals(prompt)))
            {
                var response = encoder.EncodeResponse(prompt, request.Response).Ids;
                if (responses.Count > 0 && tokens + response.Length > batchTokens) break;
                responses.Add(response);
                tokens += response.Length;
            }
            using var packed = new PackedBatch([new(ids, [.. responses])], model.Device);
            var sums = model.ResponseLogProbs(model.Hidden(packed), packed).to(ScalarType.Float64).cpu().data<double>().ToArray();
            results.AddRange(sums.Zip(responses, (sum, response) => new ResponseLogProb(sum, response.Length)));
        }
        return results;
    }
}
