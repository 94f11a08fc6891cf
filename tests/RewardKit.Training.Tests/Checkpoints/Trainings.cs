using System.Text.Json;
using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.DataSmoothing;
using RewardKit.Plugins.Dpo;
using RewardKit.Plugins.HafRm;
using RewardKit.Plugins.Odin;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;
using TorchSharp;

namespace RewardKit.Training.Tests.Checkpoints;

/// <summary>A small training that can be stopped after a step and gone on with: two epochs of three steps, the last one short.</summary>
public sealed record Trainings(string Name, ModelSpec Spec, Func<ILoss> Loss, TrainingOptions Options)
{
    private static readonly PreferenceExample[] Pairs =
    [
        .. Enumerable.Range(1, 10).Select(i => new PreferenceExample(
            $"pair-{i}", Conversation.User($"What is {i}?"), Conversation.Assistant($"It is the number {i}."),
            Conversation.Assistant($"{i} no."), new("test", i))),
    ];

    private static readonly TrainingOptions InParts = new() { BatchSize = 4, MicroBatchSize = 3, Epochs = 2, LearningRate = 1e-2 };

    /// <summary>Reference log-probabilities, and accumulation.</summary>
    public static Trainings HafRm { get; } = new("haf-rm", Small.Llama, () => new HafRmLoss(new HafRmOptions()), InParts);

    /// <summary>Dropout, and weights that are not trained.</summary>
    public static Trainings Lora { get; } = new(
        "lora", new() { Folder = Small.Stories, Lora = new() { Rank = 4, Dropout = 0.3 } }, () => new BradleyTerryLoss(), InParts);

    /// <summary>A loss that draws from torch's generator itself.</summary>
    public static Trainings Noise { get; } = new("noise", Small.Llama, () => new NoisyLoss(), InParts with { MicroBatchSize = null });

    /// <summary>A head of two outputs whose weights are normalised, on an adapter: what is kept is not what is applied.</summary>
    public static Trainings Odin { get; } = new(
        "odin", new() { Folder = Small.Stories, Lora = new() { Rank = 2 } }, () => new OdinLoss(new()), InParts with { MicroBatchSize = null });

    /// <summary>Both responses in one text, in an order that is drawn.</summary>
    public static Trainings Pairwise { get; } = new("pairwise", Small.Pairwise, () => new PairwiseLoss(new()), InParts);

    /// <summary>No reward, but a reference: an adapter of a language model.</summary>
    public static Trainings Policy { get; } = new(
        "policy", new() { Folder = Small.Stories, Lora = new() { Rank = 2 }, IsPolicy = true }, () => new DpoLoss(new()), InParts);

    /// <summary>A loss with a label for each pair, which moves in the second epoch.</summary>
    public static Trainings Smoothing { get; } = new("smoothing", Small.Llama, () => new DataSmoothingLoss(new()), InParts);

    public static Trainings[] All => [HafRm, Lora, Noise, Odin, Pairwise, Policy, Smoothing];

    public const int Steps = 6;

    /// <summary>Trains to the end, or until a step is done.</summary>
    /// <param name="checkpoints">Where the state is kept; null for nowhere.</param>
    /// <param name="stopAfter">The step.</param>
    /// <param name="group">The processes that train together; null for one alone.</param>
    public Outcome Run(TrainingCheckpoints? checkpoints = null, int? stopAfter = null, ProcessGroup? group = null)
    {
        using var scope = torch.NewDisposeScope();
        using var stop = new CancellationTokenSource();
        var loss = Loss();
        using var model = RewardModel.Create(Spec, loss.Head, 1);
        var (reports, notices) = (new List<TrainingProgress>(), new List<string>());
        TrainingLog? log = null;
        TrainingStoppedException? stopped = null;
        try
        {
            log = Trainer.Train(model, loss, Pairs, PairEncoder.Create(Spec), Options, 1, new()
            {
                Checkpoints = checkpoints,
                Group = group,
                Notice = notices.Add,
                Cancellation = stop.Token,
                Progress = new Watcher(p =>
                {
                    reports.Add(p);
                    if (p.Stage == "train" && p.Step!.Log.Step == stopAfter) stop.Cancel();
                }),
            });
        }
        catch (TrainingStoppedException e)
        {
            stopped = e;
        }
        return new(
            log is null ? "" : JsonSerializer.Serialize(log.Steps), stopped,
            model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().data<float>().ToArray()), reports, notices);
    }

    public override string ToString() => Name;

    /// <summary>What a training left.</summary>
    public sealed record Outcome(
        string Log, TrainingStoppedException? Stopped, Dictionary<string, float[]> Weights, List<TrainingProgress> Reports, List<string> Notices);

    private sealed class Watcher(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }

    private sealed class NoisyLoss : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            var noisy = forward.Rewards + torch.randn(forward.Rewards.shape, device: forward.Rewards.device);
            return new(-torch.nn.functional.logsigmoid(noisy.select(1, 0) - noisy.select(1, 1)).mean());
        }
    }
}
