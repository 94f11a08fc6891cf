using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

/// <summary>After the first ten, steps leave tensors, managed heap and native memory as they were.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class LeakTests(DeviceType type) : DeviceTests(type)
{
    [SetUp]
    public void Seed() => manual_seed(3);

    [Test]
    public void A_thousand_training_steps_with_TorchSharps_optimiser()
    {
        using var model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1)).to(Device);
        using var optimiser = optim.AdamW(model.parameters(), lr: 1e-2, weight_decay: 0.1);
        var schedule = optim.lr_scheduler.CosineAnnealingLR(optimiser, 1000);
        using var data = randn(64, 32, device: Device);
        NothingGrowsOver(1000, () =>
        {
            using var scope = NewDisposeScope();
            optimiser.zero_grad();
            var loss = nn.functional.mse_loss(model.call(data).squeeze(-1), data[.., 0]);
            loss.backward();
            nn.utils.clip_grad_norm_(model.parameters(), 1);
            optimiser.step();
            schedule.step();
        });
    }

    [Test]
    public void A_thousand_training_steps_with_the_fused_operators()
    {
        using var model = new Block(Device);
        using var optimiser = FusedAdamW.Over(model.named_parameters(), 0.1);
        using var tokens = randint(0, 40, [24], device: Device);
        NothingGrowsOver(1000, () =>
        {
            using var scope = NewDisposeScope();
            model.call(tokens).mean().neg().backward();
            optimiser.Step(1e-2, Math.Min(1, 1 / optimiser.GradientNorm()));
            optimiser.ZeroGrad();
        });
    }

    [Test]
    public void Ten_thousand_decoding_steps([Values] bool inference)
    {
        using var mode = inference ? inference_mode() : no_grad();
        using var table = randn(50, 16, device: Device);
        Tensor? cache = null;
        long token = 0;
        NothingGrowsOver(10_000, () =>
        {
            using var scope = NewDisposeScope();
            var x = table[token].unsqueeze(0);
            var longer = cache is null || cache.size(0) == 64 ? x.clone() : cat([cache, x]);
            var mixed = x.matmul(longer.t()).softmax(-1).matmul(longer);
            token = mixed.matmul(table.t())[0].argmax().item<long>();
            cache?.Dispose();
            cache = longer.DetachFromDisposeScope();
        });
        cache!.Dispose();
    }

    [Test]
    public void Forgotten_tensors_are_freed_when_the_collector_finds_them()
    {
        var before = Measure().Process;
        Forget();
        Assert.That(Measure().Process, Is.EqualTo(before));

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget()
        {
            var forgotten = Enumerable.Range(0, 1000).Select(_ => zeros(100, device: Device)).ToList();
            Assert.That(LiveTensors.ProcessCount, Is.EqualTo(before + 1000));
            GC.KeepAlive(forgotten);
        }
    }

    /// <summary>
    /// A leak grows in every part of the steps. What the run time and the test runner hold grows in one part or the other
    /// and may shrink in one, so the second least of five counts for memory; for tensors all of them do.
    /// </summary>
    private void NothingGrowsOver(int steps, Action step)
    {
        const int parts = 5;
        for (var k = 0; k < 10; k++) step();
        var before = Measure();
        var (managed, native) = (new List<long>(), new List<long>());
        for (var part = 0; part < parts; part++)
        {
            for (var k = 0; k < steps / parts; k++) step();
            var after = Measure();
            Assert.That((after.Thread, after.Process), Is.EqualTo((before.Thread, before.Process)), "tensors");
            managed.Add(after.Managed - before.Managed);
            native.Add(after.Native - before.Native);
            before = after;
        }
        // The smallest object that a step could leave has 24 bytes; a training step's graph, some tens of thousands.
        Assert.That(managed.Order().ElementAt(1), Is.LessThan(12 * steps / parts), "bytes of the managed heap");
        Assert.That(native.Order().ElementAt(1), Is.LessThan(128 << 10), "bytes of native memory");
    }

    private (long Thread, long Process, long Managed, long Native) Measure()
    {
        for (var k = 0; k < 2; k++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        var managed = GC.GetTotalMemory(forceFullCollection: true);
        return (LiveTensors.Count, LiveTensors.ProcessCount, managed, Device.type == DeviceType.CPU ? Malloc.Used() : Memory.Stats(Device).Allocated);
    }

    /// <summary>What malloc has handed out and not got back: libtorch's memory, without the managed heap.</summary>
    private static class Malloc
    {
        public static long Used()
        {
            var info = mallinfo2();
            return (long)(info.InUse + info.Mapped);
        }

        [DllImport("libc", ExactSpelling = true)]
        private static extern Info mallinfo2();

        [StructLayout(LayoutKind.Sequential)]
        private struct Info
        {
            public nuint Arena, FreeChunks, FastChunks, MappedRegions, Mapped, Unused, FastFree, InUse, Free, Top;
        }
    }

    /// <summary>One layer of a transformer over one text of 24 tokens.</summary>
    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Parameter embed = nn.Parameter(randn(40, 32));
        private readonly TorchSharp.Modules.Parameter norm = nn.Parameter(ones(32));
        private readonly TorchSharp.Modules.Linear qkv = nn.Linear(32, 96, hasBias: false);
        private readonly TorchSharp.Modules.Linear up = nn.Linear(32, 128, hasBias: false);
        private readonly TorchSharp.Modules.Linear down = nn.Linear(64, 32, hasBias: false);
        private readonly Tensor angles = randn(24, 4);

        public Block(Device device) : base(nameof(Block))
        {
            RegisterComponents();
            this.to(device);
        }

        public override Tensor forward(Tensor tokens)
        {
            using var scope = NewDisposeScope();
            var x = embed.index_select(0, tokens);
            var heads = qkv.call(RmsNorm.Apply(x, norm, 1e-5)).view(24, 3, 4, 8).unbind(1);
            var q = Rotary.Apply(heads[0], angles.cos(), angles.sin());
            var k = Rotary.Apply(heads[1], angles.cos(), angles.sin());
            x = x + PackedAttention.Apply(q, k, heads[2], tensor(new long[,] { { 0, 24, 0, 0 } }), 0.3).view(24, 32);
            var parts = up.call(x).chunk(2, -1);
            x = x + down.call(SwiGlu.Apply(parts[0], parts[1]));
            return TokenLogProbs.Apply(x, embed, tokens).MoveToOuterDisposeScope();
        }
    }
}
