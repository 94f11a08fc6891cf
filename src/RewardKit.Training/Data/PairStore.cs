using RewardKit.Training.Checkpoints;

namespace RewardKit.Training.Data;

/// <summary>
/// Collects pairs one by one: in memory while they are few, then in a temporary file, so that the number of pairs is limited
/// by the disk and not by memory. What comes back is the same either way.
/// </summary>
/// <param name="charactersInMemory">How much text stays in memory, at most.</param>
public sealed class PairStore(long charactersInMemory = PairStore.CharactersInMemory)
{
    /// <summary>How much text stays in memory unless said otherwise: 200 MB of it.</summary>
    public const long CharactersInMemory = 100_000_000;

    private readonly List<PreferenceExample> _few = [];
    private StoredPairs? _many;
    private long _characters;

    /// <summary>How many there are.</summary>
    public int Count => _many?.Count ?? _few.Count;

    /// <summary>The pairs, in the order in which they came. Any thread may read them; none is to be added any more.</summary>
    public IReadOnlyList<PreferenceExample> Pairs => _many ?? (IReadOnlyList<PreferenceExample>)_few;

    /// <summary>Collects pairs.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <exception cref="RewardKitException">They do not fit into memory and cannot be written.</exception>
    public static IReadOnlyList<PreferenceExample> Collect(IEnumerable<PreferenceExample> pairs)
    {
        var store = new PairStore();
        foreach (var pair in pairs) store.Add(pair);
        return store.Pairs;
    }

    /// <summary>Takes a pair in.</summary>
    /// <exception cref="RewardKitException">The pairs do not fit into memory and cannot be written.</exception>
    public void Add(PreferenceExample pair)
    {
        try
        {
            if (_many is null && (_characters += Characters(pair)) <= charactersInMemory)
            {
                _few.Add(pair);
                return;
            }
            if (_many is null)
            {
                _many = new();
                foreach (var earlier in _few) _many.Add(earlier);
                _few.Clear();
                _few.Capacity = 0;
            }
            _many.Add(pair);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of("pairs that are too many for memory", $"{Path.GetTempPath()} (TMPDIR names another folder)", e);
        }
    }

    private static int Characters(PreferenceExample pair) => Length(pair.Prompt) + Length(pair.Chosen) + Length(pair.Rejected);

    private static int Length(Conversation turns) => turns.Messages.Sum(m => m.Content.Length);
}
