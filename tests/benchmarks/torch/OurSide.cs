using System.Diagnostics;
using System.Text.Json;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace RewardKit.Benchmarks.Torch;

/// <summary>RewardKit's side: every work in its own dispose scope, timed in batches; the median batch counts.</summary>
internal static class OurSide
{
    private const int Batches = 9;
    private const double BatchSeconds = 0.04;

    public static string Run(Settings settings)
    {
        var onDevice = device(settings.Device);
        var measured = new Measured(__version__, [], []);
        set_num_threads(1);
        Small(onDevice, (name, calls, work) => Time(name, calls, work));
        set_num_threads(settings.Threads);
        Large(onDevice, (name, work) => Time(name, 1, work));
        foreach (var sizes in Works.Models) Models(sizes, onDevice);
        return JsonSerializer.Serialize(measured, JsonSerializerOptions.Web);

        bool Wanted(string name) => name.Contains(settings.Only, StringComparison.Ordinal);

        // `work` does `calls` calls.
        void Time(string name, int calls, Action work)
        {
            if (Wanted(name)) measured.Seconds[name] = Median(work, onDevice) / calls;
        }

        void Models(Sizes sizes, Device device)
        {
            if (Wanted($"train-{sizes.Name}"))
            {
                using var training = new Training(sizes, device);
                // Both sides start from the same weights and see the same tokens, so that the losses must agree.
                for (var step = 0; step < 3; step++) training.Step();
                measured.Results[$"loss-{sizes.Name}"] = training.LastLoss;
                Time($"train-{sizes.Name}", 1, training.Step);
            }
            if (Wanted($"decode-{sizes.Name}"))
            {
                using var decoding = new Decoding(sizes, device);
                Time($"decode-{sizes.Name}", Works.DecodedTokens, decoding.Run);
                measured.Results[$"decoded-{sizes.Name}"] = decoding.Checksum;
            }
        }
    }

    private static void Small(Device device, Action<string, int, Action> time)
    {
        const int calls = 100;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (x, y) = (ones(4, 4, device: device), ones(4, 4, device: device));
        time("add-4x4", calls, () => Repeat(() => { var z = x + y; }));
        time("view-4x4", calls, () => Repeat(() => { var z = x.view(16); }));
        time("index-4x4", calls, () => Repeat(() => { var z = x[2]; }));
        time("slice-4x4", calls, () => Repeat(() => { var z = x[.., 1..3]; }));

        static void Repeat(Action call)
        {
            using var scope = NewDisposeScope();
            for (var k = 0; k < calls; k++) call();
        }
    }

    private static void Large(Device device, Action<string, Action> time)
    {
        using var scope = NewDisposeScope();
        using (no_grad())
        {
            var (a, b) = (rand(2048, 256, device: device), rand(256, 2048, device: device));
            Timed("matmul-2048x256x2048", () => a.matmul(b));
            var scores = rand(2048, 2048, device: device);
            Timed("softmax-2048x2048", () => scores.softmax(-1));
            foreach (var (rows, width) in new[] { (2048, 256), (16384, 1024) })
            {
                var (x, gain, bias) = (rand(rows, width, device: device), ones(width, device: device), zeros(width, device: device));
                Timed($"layer-norm-{rows}x{width}", () => functional.layer_norm(x, [width], gain, bias));
            }
        }
        foreach (var tokens in new[] { 2048, 8192 })
        {
            var segments = tensor(new long[] { 0, tokens, 0, 0 }, 1, 4);
            var (q, k, v) = (Head(), Head(), Head());
            using (no_grad()) Timed($"attention-{tokens}", () => PackedAttention.Apply(q, k, v, segments, 1 / Math.Sqrt(64)));
            if (tokens != 2048) continue;
            Timed("attention-2048-backward", () =>
            {
                PackedAttention.Apply(q, k, v, segments, 1 / Math.Sqrt(64)).sum().backward();
                q.grad = k.grad = v.grad = null;
                return q;
            });

            // Queries, keys or values of four heads with 64 dimensions each.
            Tensor Head() => rand(tokens, 4, 64, device: device).requires_grad_();
        }

        void Timed(string name, Func<Tensor> work) => time(name, () =>
        {
            using var inner = NewDisposeScope();
            work();
        });
    }

    private static double Median(Action work, Device device)
    {
        work();
        var once = Seconds(work, 1, device);
        var count = Math.Max(1, (int)(BatchSeconds / once));
        // Until the just-in-time compiler has settled.
        for (var k = 0; k < 3; k++)
        {
            Seconds(work, count, device);
            Thread.Sleep(60);
        }
        var batches = Enumerable.Range(0, Batches).Select(_ => Seconds(work, count, device) / count).Order().ToArray();
        return batches[Batches / 2];
    }

    private static double Seconds(Action work, int count, Device device)
    {
        var clock = Stopwatch.StartNew();
        for (var k = 0; k < count; k++) work();
        if (device.type == DeviceType.CUDA) cuda.synchronize();
        return clock.Elapsed.TotalSeconds;
    }
}
