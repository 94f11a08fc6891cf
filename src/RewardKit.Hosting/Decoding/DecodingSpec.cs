using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;

namespace RewardKit.Hosting.Decoding;

/// <summary>Prompts to answer, and with what: a base model, what steers it, and how tokens are drawn.</summary>
public sealed record DecodingSpec
{
    /// <summary>The model that is decoded from.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The decoder; null: the model alone.</summary>
    public MethodUse? Decoder { get; init; }

    /// <summary>Further models that steer, with their weights.</summary>
    public IReadOnlyList<GuideSpec> Guides { get; init; } = [];

    /// <summary>What scores texts for a decoder that needs it; null for none.</summary>
    public ScorerSpec? Scorer { get; init; }

    /// <summary>What the base model is aligned to already, for a decoder that weighs the scorer against it; null for none.</summary>
    public ScorerSpec? BaselineScorer { get; init; }

    /// <summary>The scorer's weight, where there are no guides.</summary>
    public double ScorerWeight { get; init; } = 1;

    /// <summary>The model from which the distance of what is sampled is measured; null: not measured.</summary>
    public ModelSpec? Reference { get; init; }

    /// <summary>What is answered.</summary>
    public required IReadOnlyList<Conversation> Prompts { get; init; }

    /// <summary>Lengths, temperature, cuts and stops. The seed decides all draws, with prompt and number of the sample.</summary>
    public GenerationOptions Options { get; init; } = new();

    /// <summary>How many answers a prompt gets.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>The folder in which answers are kept, absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>What it is, in a few words.</summary>
    public string Name
    {
        get
        {
            var weights = Guides.Count > 0 ? string.Join(", ", Guides.Select(guide => FormattableString.Invariant($"{guide.Weight:0.####}")))
                : Scorer is null || Decoder is null ? "" : FormattableString.Invariant($"{ScorerWeight:0.####}");
            return $"{ModelNames.Of(Model)}{(Decoder is null ? "" : $" by {Decoder.Id}")}{(weights == "" ? "" : $" ({weights})")}";
        }
    }
}

/// <summary>A model that steers.</summary>
/// <param name="Model">The model.</param>
/// <param name="Weight">How strongly, 0 or more.</param>
public sealed record GuideSpec(ModelSpec Model, double Weight);

/// <summary>Models to make one of, without training.</summary>
/// <param name="Merger">The method.</param>
/// <param name="Models">The models with their shares; the result is like the first.</param>
/// <param name="Folder">The folder below which results are kept, absolute.</param>
public sealed record MergeSpec(MethodUse Merger, IReadOnlyList<GuideSpec> Models, string Folder);

/// <summary>An answer to a prompt.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Sample">Which of the prompt's answers, from 1.</param>
/// <param name="Text">The answer.</param>
/// <param name="Ids">Its tokens, the stop token included.</param>
/// <param name="LogProbs">Of each token, under the decoder's own scores before temperature and cuts.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="Divergence">As <see cref="GeneratedText.Divergence"/>, in nats; null where it was not measured.</param>
public sealed record Answer(
    Conversation Prompt, int Sample, string Text, IReadOnlyList<int> Ids, IReadOnlyList<double> LogProbs, FinishReason Finish, double? Divergence)
{
    /// <summary>The content of the prompt's last turn.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Question => Prompt.LastContent;

    /// <summary>How many tokens it has.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Tokens => Ids.Count;

    /// <summary>The sum of its tokens' log-probabilities.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double LogProb => LogProbs.Sum();
}
