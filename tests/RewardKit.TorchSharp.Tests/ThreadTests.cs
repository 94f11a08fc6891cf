using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

/// <summary>Eight threads at once, each with scopes of its own.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class ThreadTests(DeviceType type) : DeviceTests(type)
{
    private const int Threads = 8;

    [Test]
    public void Forward_and_backward_over_shared_weights_give_what_one_thread_gives()
    {
        using var weight = randn(16, 16, device: Device);
        var expected = Enumerable.Range(0, Threads).Select(Train).ToArray();
        var results = new float[Threads][];
        InParallel(thread =>
        {
            for (var round = 0; round < 20; round++)
            {
                results[thread] = Train(thread);
                Assert.That(results[thread], Is.EqualTo(expected[thread]));
            }
            Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.Zero);
        });

        float[] Train(int seed)
        {
            using var scope = NewDisposeScope();
            var random = new Random(seed);
            var x = tensor(Enumerable.Range(0, 64).Select(_ => random.NextSingle()).ToArray(), 4, 16, device: Device);
            var leaf = zeros(16, device: Device, requires_grad: true);
            for (var step = 0; step < 5; step++)
            {
                (x.matmul(weight).tanh() + leaf).log_softmax(-1)[.., 0].neg().sum().backward();
                using (no_grad()) leaf.sub_(leaf.grad! * 0.1f);
                leaf.grad = null;
            }
            return leaf.Floats();
        }
    }

    [Test]
    public void Gradients_of_all_threads_add_up_in_a_shared_leaf()
    {
        using var leaf = zeros(3, device: Device, requires_grad: true);
        InParallel(thread =>
        {
            for (var round = 0; round < 100; round++)
            {
                using var scope = NewDisposeScope();
                (leaf * (thread + 1)).sum().backward();
            }
        });
        Assert.That(leaf.grad!.Floats(), Is.All.EqualTo(100f * 36));
    }

    [Test]
    public void What_one_thread_makes_another_may_dispose()
    {
        // What other tests forgot must not be freed meanwhile.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Native.rk_live_tensors();
        using var handed = new BlockingCollection<Tensor>(100);
        using var makers = new CountdownEvent(Threads / 2);
        InParallel(thread =>
        {
            try
            {
                if (thread < Threads / 2) Make();
                else Dispose();
            }
            catch
            {
                // The others must not wait for this one.
                handed.CompleteAdding();
                throw;
            }
            Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.Zero);
        });
        Assert.That(Native.rk_live_tensors(), Is.EqualTo(before));

        // Half of the tensors are disposed by their scope, by another thread, or by both at once.
        void Make()
        {
            for (var round = 0; round < 50; round++)
            {
                using var scope = NewDisposeScope();
                for (var k = 0; k < 20; k++)
                {
                    var x = ones(4, device: Device);
                    (x + 1).MoveToOuterDisposeScope().Dispose();
                    if (k % 2 == 0) handed.Add(x);
                }
                if (round % 2 == 0) scope.DisposeEverything();
            }
            if (makers.Signal()) handed.CompleteAdding();
        }

        void Dispose()
        {
            foreach (var x in handed.GetConsumingEnumerable()) x.Dispose();
        }
    }

    [Test]
    public void Errors_of_one_thread_are_not_those_of_another() =>
        InParallel(thread =>
        {
            using var scope = NewDisposeScope();
            var (x, y) = (ones(2, thread + 3, device: Device), ones(2, 2, device: Device));
            for (var round = 0; round < 10; round++)
                Assert.That(() => x.mm(y), Throws.Exception.With.Message.Contains($"self: Float32 [2, {thread + 3}] on {Device}"));
        });

    private static void InParallel(Action<int> body)
    {
        var errors = new ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            try
            {
                body(number);
            }
            catch (Exception error)
            {
                errors.Enqueue(error);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (errors.TryPeek(out var first)) ExceptionDispatchInfo.Throw(first);
    }
}
