using System.Collections;

namespace RewardKit.Training.Data;

/// <summary>Some pairs of other lists, in an order of its own; it holds their places, not the pairs.</summary>
/// <param name="places">Where each pair is.</param>
internal sealed class PairView(PairPlace[] places) : IReadOnlyList<PreferenceExample>
{
    /// <inheritdoc/>
    public int Count => places.Length;

    /// <inheritdoc/>
    public PreferenceExample this[int index] => places[index].Pair;

    /// <summary>Those pairs of a list that meet a condition.</summary>
    public static PairView Of(IReadOnlyList<PreferenceExample> pairs, Func<PreferenceExample, bool> condition) =>
        new([.. pairs.Index().Where(p => condition(p.Item)).Select(p => new PairPlace(pairs, p.Index))]);

    /// <inheritdoc/>
    public IEnumerator<PreferenceExample> GetEnumerator() => places.Select(p => p.Pair).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A pair in a list.</summary>
/// <param name="List">The list.</param>
/// <param name="Index">Its index there.</param>
/// <param name="Time">The how manieth time it is taken, from 1; from the second on its id says so.</param>
internal readonly record struct PairPlace(IReadOnlyList<PreferenceExample> List, int Index, int Time = 1)
{
    /// <summary>The pair.</summary>
    public PreferenceExample Pair => Time == 1 ? List[Index] : List[Index] with { Id = $"{List[Index].Id}#{Time}" };
}
