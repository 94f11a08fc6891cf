using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace Samples;

/// <summary>Loops as TorchSharp's documentation writes them.</summary>
internal static class Training
{
    /// <summary>The losses of the first and the last step of TorchSharp's first example.</summary>
    public static (float First, float Last) GetStarted(Device device)
    {
        var lin1 = Linear(1000, 100);
        var lin2 = Linear(100, 10);
        var seq = Sequential(("lin1", lin1), ("relu1", ReLU()), ("drop1", Dropout(0.1)), ("lin2", lin2)).to(device);

        using var x = torch.randn(64, 1000, device: device);
        using var y = torch.randn(64, 10, device: device);

        var optimizer = torch.optim.Adam(seq.parameters());

        var losses = new List<float>();
        for (int i = 0; i < 10; i++)
        {
            using var eval = seq.forward(x);
            using var output = mse_loss(eval, y, Reduction.Sum);

            optimizer.zero_grad();

            output.backward();

            optimizer.step();
            losses.Add(output.ToSingle());
        }
        return (losses.First(), losses.Last());
    }

    /// <summary>Trains on batches of a text; returns the mean loss of each epoch, and the last learning rate.</summary>
    public static (double[] Losses, double LearningRate) Train(CharacterModel model, Tensor text, long context, int epochs, Device device)
    {
        using var optimizer = torch.optim.AdamW(model.parameters(), lr: 1e-2, weight_decay: 0.01);
        var scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma: 0.7);
        var losses = new List<double>();

        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            model.train();
            double total = 0;
            var steps = 0;
            foreach (var (data, target) in Batches(text, context, device))
            {
                using (var d = torch.NewDisposeScope())
                {
                    optimizer.zero_grad();
                    var prediction = model.call(data);
                    var output = cross_entropy(prediction.view(-1, prediction.shape[^1]), target.reshape(-1));
                    output.backward();
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0);
                    optimizer.step();
                    total += output.cpu().item<float>();
                    steps++;
                    d.DisposeEverything();
                }
                data.Dispose();
                target.Dispose();
            }
            losses.Add(total / steps);
            scheduler.step();
        }
        return (losses.ToArray(), optimizer.ParamGroups.First().LearningRate);
    }

    /// <summary>The share of characters that the model gets right.</summary>
    public static double Accuracy(CharacterModel model, Tensor text, long context, Device device)
    {
        model.eval();
        long right = 0, all = 0;
        using (torch.no_grad())
        {
            foreach (var (data, target) in Batches(text, context, device))
            {
                using var scope = torch.NewDisposeScope();
                var predicted = model.call(data).argmax(-1);
                right += (predicted == target).sum().to(torch.CPU).item<long>();
                all += target.numel();
            }
        }
        return (double)right / all;
    }

    private static IEnumerable<(Tensor Data, Tensor Target)> Batches(Tensor text, long context, Device device)
    {
        const long batch = 8;
        var rows = (text.shape[0] - 1) / context;
        for (long row = 0; row < rows; row += batch)
        {
            var count = Math.Min(batch, rows - row);
            var from = row * context;
            yield return (Part(text, from, count, context, device), Part(text, from + 1, count, context, device));
        }
    }

    private static Tensor Part(Tensor text, long from, long rows, long context, Device device)
    {
        using var scope = torch.NewDisposeScope();
        return text[TensorIndex.Slice(from, from + rows * context)].view(rows, context).to(device).MoveToOuterDisposeScope();
    }
}
