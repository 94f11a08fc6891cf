using System.Text;
using Samples;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Compat;

/// <summary>The samples of this folder are code in TorchSharp's style that names no type of RewardKit's; here it runs.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class CompatTests(DeviceType type) : DeviceTests(type)
{
    private const int Context = 8;
    private static readonly byte[] Text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("the quick brown fox. ", 40)));

    private static CharacterModel Model() => new(128, Context, 16, 2);

    private static Tensor Characters() => tensor(Text.Select(character => (long)character).ToArray());

    [Test]
    public void The_first_example_learns()
    {
        manual_seed(1);
        var (first, last) = Training.GetStarted(Device);
        Assert.That(last, Is.LessThan(first));
    }

    [Test]
    public void A_transformer_learns_a_text_is_saved_and_loaded_and_leaves_nothing_behind()
    {
        manual_seed(1);
        var path = Path.GetTempFileName();
        using var model = Model();
        model.to(Device);
        using var text = Characters();
        var (losses, rate) = Training.Train(model, text, Context, 1, Device);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        (losses, rate) = Training.Train(model, text, Context, 4, Device);
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(live));
        Assert.That(losses[^1], Is.LessThan(0.6 * losses[0]));
        Assert.That(rate, Is.EqualTo(1e-2 * Math.Pow(0.7, 4)).Within(1e-12));
        var accuracy = Training.Accuracy(model, text, Context, Device);
        Assert.That(accuracy, Is.GreaterThan(0.7));

        model.save(path);
        using var loaded = Model();
        loaded.load(path).to(Device);
        Assert.That(Training.Accuracy(loaded, text, Context, Device), Is.EqualTo(accuracy));
        using var copied = Model();
        var (missing, unexpected) = copied.to(Device).load_state_dict(model.state_dict());
        Assert.That((missing.Count, unexpected.Count), Is.EqualTo((0, 0)));
        Assert.That(Training.Accuracy(copied, text, Context, Device), Is.EqualTo(accuracy));
        Assert.That(model.state_dict().Keys, Does.Contain("blocks.1.mlp.0.weight").And.Contain("head.linear.bias").And.Contain("mask").And.Contain("positions"));
        File.Delete(path);
    }

    [Test]
    public void Indices_of_every_kind_select_and_assign()
    {
        using var scope = NewDisposeScope();
        var x = arange(24, device: Device).reshape(2, 3, 4);
        Assert.That(x[TensorIndex.Ellipsis, 0].shape, Is.EqualTo(new[] { 2, 3 }));
        Assert.That(x[0, TensorIndex.Colon, TensorIndex.Slice(1, null, 2)].cpu().data<long>().ToArray(), Is.EqualTo(new[] { 1, 3, 5, 7, 9, 11 }));
        Assert.That(x[TensorIndex.Null, 1].shape, Is.EqualTo(new[] { 1, 3, 4 }));
        Assert.That(x[.., 1..3, ^1].cpu().data<long>().ToArray(), Is.EqualTo(new[] { 7, 11, 19, 23 }));
        Assert.That(x[x > 21].cpu().data<long>().ToArray(), Is.EqualTo(new[] { 22, 23 }));
        Assert.That(x[TensorIndex.Tensor(tensor(new long[] { 1, 0 }, device: Device)), 0, 0].cpu().data<long>().ToArray(), Is.EqualTo(new[] { 12, 0 }));
        x[TensorIndex.Ellipsis, TensorIndex.Slice(0, 2)] = 0;
        x[1, 2, 3] = 100;
        Assert.That(x.sum().ToInt64(), Is.EqualTo(Enumerable.Range(0, 24).Where(k => k % 4 >= 2).Sum() - 23 + 100));
    }

    [Test]
    public void A_custom_function_trains_through_rounding()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 0.4, -1.6, 9 }, device: Device, requires_grad: true);
        var y = StraightThrough.apply(x, 3.0);
        Assert.That(y.cpu().data<double>().ToArray(), Is.EqualTo(new[] { 0.0, -2, 3 }));
        (y * y).sum().backward();
        Assert.That(x.grad!.cpu().data<double>().ToArray(), Is.EqualTo(new[] { 0.0, -4, 0 }));
    }

    [Test]
    public void A_tensor_outlives_the_scope_that_it_leaves()
    {
        Tensor kept, detached;
        using (var outer = NewDisposeScope())
        {
            using (var inner = NewDisposeScope())
            {
                var temporary = rand(2, device: Device);
                kept = (temporary + 1).MoveToOuterDisposeScope();
                detached = (temporary + 2).DetachFromDisposeScope();
                Assert.That(inner.DisposablesCount, Is.EqualTo(1));
            }
            Assert.That((kept.IsInvalid, outer.DisposablesCount), Is.EqualTo((false, 1)));
        }
        Assert.That((kept.IsInvalid, detached.IsInvalid), Is.EqualTo((true, false)));
        detached.Dispose();
    }

    [Test]
    public void The_statistics_of_a_step_tell_what_it_left()
    {
        DisposeScopeManager.Statistics.Reset();
        Tensor kept;
        using (NewDisposeScope()) kept = (ones(1, device: Device) + 1).DetachFromDisposeScope();
        Assert.That(DisposeScopeManager.Statistics.ToString(), Is.EqualTo(
            "ThreadTotalLiveCount: 1; CreatedOutsideScopeCount: 0; DisposedOutsideScopeCount: 0; CreatedInScopeCount: 2; " +
            "DisposedInScopeCount: 1; AttachedToScopeCount: 0; DetachedFromScopeCount: 1"));
        kept.Dispose();
    }

    [Test]
    public void Tensors_are_written_as_text()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[,] { { 1, 2.5f }, { -3, 4 } }, device: Device);
        Assert.That(x.npstr(), Is.EqualTo("[[1, 2.5]," + Environment.NewLine + " [-3, 4]]"));
        Assert.That(arange(100, device: Device).npstr(), Is.EqualTo("[0, 1, 2, 3, 4, 5, ..., 94, 95, 96, 97, 98, 99]"));
        Assert.That(arange(100, device: Device).npstr(width: 20), Is.EqualTo("[0, 1, ..., 98, 99]"));
        Assert.That(x.str(), Does.StartWith("[2x2], type = Float32").And.Contain("2.5"));
        Assert.That(x.metastr(), Is.EqualTo(x.ToString()));
    }
}
