using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>How a batch is split into passes: by pairs, by tokens, and by what memory allows.</summary>
public class PassSizeTests
{
    private static readonly ModelSpec Spec = Small.Llama with { MaxPromptTokens = 120, MaxResponseTokens = 120 };

    private static readonly PreferenceExample[] Pairs = [.. Small.Pairs];

    private static readonly TrainingOptions Options = new() { BatchSize = 8, LearningRate = 1e-3, WarmupRatio = 0 };

    [Test]
    public void A_pass_has_no_more_tokens_than_asked_and_a_longer_pair_goes_alone()
    {
        var tokens = Pairs.ToDictionary(p => p.Id, Tokens);
        const int limit = 300;
        var loss = new WatchedLoss();
        var parts = Train(Options with { MicroBatchTokens = limit }, loss);
        Assert.That(loss.Passes.SelectMany(p => p), Is.EquivalentTo(tokens.Keys));
        Assert.That(loss.Passes.Where(p => p.Length > 1).Select(p => p.Sum(id => tokens[id])), Is.Not.Empty.And.All.LessThanOrEqualTo(limit));
        Assert.That(loss.Passes.Where(p => p.Length == 1).Select(p => tokens[p[0]]), Has.Some.GreaterThan(limit));

        var whole = Train(Options);
        Assert.That(parts.Steps.Select(s => s.Metrics["loss"]), Is.EqualTo(whole.Steps.Select(s => s.Metrics["loss"])).Within(1e-5));
        Assert.That(parts.Steps.Select(s => s.GradNorm), Is.EqualTo(whole.Steps.Select(s => s.GradNorm)).Within(1e-4));
    }

    [TestCase(null, null, false)]
    [TestCase(32, null, true)]
    [TestCase(null, 100_000, true)]
    public void A_pass_on_a_cpu_has_2048_tokens_at_most_unless_something_else_is_asked(int? pairs, int? tokens, bool whole)
    {
        var many = Enumerable.Range(0, 32).Select(i => Pairs[i % Pairs.Length] with { Id = $"{i}" }).ToArray();
        Assert.That(many.Sum(Tokens), Is.GreaterThan(2048));
        var loss = new WatchedLoss();
        Train(new() { BatchSize = 32, MicroBatchSize = pairs, MicroBatchTokens = tokens }, loss, pairs: many);
        Assert.That(loss.Passes, whole ? Has.Count.EqualTo(1) : Has.Count.GreaterThan(1));
    }

    [Test]
    public void A_pass_that_does_not_fit_is_halved_until_it_does_and_the_numbers_stay()
    {
        List<string> notices = [];
        var whole = Train(Options);
        var tight = Train(Options, new HungryLoss(fits: 3), new() { Notice = notices.Add });
        Assert.That(notices, Has.Count.EqualTo(2));
        Assert.That(notices[1], Does.Contain("with 4 pairs in a pass").And.Contain("takes 2"));
        foreach (var (a, b) in whole.Steps.Zip(tight.Steps))
            Assert.That(b.Metrics["loss"], Is.EqualTo(a.Metrics["loss"]).Within(1e-5));
    }

    [Test]
    public void Memory_that_does_not_suffice_for_one_pair_is_a_failure_that_says_what_needs_less()
    {
        var error = Assert.Throws<RewardKitException>(() => Train(Options, new HungryLoss(fits: 0)))!;
        Assert.That(error.ExitCode, Is.EqualTo(1));
        Assert.That(error.Message, Does.Contain("Out of memory with one pair").And.Contain("activationCheckpointing"));
    }

    [Test]
    public void A_loss_that_needs_its_batch_whole_is_not_computed_in_parts()
    {
        foreach (var options in new[] { Options with { MicroBatchSize = 4 }, Options with { MicroBatchTokens = 4000 } })
        {
            var asked = Assert.Throws<RewardKitException>(() => Train(options, new WholeLoss(fits: 100)))!;
            Assert.That(asked.ExitCode, Is.EqualTo(2));
            Assert.That(asked.Message, Does.Contain("The loss whole").And.Contain("microBatchSize and microBatchTokens"));
        }
        var full = Assert.Throws<RewardKitException>(() => Train(Options, new WholeLoss(fits: 3)))!;
        Assert.That(full.ExitCode, Is.EqualTo(1));
        Assert.That(full.Message, Does.Contain("needs its batch of 8 pairs whole"));
    }

    private static TrainingLog Train(TrainingOptions options, ILoss? loss = null, TrainingContext? context = null, PreferenceExample[]? pairs = null)
    {
        using var scope = torch.NewDisposeScope();
        loss ??= new BradleyTerryLoss();
        using var model = RewardModel.Create(Spec, loss.Head, 1);
        return Trainer.Train(model, loss, pairs ?? Pairs, PairEncoder.Create(Spec), options, 1, context);
    }

    private static int Tokens(PreferenceExample pair)
    {
        var encoder = PairEncoder.Create(Spec);
        return encoder.EncodePrompt(pair.Prompt).Ids.Length
            + encoder.EncodeResponse(pair.Prompt, pair.Chosen).Ids.Length + encoder.EncodeResponse(pair.Prompt, pair.Rejected).Ids.Length;
    }

    private sealed class WatchedLoss : ILoss
    {
        public List<string[]> Passes { get; } = [];

        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            Passes.Add([.. batch.Examples.Select(e => e.Id)]);
            return new BradleyTerryLoss().Compute(batch, forward);
        }
    }

    [Loss("whole", Traits = PluginTraits.WholeBatch)]
    private sealed class WholeLoss(int fits) : HungryLoss(fits);
}
