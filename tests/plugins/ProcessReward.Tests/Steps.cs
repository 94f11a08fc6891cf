namespace RewardKit.Plugins.ProcessReward.Tests;

/// <summary>Responses whose lines are log-odds, and a scorer that reads them: at a place the number that its line has.</summary>
internal sealed class NumberScorer(double shift = 0) : IPlaceScorer
{
    public string Name => "numbers";

    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(request => At(request.Response.LastContent))];

    public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(request => request.Ends.Select(end => At(request.Response.LastContent[..end])).ToArray())];

    private double At(string text) =>
        (double.TryParse(text.Split('\n')[^1], System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0) + shift;

    /// <summary>The text whose steps have these log-odds.</summary>
    public static Conversation Of(params double[] logOdds) => Conversation.Assistant(string.Join('\n', logOdds.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture))));

    /// <summary>The labels of such a text.</summary>
    public static StepLabels Labels(Conversation text, params double[] right) => StepLabels.OfPieces(text.LastContent.Split('\n').Zip(right, (piece, label) => (piece, (double?)label)), "\n").Labels;
}
