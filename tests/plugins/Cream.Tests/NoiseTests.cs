using RewardKit.Conformance;

namespace RewardKit.Plugins.Cream.Tests;

/// <summary>
/// Which noise consistency can see: that in which the model and the one before differ. Both judge 2,000 prompts by the truth, but
/// for a share of them, which they judge by chance.
/// </summary>
public class NoiseTests
{
    private const int Prompts = 2000;
    private const double Noise = 0.3;

    // An answer's text is its true worth; what a model judges by chance depends on the model and on the prompt.
    private static async Task<List<PreferenceExample>> RoundAsync(CreamOptions options, string sameNoise)
    {
        var context = new AugmentationContext(
            7, null, (_, _) => { },
            writer: ScriptedGenerators.Of(request => new(((request.Options.Seed * 7919) % 100_003).ToString(), FinishReason.StopToken, PromptTokens: 9)),
            policies: new Dictionary<string, IPolicy>
            {
                ["start"] = Judging("start"),
                ["previous"] = Judging(sameNoise.Length > 0 ? sameNoise : "previous"),
                ["origin"] = ScriptedPolicies.Of(_ => new(-1, 1)),
            });
        var examples = Enumerable.Range(0, Prompts).Select(i => new PreferenceExample($"{i}", Conversation.User($"prompt {i}"), new([]), new([]), new("world", i + 1)));
        return await new CreamAugmenter(options).AugmentAsync(examples.ToAsyncEnumerable(), context, default).ToListAsync();

        static IPolicy Judging(string model) => ScriptedPolicies.Of(request =>
        {
            var wrong = Chance($"{model} {request.Prompt.LastContent}") < Noise;
            return new(wrong ? Chance($"{model} {request.Prompt.LastContent} {request.Response.LastContent}") : double.Parse(request.Response.LastContent) / 100_003, 1);
        });
    }

    private static double Chance(string text)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var letter in text) hash = unchecked((hash ^ letter) * 1_099_511_628_211);
        return new Random((int)(hash >> 33)).NextDouble();
    }

    private static bool IsRight(PreferenceExample pair) => double.Parse(pair.Chosen.LastContent) > double.Parse(pair.Rejected.LastContent);

    private static double Right(IEnumerable<PreferenceExample> pairs) => pairs.Average(pair => IsRight(pair) ? 1.0 : 0);

    [Test]
    public async Task Where_noise_differs_between_models_the_labels_tell_right_pairs_from_wrong_ones()
    {
        var pairs = await RoundAsync(new() { Label = Label.Dynamic }, "");
        var (all, weighted) = (Right(pairs), pairs.Sum(pair => IsRight(pair) ? pair.SoftLabel!.Value : 0) / pairs.Sum(pair => pair.SoftLabel!.Value));
        Assert.Multiple(() =>
        {
            Assert.That(all, Is.EqualTo(1 - Noise / 2).Within(0.02), "a pair by chance is right half the time");
            Assert.That(weighted, Is.GreaterThan(all + 0.02));
            // Both judge by the truth in (1 − ε)² of the prompts; in the others τ is 0 on average.
            Assert.That(pairs.Average(pair => pair.SoftLabel!.Value), Is.EqualTo((1 + (1 - Noise) * (1 - Noise)) / 2).Within(0.02));
        });
        Assert.That(Right(await RoundAsync(new() { Rate = 1, Threshold = 0.95 }, "")), Is.GreaterThan(0.99), "and a threshold leaves the right ones alone");
    }

    [Test]
    public async Task Noise_that_both_models_share_is_not_seen()
    {
        var pairs = await RoundAsync(new() { Label = Label.Dynamic }, "start");
        Assert.That(pairs.Select(pair => pair.SoftLabel), Is.All.EqualTo(1));
        Assert.That(Right(pairs), Is.EqualTo(1 - Noise / 2).Within(0.02));
    }
}
