using RewardKit;

namespace Acme.Namespace.Tests;

public sealed class MyMethodAugmenterTests
{
    private static readonly PreferenceExample Example = new(
        "1", Conversation.User("Two and two?"), Conversation.Assistant("Four."), Conversation.Assistant("Five."), new("by hand", 1));

    [Test]
    public async Task A_share_of_one_adds_every_preference_swapped()
    {
        var examples = await Augment(new() { Share = 1 }, Example);
        Assert.That(examples, Has.Count.EqualTo(2));
        Assert.That(examples[0], Is.EqualTo(Example));
        Assert.That(examples[1].Chosen, Is.EqualTo(Example.Rejected));
        Assert.That(examples[1].Rejected, Is.EqualTo(Example.Chosen));
    }

    [Test]
    public async Task A_tie_has_no_order_to_swap() =>
        Assert.That(await Augment(new() { Share = 1 }, Example with { Relation = Relation.Tie }), Has.Count.EqualTo(1));

    [Test]
    public async Task The_share_is_kept_on_average()
    {
        var many = Enumerable.Range(0, 10_000).Select(i => Example with { Id = $"{i}" });
        Assert.That(await Augment(new() { Share = 0.2 }, [.. many]), Has.Count.EqualTo(12_000).Within(200));
    }

    private static async Task<List<PreferenceExample>> Augment(MyMethodOptions options, params PreferenceExample[] examples) =>
        await new MyMethodAugmenter(options)
            .AugmentAsync(examples.ToAsyncEnumerable(), new(seed: 1, baseline: null, (_, _) => { }), default).ToListAsync();
}
