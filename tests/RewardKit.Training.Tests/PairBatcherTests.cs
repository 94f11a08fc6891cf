using RewardKit.Models;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>Pairs that share prompts and responses, as those made of k ranked responses do.</summary>
public class PairBatcherTests
{
    private static readonly ModelSpec Spec = Small.Llama;

    private static readonly TokenPair[] Pairs = [.. new EncodedPairs(
        [
            Pair("Why?", "Because it is so.", "No."), Pair("When?", "Soon.", "Never ever."), Pair("Why?", "No.", "I do not know."),
            Pair("Why?", "Because it is so.", "I do not know."), Pair("When?", "Because it is so.", "Soon."),
        ], PairEncoder.Create(Spec), ForwardNeeds.Rewards)];

    [Test]
    public void Each_prompt_and_each_of_its_responses_is_computed_once()
    {
        using var scope = torch.NewDisposeScope();
        var packed = PairBatcher.Pack(Pairs, torch.CPU);
        Assert.That(packed.Batch.Sequences, Is.EqualTo(6));
        Assert.That(packed.Sequences, Is.EqualTo(new[] { 0L, 1, 3, 4, 1, 2, 0, 2, 5, 3 }));
        var once = Pairs.Take(2).Sum(p => p.Tokens) + Pairs[2].Rejected.Ids.Length + Pairs[4].Chosen.Ids.Length;
        Assert.That(packed.Batch.Tokens, Is.EqualTo(once));
    }

    [Test]
    public void Rewards_log_probs_features_and_gradients_are_those_of_each_pair_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        const ForwardNeeds Needs = ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs | ForwardNeeds.Features;
        var together = Trainer.Forward(model, Pairs, Needs, Precision.OfWeights, null, _ => true);
        var alone = Pairs.Select(p => Trainer.Forward(model, [p], Needs, Precision.OfWeights, null, _ => true)).ToArray();
        Same(together.Rewards, torch.cat([.. alone.Select(f => f.Rewards)]), 1e-6);
        Same(together.ResponseLogProbs, torch.cat([.. alone.Select(f => f.ResponseLogProbs)]), 1e-4);
        Same(together.Features, torch.cat([.. alone.Select(f => f.Features)]), 1e-5);

        var weights = torch.arange(1, 11, dtype: torch.ScalarType.Float32).view(5, 2);
        (together.Rewards * weights).sum().backward();
        var gradients = model.parameters().Select(p => p.grad?.clone()).ToArray();
        model.zero_grad();
        for (var i = 0; i < alone.Length; i++) (alone[i].Rewards * weights[i]).sum().backward();
        foreach (var (gradient, parameter) in gradients.Zip(model.parameters()))
            if (gradient is not null) Same(gradient, parameter.grad!, 1e-4);
    }

    [Test]
    public void Rewards_at_tokens_are_those_of_each_pair_alone_and_end_with_its_rewards()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        const ForwardNeeds Needs = ForwardNeeds.Rewards | ForwardNeeds.TokenRewards;
        var together = Trainer.Forward(model, Pairs, Needs, Precision.OfWeights, null, _ => true);
        var alone = Pairs.Select(p => Trainer.Forward(model, [p], Needs, Precision.OfWeights, null, _ => true)).ToArray();
        Same(together.TokenRewards, torch.cat([.. alone.Select(f => f.TokenRewards)]), 1e-6);

        int[] lengths = [.. Pairs.SelectMany(p => (int[])[p.Chosen.Ids.Length, p.Rejected.Ids.Length])];
        var ends = lengths.Select((_, i) => (long)lengths.Take(i + 1).Sum() - 1).ToArray();
        Assert.That(together.TokenRewards.shape, Is.EqualTo(new[] { ends[^1] + 1 }));
        Assert.That(
            together.TokenRewards.index_select(0, torch.tensor(ends)).data<float>().ToArray(), Is.EqualTo(together.Rewards.flatten().data<float>().ToArray()));

        var weights = torch.arange(1, ends[^1] + 2, dtype: torch.ScalarType.Float32);
        (together.TokenRewards * weights).sum().backward();
        var gradients = model.parameters().Select(p => p.grad?.clone()).ToArray();
        Assert.That(gradients.Count(g => g is not null), Is.GreaterThan(5));
        model.zero_grad();
        var from = 0L;
        foreach (var forward in alone)
        {
            (forward.TokenRewards * weights.narrow(0, from, forward.TokenRewards.shape[0])).sum().backward();
            from += forward.TokenRewards.shape[0];
        }
        foreach (var (gradient, parameter) in gradients.Zip(model.parameters()))
            if (gradient is not null) Same(gradient, parameter.grad!, 1e-3 * (1 + parameter.grad!.abs().max().item<float>()));
    }

    [Test]
    public void A_reward_at_a_token_is_that_of_a_response_that_ends_there()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        using var whole = new PackedBatch([new([1, 403, 407], [[5, 6, 7], [], [8]])]);
        using var cut = new PackedBatch([new([1, 403, 407], [[5], [5, 6], [5, 6, 7], [8]])]);
        Same(model.Forward(whole, ForwardNeeds.TokenRewards).TokenRewards!, model.Forward(cut, ForwardNeeds.Rewards).Rewards!, 1e-6);
    }

    private static void Same(torch.Tensor one, torch.Tensor other, double within)
    {
        Assert.That(one.shape, Is.EqualTo(other.shape));
        Assert.That((one - other).abs().max().item<float>(), Is.LessThan(within));
    }

    private static PreferenceExample Pair(string prompt, string chosen, string rejected) => new(
        $"{prompt}{chosen}{rejected}", Conversation.User(prompt), Conversation.Assistant(chosen), Conversation.Assistant(rejected), new("made", 1));
}
