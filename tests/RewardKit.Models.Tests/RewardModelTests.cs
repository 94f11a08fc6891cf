using RewardKit.Torch;
using static RewardKit.Models.Tests.SmallModel;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>What a reward model gives for packed texts.</summary>
public class RewardModelTests
{
    // By definition: the log-softmax of the logits before each response token, and the head on the last hidden state.
    [Test]
    public void Outputs_agree_with_the_logits_and_the_head()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var model = Random(head: new(Bias: true));
        model.get_parameter("score.bias")!.fill_(0.5);
        using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]]), new([7], [[8, 9, 10]])]);
        var output = model.Forward(batch, All);
        var logProbs = model.Logits(batch).log_softmax(-1);
        float At(long row, long token) => logProbs[row, token].item<float>();

        Assert.That(Numbers(output.ResponseLogProbs!), Is.EqualTo(
            (float[])[At(2, 4) + At(3, 5), At(2, 6), At(6, 8) + At(7, 9) + At(8, 10)]).Within(1e-5));
        var rewards = output.Features!.matmul(model.get_parameter("score.weight")![0]) + 0.5;
        Assert.That(Numbers(output.Rewards!), Is.EqualTo(Numbers(rewards)).Within(1e-6));
    }

    [Test]
    public void A_text_scores_alike_alone_and_in_any_batch()
    {
        using var model = Random();
        var prompt = (int[])[1, 2, 3, 4, 5];
        var (a, b) = ((int[])[6, 7, 8], (int[])[9, 10, 11, 12, 13, 14]);
        PackedItem other = new([20, 21], [[22, 23, 24, 25], [26]]);

        var alone = Run(model, new PackedItem(prompt, [a]));
        var paired = Run(model, new PackedItem(prompt, [a, b]));
        var swapped = Run(model, new PackedItem(prompt, [b, a]));
        var crowded = Run(model, other, new PackedItem(prompt, [b, a]), other);
        // Without sharing: the joint text as a prompt, read at its last token.
        var joint = Run(model, new PackedItem([.. prompt, .. a], [[]]));

        Assert.Multiple(() =>
        {
            foreach (var reward in (float[])[paired.Rewards[0], swapped.Rewards[1], crowded.Rewards[3], joint.Rewards[0]])
                Assert.That(reward, Is.EqualTo(alone.Rewards[0]).Within(1e-5));
            foreach (var logProb in (float[])[paired.LogProbs[0], swapped.LogProbs[1], crowded.LogProbs[3]])
                Assert.That(logProb, Is.EqualTo(alone.LogProbs[0]).Within(1e-5));
            Assert.That(crowded.Rewards[2], Is.EqualTo(paired.Rewards[1]).Within(1e-5));
        });
    }

    [Test]
    public void An_empty_response_reads_the_prompt_and_has_log_probability_zero()
    {
        using var model = Random();
        var prompt = (int[])[1, 2, 3];

        var empty = Run(model, new PackedItem(prompt, [[]]));
        var beside = Run(model, new PackedItem(prompt, [[4, 5], []]));

        Assert.That((empty.LogProbs[0], beside.LogProbs[1]), Is.EqualTo((0f, 0f)));
        Assert.That(beside.Rewards[1], Is.EqualTo(empty.Rewards[0]).Within(1e-5));
        Assert.That(beside.Rewards[1], Is.Not.EqualTo(beside.Rewards[0]).Within(1e-3));
    }

    [Test]
    public void A_gradient_reaches_every_parameter()
    {
        using var scope = NewDisposeScope();
        using var model = Random(head: new(Bias: true));
        using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]])]);

        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        (output.Rewards!.sum() + output.ResponseLogProbs!.sum()).backward();

        Assert.Multiple(() =>
        {
            foreach (var (name, parameter) in model.named_parameters())
                Assert.That(parameter.grad?.abs().sum().item<float>(), Is.GreaterThan(0), name);
        });
    }

    [Test]
    public void Only_what_is_asked_for_is_computed()
    {
        using var scope = NewDisposeScope();
        using var model = Random();
        using var batch = new PackedBatch([new([1], [[2]])]);

        Assert.That(model.Forward(batch, ForwardNeeds.Features), Has.Property("Rewards").Null.And.Property("ResponseLogProbs").Null);
        Assert.That(model.Forward(batch, ForwardNeeds.Rewards), Has.Property("Features").Null.And.Property("ResponseLogProbs").Null);
    }

    [Test]
    public void A_classifier_without_language_head_gives_rewards_and_says_why_not_log_probabilities()
    {
        using var scope = NewDisposeScope();
        using var folder = TempFolder.CopyOf(Files.Data("models/tiny_llama_with_tokenizer"));
        folder.RewriteWeights(tensors =>
        {
            tensors.Remove("lm_head.weight");
            tensors["score.weight"] = ones(1, 8);
        });
        using var model = RewardModel.Load(folder.Path);
        using var batch = new PackedBatch([new([1, 3], [[4]])]);

        Assert.That(model.HasLanguageHead, Is.False);
        Assert.That(model.Forward(batch, ForwardNeeds.Rewards).Rewards!.shape, Is.EqualTo((long[])[1]));
        Assert.That(() => model.Forward(batch, ForwardNeeds.ResponseLogProbs),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("lm_head.weight"));
    }

    [Test]
    public void A_training_step_leaves_no_tensor_alive()
    {
        using var model = Random();
        Step();
        foreach (var parameter in model.parameters()) parameter.grad = null;
        var before = LiveTensors.Count;

        Step();
        foreach (var parameter in model.parameters()) parameter.grad = null;

        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Step()
        {
            using var scope = NewDisposeScope();
            using var batch = new PackedBatch([new([1, 2, 3], [[4, 5], [6]])]);
            var output = model.Forward(batch, All);
            (output.Rewards!.sum() + output.ResponseLogProbs!.sum() + output.Features!.sum()).backward();
        }
    }
}
