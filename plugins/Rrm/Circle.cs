namespace RewardKit.Plugins.Rrm;

/// <summary>
/// Gives each preference two others, so that the three prompts differ and each preference is the first other of exactly one,
/// and the second of exactly one: the paper's two permutations, without the coincidences that its code leaves in. The
/// preferences stand on a circle in random order, those of one prompt side by side; two steps around it, each long enough
/// to leave the largest prompt behind, are the permutations. Where no prompt occurs twice, every three are equally likely.
/// </summary>
internal sealed class Circle
{
    private readonly PreferenceExample[] _rows;
    private readonly int _first, _second; // steps

    /// <summary>Draws one.</summary>
    /// <param name="rows">The preferences.</param>
    /// <param name="random">Decides the order and the steps.</param>
    /// <exception cref="RewardKitException">More than a third of them have the same prompt.</exception>
    public Circle(IReadOnlyList<PreferenceExample> rows, Random random)
    {
        // GroupBy keeps the order of first appearance, so that nothing depends on hash codes.
        var prompts = rows.GroupBy(row => row.Prompt).Select(group => group.ToArray()).ToArray();
        var largest = prompts.MaxBy(group => group.Length) ?? [];
        if (3 * largest.Length > rows.Count)
        {
            throw RewardKitException.Input(
                $"rrm: each preference takes answers from two others, all three with different prompts, but {largest.Length} of "
                + $"the {rows.Count} preferences have the prompt of {largest[0].Id}; at most a third may share one. Give it more data.");
        }
        random.Shuffle(prompts);
        foreach (var group in prompts) random.Shuffle(group);
        _rows = [.. prompts.SelectMany(group => group)];
        // The circle falls into three arcs, each at least as long as the largest prompt.
        var spare = rows.Count - 3 * largest.Length;
        var (one, other) = (random.Next(spare + 1), random.Next(spare + 1));
        (_first, _second) = (largest.Length + Math.Min(one, other), 2 * largest.Length + Math.Max(one, other));
        if (random.Next(2) == 0) (_first, _second) = (_second, _first);
    }

    /// <summary>Every preference with its two others.</summary>
    public IEnumerable<(PreferenceExample I, PreferenceExample J, PreferenceExample K)> Triples()
    {
        for (var i = 0; i < _rows.Length; i++)
            yield return (_rows[i], _rows[(i + _first) % _rows.Length], _rows[(i + _second) % _rows.Length]);
    }
}
