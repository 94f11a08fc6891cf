using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests.Distributed;

public class ProcessGroupTests
{
    [Test]
    public void Tensors_and_numbers_are_summed_in_every_process()
    {
        var results = Ranks.Run(3, group =>
        {
            using var scope = NewDisposeScope();
            var x = arange(4, dtype: ScalarType.Float32).mul_(group.Rank + 1);
            group.Sum(x);
            return (x.Floats(), group.Sum(group.Rank, 0.5));
        });
        foreach (var (sums, numbers) in results)
        {
            Assert.That(sums, Is.EqualTo(new float[] { 0, 6, 12, 18 }));
            Assert.That(numbers, Is.EqualTo(new[] { 3, 1.5 }));
        }
    }

    [Test]
    public void Every_process_gets_the_values_of_one()
    {
        var results = Ranks.Run(2, group =>
        {
            using var scope = NewDisposeScope();
            var x = full(5, (float)group.Rank);
            group.Broadcast(x, root: 1);
            return x.Floats();
        });
        Assert.That(results, Has.All.EqualTo(new float[] { 1, 1, 1, 1, 1 }));
    }

    [Test]
    public void What_each_gives_is_gathered_by_rank()
    {
        var results = Ranks.Run(3, group => group.Gather([.. Enumerable.Repeat((byte)(7 + group.Rank), 2 * group.Rank)]));
        foreach (var parts in results)
            Assert.That(parts, Is.EqualTo(new byte[][] { [], [8, 8], [9, 9, 9, 9] }));
    }

    [Test]
    public void A_text_in_the_store_is_seen_by_all()
    {
        var results = Ranks.Run(2, group =>
        {
            if (group.Rank == 0) Assert.That(group.Store.TryGet("never"), Is.Null);
            if (group.Rank == 1) group.Store.Set("who", "process 1, é");
            return group.Store.Get("who");
        });
        Assert.That(results, Has.All.EqualTo("process 1, é"));
    }

    [Test]
    public void Waiting_for_a_text_can_be_cancelled() => Ranks.Run(2, group =>
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        Assert.That(() => group.Store.Get("never", stop.Token), Throws.InstanceOf<OperationCanceledException>());
        group.Barrier();
        return 0;
    });

    [Test]
    public void A_process_that_does_not_come_is_lost() => Assert.That(
        () => Ranks.Run(2, group =>
        {
            if (group.Rank == 0) group.Barrier();
            else group.Store.Get("left/0");
            return 0;
        }, timeout: 2),
        Throws.InstanceOf<LostProcessException>().With.Message.Contains("adding up over the processes"));

    [Test]
    public void A_process_that_leaves_is_lost_to_those_who_wait_for_it() => Assert.That(
        () => Ranks.Run(2, group =>
        {
            if (group.Rank == 0) group.Barrier();
            return 0;
        }),
        Throws.InstanceOf<LostProcessException>());
}
