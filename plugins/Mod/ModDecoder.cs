using RewardKit.Plugins.Decoding;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Plugins.Mod;

/// <summary>
/// Multi-objective decoding (Shi et al., "Decoding-Time Language Model Alignment with Multiple Objectives", arXiv:2406.18853):
/// the guides are policies, each aligned to one objective from the same reference, which is the base, and
/// π(v) = π_ref(v) · (f′)⁻¹(−Z + Σ w_i f′(π_i(v) / π_ref(v))), with Z = 0 where it is no factor. Weights that sum to 1 need no
/// reference; with others it takes part by 1 − Σw. A model of weight zero is not run.
/// </summary>
/// <param name="options">Its settings.</param>
[Decoder("mod", Paper = "arXiv:2406.18853")]
public sealed class ModDecoder(ModOptions options) : IDecoder
{
    // Below what weights in float32 leave of a sum that is meant to be 1.
    private const double Rounding = 1e-6;

    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.Guides;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        return Steered.Decode(requests, context, context.Options, steered => context.Generate(steered, step => TokenChoice.Of(Scores(step)), cancellation: cancellation), cancellation);

        Tensor Scores(IDecodingStep step)
        {
            var rest = 1 - step.Weights.sum(1, keepdim: true); // [rows, 1]
            rest = rest.masked_fill(rest.abs() < Rounding, 0);
            var policies = Enumerable.Range(0, context.Guides.Count).Select(i => (Model: context.Guides[i], Weight: step.Weights.narrow(1, i, 1)));
            if (options.Divergence == Divergence.JsdExact) return JsdExact([.. policies.Where(IsUsed).Select(Run)], step.LogProbs(context.Base), rest);
            if (options.Divergence is not (Divergence.ReverseKl or Divergence.Jsd)) rest = rest.clamp_min(0); // means have no use for a negative share
            var members = policies.Append((context.Base, rest)).Where(IsUsed).Select(Run).ToArray();
            return options.Divergence switch
            {
                Divergence.ForwardKl => PowerMean(members, 1),
                Divergence.Alpha => PowerMean(members, options.Alpha),
                _ => GeometricMean(members),
            };

            (Tensor Weight, Tensor LogProbs) Run((ILanguageModel Model, Tensor Weight) member) => (member.Weight, step.LogProbs(member.Model));
        }
    }

    private static bool IsUsed((ILanguageModel Model, Tensor Weight) member) => member.Weight.abs().sum().item<float>() > 0;

    // Σ w log π. Beside rows in which a model has weight there may be some in which it has none, and 0 × −∞ is no number.
    private static Tensor GeometricMean(IEnumerable<(Tensor Weight, Tensor LogProbs)> members) =>
        members.Select(member => (member.Weight * member.LogProbs).masked_fill(member.Weight.eq(0), 0)).Aggregate((sum, next) => sum + next);

    // log (Σ w π^−p)^(−1/p); a factor of all weights is a constant.
    private static Tensor PowerMean(IEnumerable<(Tensor Weight, Tensor LogProbs)> members, double p) =>
        stack(members.Select(member => (member.Weight.log() - p * member.LogProbs).masked_fill(member.Weight.eq(0), double.NegativeInfinity)))
            .logsumexp(0) / -p;

    // f′(x) = log(2x / (1 + x)), so that with y = Σ w f′(π_i / π_ref) the score is log π_ref + y − log(2 − e^y). The reference's
    // own share has f′(1) = 0; weights that sum to more than 1 are brought to 1, where y stays below log 2.
    private static Tensor JsdExact((Tensor Weight, Tensor LogProbs)[] members, Tensor reference, Tensor rest)
    {
        var total = (1 - rest).clamp_min(1);
        // log(x / (1 + x)) = −softplus(−log x)
        var below = members.Select(member => (member.Weight / total * (reference - member.LogProbs).softplus()).masked_fill(member.Weight.eq(0), 0))
            .Aggregate((sum, next) => sum + next);
        var underLog2 = -rest.clamp_min(0) * Math.Log(2) - below; // y − log 2
        // In double precision, for the difference is all but zero where the policies are far above the reference.
        var difference = (1 - underLog2.to(float64).exp()).clamp_min(double.Epsilon);
        return (reference + underLog2 - difference.log().to(float32)).masked_fill(reference.eq(double.NegativeInfinity), double.NegativeInfinity);
    }
}
