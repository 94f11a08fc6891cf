using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.Dpo;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>DPO and supervised fine-tuning on a small model, and the log-probabilities of a start that several runs share.</summary>
public class PolicyTrainingTests
{
    private static readonly TrainingOptions Options = new() { BatchSize = 4, MicroBatchSize = 3, Epochs = 2, LearningRate = 1e-2, WarmupRatio = 0 };

    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 10).Select(i => new PreferenceExample(
            $"pair-{i}", Conversation.User($"What is {i}?"), Conversation.Assistant($"It is the number {i}."),
            Conversation.Assistant($"{i} no."), new("test", i))),
    ];

    [Test]
    public void Dpo_starts_at_the_logarithm_of_two_knowing_nothing_and_learns()
    {
        var (log, _) = Train(new DpoLoss(new()), new());
        Assert.Multiple(() =>
        {
            Assert.That(log.Steps[0].Metrics["loss"], Is.EqualTo(Math.Log(2)).Within(1e-6));
            Assert.That(log.Steps[0].Metrics["acc.implicit"], Is.EqualTo(0.5));
            Assert.That(log.Steps[^1].Metrics["loss"], Is.LessThan(0.5));
            Assert.That(log.Steps[^1].Metrics["acc.implicit"], Is.EqualTo(1));
        });
    }

    [Test]
    public void Fine_tuning_in_parts_follows_the_curve_of_the_whole_step()
    {
        // Of one, four and nine tokens more: parts differ in tokens.
        PreferenceExample[] pairs = [.. Pairs.Select((p, i) => p with { Chosen = Conversation.Assistant(string.Join(' ', Enumerable.Repeat("one", 1 + i % 4 * 3))), Rejected = new([]) })];
        var whole = Train(new SftLoss(), new(), pairs, Options with { MicroBatchSize = null }).Log;
        var parts = Train(new SftLoss(), new(), pairs, Options with { MicroBatchSize = 1 }).Log;
        Assert.Multiple(() =>
        {
            Assert.That(parts.Steps.Select(s => s.Metrics["loss"]), Is.EqualTo(whole.Steps.Select(s => s.Metrics["loss"])).Within(1e-5));
            Assert.That(whole.Steps[^1].Metrics["loss"], Is.LessThan(whole.Steps[0].Metrics["loss"]));
        });
    }

    [Test]
    public void An_empty_rejected_response_costs_no_more_than_its_end_and_changes_nothing()
    {
        using var scope = torch.NewDisposeScope();
        var encoder = PairEncoder.Create(Small.Llama);
        Assert.That(encoder.EncodeResponse(Pairs[0].Prompt, new([])).Ids, Has.Length.LessThanOrEqualTo(1));
        var with = Train(new SftLoss(), new()).Weights;
        var without = Train(new SftLoss(), new(), [.. Pairs.Select(p => p with { Rejected = new([]) })]).Weights;
        foreach (var (name, weights) in with) Assert.That(without[name], Is.EqualTo(weights).Within(1e-5), name);
    }

    [Test]
    public void A_second_run_finds_the_references_of_the_first_and_computes_what_it_would_have()
    {
        var store = new Store();
        var alone = Train(new DpoLoss(new() { Form = DpoForm.Hinge }), new());

        var first = Train(new DpoLoss(new()), new() { LogProbs = store });
        var kept = store.Kept.Count;
        var second = Train(new DpoLoss(new() { Form = DpoForm.Hinge }), new() { LogProbs = store });

        Assert.Multiple(() =>
        {
            Assert.That(kept, Is.GreaterThan(1));
            Assert.That(store.Writes, Is.EqualTo(kept), "the second run computes none");
            Assert.That(second.Weights, Is.EqualTo(alone.Weights));
            Assert.That(first.Weights, Is.Not.EqualTo(alone.Weights));
        });
    }

    [Test]
    public void Held_out_pairs_find_their_references_too()
    {
        var store = new Store();
        Train(new DpoLoss(new()), new() { LogProbs = store, Validation = Pairs[..5] });
        var writes = store.Writes;
        var log = Train(new DpoLoss(new() { Beta = 0.2 }), new() { LogProbs = store, Validation = Pairs[..5] }).Log;
        Assert.That(store.Writes, Is.EqualTo(writes));
        Assert.That(log.Steps[^1].Metrics["eval/acc.implicit"], Is.GreaterThan(0.5));
    }

    [Test]
    public void Killed_while_references_are_computed_a_run_ends_with_the_same_bits()
    {
        var whole = Train(new DpoLoss(new()), new());
        var store = new Store { Room = 2 };
        Assert.That(() => Train(new DpoLoss(new()), new() { LogProbs = store }), Throws.TypeOf<IOException>());
        Assert.That(store.Kept, Has.Count.EqualTo(2));
        store.Room = null;
        Assert.That(Train(new DpoLoss(new()), new() { LogProbs = store }).Weights, Is.EqualTo(whole.Weights));
    }

    [TestCase("text")]
    [TestCase("company")]
    [TestCase("precision")]
    public void What_decides_a_number_is_kept_apart(string change)
    {
        var store = new Store();
        Train(new DpoLoss(new()), new() { LogProbs = store });
        var writes = store.Writes;
        var other = Train(
            new DpoLoss(new()), new() { LogProbs = store },
            change == "text" ? [Pairs[0] with { Chosen = Conversation.Assistant("Another.") }, .. Pairs[1..]] : Pairs,
            change switch
            {
                "company" => Options with { MicroBatchSize = 2 },
                "precision" => Options with { Precision = Precision.BFloat16 },
                _ => Options,
            });
        Assert.That(store.Writes, Is.EqualTo(change == "text" ? writes + 1 : writes + (change == "company" ? 5 : writes)));
        Assert.That(other.Log.Steps, Is.Not.Empty);
    }

    [Test]
    public void The_reference_of_an_adapter_is_the_same_number_as_its_bases()
    {
        var store = new Store();
        var spec = new ModelSpec { Folder = Small.Stories };
        Train(new DpoLoss(new()), new() { LogProbs = store }, spec: spec);
        var (writes, kept) = (store.Writes, store.Kept.ToDictionary(k => k.Key, k => k.Value));
        var ownStore = new Store();
        Train(new DpoLoss(new()), new() { LogProbs = ownStore }, spec: spec with { Lora = new() { Rank = 2, Dropout = 0.2 } });
        Assert.That(ownStore.Kept, Is.EqualTo(kept));
        Assert.That(writes, Is.EqualTo(ownStore.Writes));
    }

    private static (TrainingLog Log, Dictionary<string, float[]> Weights) Train(
        ILoss loss, TrainingContext context, PreferenceExample[]? pairs = null, TrainingOptions? options = null, ModelSpec? spec = null)
    {
        using var scope = torch.NewDisposeScope();
        spec = (spec ?? Small.Llama).For(loss.Needs);
        using var model = RewardModel.Create(spec, loss.Head, 1);
        Assert.That((model.IsPolicy, model.HasScalarHead), Is.EqualTo((true, false)));
        var log = Trainer.Train(model, loss, pairs ?? Pairs, PairEncoder.Create(spec), options ?? Options, seed: 1, context);
        return (log, model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().data<float>().ToArray()));
    }

    private sealed class Store : ILogProbStore
    {
        public Dictionary<string, float[]> Kept { get; } = [];

        public int Writes { get; private set; }

        // How many more it takes before its disk is full.
        public int? Room { get; set; }

        public float[]? Find(byte[] content) => Kept.GetValueOrDefault(Convert.ToHexString(content));

        public void Keep(byte[] content, float[] logProbs)
        {
            if (Kept.Count == Room) throw new IOException("No space left on device");
            Writes++;
            Kept.Add(Convert.ToHexString(content), logProbs);
        }
    }
}
