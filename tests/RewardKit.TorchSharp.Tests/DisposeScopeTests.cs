using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class DisposeScopeTests(DeviceType type) : DeviceTests(type)
{
    [SetUp]
    public void Reset() => DisposeScopeManager.Statistics.Reset();

    [Test]
    public void A_scope_disposes_what_was_made_in_it_and_nothing_else()
    {
        using var outside = ones(1, device: Device);
        Tensor inside;
        using (var scope = NewDisposeScope())
        {
            inside = outside + 1;
            Assert.That(scope.Contains(inside), Is.True);
            Assert.That(scope.DisposablesCount, Is.EqualTo(1));
        }
        Assert.That(inside.IsInvalid, Is.True);
        Assert.That(outside.IsInvalid, Is.False);
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(1));
    }

    [Test]
    public void A_training_step_leaves_nothing_alive()
    {
        using var weight = randn(4, 3, requires_grad: true, device: Device);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            var loss = randn(8, 4, device: Device).matmul(weight).log_softmax(-1)[.., 0].neg().mean();
            loss.backward();
            using (no_grad()) weight.sub_(weight.grad! * 0.1);
            weight.grad = null;
        }
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }

    [Test]
    public void Every_indexing_and_formatting_disposes_its_intermediates()
    {
        using var x = randn(3, 4, device: Device);
        using var rows = tensor(new long[] { 0, 1 }, device: Device);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        x[1, 2].Dispose();
        x[1..2, 2].Dispose();
        x[TensorIndex.Colon, TensorIndex.Tensor(rows)].Dispose();
        using (var value = ones(1, device: Device)) x[TensorIndex.Colon, TensorIndex.Tensor(rows)] = value;
        using (var value = ones(1, device: Device)) x[1, 2] = value;
        (2 / x).Dispose();
        x.std([0], type: ScalarType.Float64).Dispose();
        _ = x.ToString(TensorStringStyle.Julia);
        _ = (float)x.max();
        tensor(new float[] { 1 }, dtype: ScalarType.Int64, device: Device).Dispose();
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before + 1), "x.max() above");
    }

    [Test]
    public void Tensors_move_out_and_stay_alive()
    {
        using var outer = NewDisposeScope();
        Tensor moved, detached, kept;
        using (var inner = NewDisposeScope())
        {
            moved = ones(1, device: Device).MoveToOuterDisposeScope();
            detached = ones(1, device: Device).DetachFromDisposeScope();
            kept = WrappedTensorDisposeScope(() => ones(1, device: Device) + ones(1, device: Device) * 3);
            var (a, b) = inner.MoveToOuter(ones(1, device: Device), ones(1, device: Device));
            Assert.That(outer.Contains(a) && outer.Contains(b), Is.True);
            Assert.That(inner.DisposablesView, Is.EqualTo(new[] { kept }));
        }
        Assert.That((moved.IsInvalid, detached.IsInvalid, kept.IsInvalid), Is.EqualTo((false, false, true)));
        Assert.That(outer.DisposablesCount, Is.EqualTo(3));
        detached.Dispose();
        outer.DisposeEverythingBut(moved);
        Assert.That(outer.DisposablesView, Is.EqualTo(new[] { moved }));
    }

    [Test]
    public void Attaching_takes_a_tensor_from_its_scope()
    {
        using var outer = NewDisposeScope();
        var x = ones(1, device: Device);
        using (var inner = NewDisposeScope()) inner.Attach(x);
        Assert.That(x.IsInvalid, Is.True);
        Assert.That(outer.DisposablesCount, Is.Zero);
    }

    [Test]
    public void Other_disposables_are_disposed_with_the_scope_too()
    {
        var stream = new MemoryStream();
        using (var scope = NewDisposeScope()) scope.Attach(stream);
        Assert.That(stream.CanRead, Is.False);
    }

    [Test]
    public void Disposing_by_hand_takes_the_tensor_from_its_scope()
    {
        using var scope = NewDisposeScope();
        var (a, b, c) = (ones(1, device: Device), ones(1, device: Device), ones(1, device: Device));
        a.Dispose();
        a.Dispose();
        Assert.That(scope.DisposablesView, Is.EquivalentTo(new[] { b, c }));
        c.Dispose();
        Assert.That(scope.DisposablesView, Is.EqualTo(new[] { b }));
        Assert.That(DisposeScopeManager.Statistics.DisposedInScopeCount, Is.EqualTo(2));
    }

    [Test]
    public void A_disposed_tensor_says_so()
    {
        var x = ones(1, device: Device);
        x.Dispose();
        Assert.That(() => x + 1, Throws.InstanceOf<ObjectDisposedException>().With.Message.Contains("scope"));
        Assert.That(x.ToString(), Is.EqualTo("disposed tensor"));
    }

    [Test]
    public void Scopes_belong_to_their_thread()
    {
        using var scope = NewDisposeScope();
        Tensor? other = null;
        var thread = new Thread(() => other = ones(1, device: Device));
        thread.Start();
        thread.Join();
        Assert.That(scope.Contains(other!), Is.False);
        other!.Dispose();
    }

    [Test]
    public void Threads_call_operators_while_the_collector_frees_what_they_forgot()
    {
        var sums = new double[8];
        var threads = Enumerable.Range(0, sums.Length).Select(thread => new Thread(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                // Nothing here is disposed, and the operands are garbage while the operator that reads them runs.
                var x = full([16, 16], 1 + thread, ScalarType.Float64, requires_grad: true, device: Device);
                (x * x).sum().backward();
                sums[thread] += cat([x.grad!, full([16, 16], 1.0, ScalarType.Float64, device: Device)])[.., 0].data<double>()[15];
                if (round % 50 == 0) GC.Collect();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.That(sums, Is.EqualTo(Enumerable.Range(1, sums.Length).Select(x => 200.0 * 2 * x)));
    }

    [Test]
    public void A_forgotten_tensor_is_freed_by_the_finalizer()
    {
        var (managed, native) = Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.That(managed.IsAlive, Is.False);
        // The handle that was shared with it is the only one left.
        Assert.That(native.numel(), Is.EqualTo(3));
        native.Dispose();

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference, Tensor) Forget()
        {
            var forgotten = ones(3, device: Device);
            return (new WeakReference(forgotten), forgotten.alias());
        }
    }
}
