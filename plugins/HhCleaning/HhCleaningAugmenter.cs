using System.Runtime.CompilerServices;

namespace RewardKit.Plugins.HhCleaning;

/// <summary>
/// Cleans preference pairs (<see cref="Cleaning"/>): what is no comparison goes, what is labelled the wrong way round is turned
/// about, what nobody agrees on goes, too. Ties have no label to be wrong and pass.
/// </summary>
[Augmenter("hh-cleaning", Paper = "arXiv:2409.19024", Traits = PluginTraits.DropsExamples)]
public sealed class HhCleaningAugmenter : IAugmenter
{
    private const int PairsAtOnce = 64; // enough to keep a server busy

    private readonly HhCleaningOptions _options;
    private readonly Committee _committee;

    /// <summary>Makes the augmenter.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The committee is too small, or a prompt cannot be used.</exception>
    public HhCleaningAugmenter(HhCleaningOptions options)
    {
        _options = options;
        _committee = new(options);
    }

    /// <inheritdoc/>
    public AugmenterNeeds Needs => _committee.Needs;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file of votes or of words is not in its form.</exception>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var evidence = new Evidence(_options, _committee.Size);
        var counts = new OrderedDictionary<string, long>();
        var block = new List<PreferenceExample>();
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            block.Add(example);
            if (block.Count < PairsAtOnce) continue;
            foreach (var pair in await CleanAsync(block, evidence, counts, context, cancellation)) yield return pair;
            block.Clear();
        }
        foreach (var pair in await CleanAsync(block, evidence, counts, context, cancellation)) yield return pair;
        foreach (var (reason, count) in counts) context.Count($"hh-cleaning.{reason}", count);
        if (_options.Votes is not null) context.Count("hh-cleaning.votes.of-no-pair", evidence.Unmet);
    }

    private async Task<List<PreferenceExample>> CleanAsync(
        List<PreferenceExample> block, Evidence evidence, OrderedDictionary<string, long> counts, AugmentationContext context,
        CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // Nobody need vote on what goes anyway.
        PreferenceExample[] judged = [.. block.Where(e => e.Relation == Relation.Preferred && Cleaning.Defect(e) is null && evidence.Of(e).Toxic != Toxic.Both)];
        var (ballots, unreadable) = await _committee.VoteAsync(judged, context, cancellation);
        var votes = judged.Zip(ballots).ToDictionary(v => v.First.Id, v => v.Second);
        if (unreadable > 0) Count("verdicts.unreadable", unreadable);
        var cleaned = new List<PreferenceExample>();
        foreach (var example in block)
        {
            if (example.Relation == Relation.Tie)
            {
                Count("ties");
                cleaned.Add(example);
                continue;
            }
            var findings = evidence.Of(example);
            findings = findings with { Votes = [.. findings.Votes, .. votes.GetValueOrDefault(example.Id, [])] };
            var (action, category) = Cleaning.Decide(example, findings, _options.Agreement);
            var result = action switch { Cleaned.Drop => null, Cleaned.Swap => Cleaning.Swap(example), _ => example };
            if (result is not null) cleaned.Add(result);
            var did = Word(action);
            Count($"{did}.{category.Replace(' ', '-')}");
            context.Decide(new(example, result, did, category, [.. findings.Votes.Select(vote => Word(vote))]));
        }
        return cleaned;

        void Count(string reason, long count = 1) => counts[reason] = counts.GetValueOrDefault(reason) + count;
    }

    private static string Word(Enum value) => value.ToString().ToLowerInvariant();
}
