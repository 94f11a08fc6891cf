namespace RewardKit;

/// <summary>What a scorer says of a pair in each of the two orders in which it can show it.</summary>
/// <param name="FirstShownFirst">The log-odds that the request's first response is better, where that stands first.</param>
/// <param name="SecondShownFirst">The same, where the second one does.</param>
public readonly record struct OrderedOdds(double FirstShownFirst, double SecondShownFirst)
{
    /// <summary>Whether both orders name the same response, or both none.</summary>
    public bool Agree => Math.Sign(FirstShownFirst) == Math.Sign(SecondShownFirst);
}

/// <summary>
/// A pairwise scorer that shows each pair in both orders, and tells what it says in each: where they differ, it goes by places
/// and not by what the responses say.
/// </summary>
public interface IOrderedPairScorer : IPairScorer
{
    /// <summary>Compares pairs, and tells each order's view.</summary>
    /// <param name="requests">The pairs.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>For each pair in its order, the view of both; with the two responses exchanged, the opposite numbers the other way round.</returns>
    IReadOnlyList<OrderedOdds> CompareOrders(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default);
}
