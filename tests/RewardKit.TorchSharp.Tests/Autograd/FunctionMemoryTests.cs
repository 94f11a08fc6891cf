using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace RewardKit.TorchSharp.Tests.Autograd;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class FunctionMemoryTests(DeviceType type) : DeviceTests(type)
{
    private sealed class Tracked : SingleTensorFunction<Tracked>
    {
        public override string Name => nameof(Tracked);

        public override Tensor forward(AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            var y = x.exp();
            ctx.save_for_backward([x, y]); // an input and an output: the latter would make a circle were it held as it is
            ctx.save_data("payload", vars[1]);
            return y;
        }

        public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
        {
            var saved = ctx.get_saved_variables();
            return [grad_output * saved[1] + 0 * saved[0], null!];
        }
    }

    private sealed class Payload;

    [Test]
    public void Graph_and_context_die_with_the_last_tensor()
    {
        var payloads = Enumerable.Range(0, 20).Select(k => Compute(backward: k % 2 == 0)).ToList();
        Collect();
        Assert.That(payloads.Count(payload => payload.IsAlive), Is.Zero);
    }

    [Test]
    public void The_context_lives_as_long_as_the_graph()
    {
        var (payload, output) = Keep();
        Collect();
        Assert.That(payload.IsAlive, Is.True);
        output.Dispose();
        Collect();
        Assert.That(payload.IsAlive, Is.False);
    }

    [Test]
    public void A_graph_may_die_on_another_thread()
    {
        var (payload, output) = Keep();
        var thread = new Thread(output.Dispose);
        thread.Start();
        thread.Join();
        Collect();
        Assert.That(payload.IsAlive, Is.False);
    }

    [Test]
    public void Training_steps_leave_no_tensor_behind()
    {
        long Live()
        {
            using (var scope = NewDisposeScope())
            {
                var x = ones(4, device: Device, requires_grad: true);
                for (var k = 0; k < 10; k++) Tracked.apply(Tracked.apply(x, k), k).sum().backward();
            }
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        var before = Live();
        Assert.That(Live(), Is.EqualTo(before));
    }

    [Test]
    public void Tensors_made_in_backward_stay_out_of_the_caller_s_scope()
    {
        using var scope = NewDisposeScope();
        var x = ones(4, device: Device, requires_grad: true);
        var y = Tracked.apply(x, "").sum();
        var owned = scope.DisposablesCount;
        y.backward();
        Assert.That(scope.DisposablesCount, Is.EqualTo(owned));
    }

    [Test]
    public void Threads_run_the_same_function_at_once()
    {
        Parallel.For(0, 8, k =>
        {
            using var scope = NewDisposeScope();
            var x = full([16], k / 8.0, device: Device, requires_grad: true);
            for (var step = 0; step < 50; step++)
            {
                using var inner = NewDisposeScope();
                x.grad = null;
                Tracked.apply(x, step).sum().backward();
            }
            Assert.That(x.grad!.mean().item<float>(), Is.EqualTo((float)Math.Exp(k / 8.0)).Within(1e-5f));
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Compute(bool backward)
    {
        using var scope = NewDisposeScope();
        var payload = new Payload();
        var x = ones(4, device: Device, requires_grad: true);
        var y = Tracked.apply(x, payload).sum();
        if (backward) y.backward();
        return new WeakReference(payload);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WeakReference Payload, Tensor Output) Keep()
    {
        using var scope = NewDisposeScope();
        var payload = new Payload();
        var x = ones(4, device: Device, requires_grad: true);
        return (new WeakReference(payload), Tracked.apply(x, payload).sum().DetachFromDisposeScope());
    }

    private static void Collect()
    {
        for (var k = 0; k < 2; k++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
