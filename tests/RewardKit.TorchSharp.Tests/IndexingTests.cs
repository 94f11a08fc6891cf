using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

public class IndexingTests
{
    private DisposeScope _scope = null!;
    private Tensor _table = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        _table = arange(12).view(3, 4);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Numbers_ranges_and_marks_read_views()
    {
        Assert.That(_table[1, 2].item<long>(), Is.EqualTo(6));
        Assert.That(_table[-1].Longs(), Is.EqualTo(new long[] { 8, 9, 10, 11 }));
        Assert.That(_table[.., 1..3].Longs(), Is.EqualTo(new long[] { 1, 2, 5, 6, 9, 10 }));
        Assert.That(_table[1.., ^1].Longs(), Is.EqualTo(new long[] { 7, 11 }));
        Assert.That(_table[.., ..^1].shape, Is.EqualTo(new long[] { 3, 3 }));
        Assert.That(_table[TensorIndex.Ellipsis, TensorIndex.Slice(step: 2)].shape, Is.EqualTo(new long[] { 3, 2 }));
        Assert.That(_table[TensorIndex.None, TensorIndex.Single(0)].shape, Is.EqualTo(new long[] { 1, 4 }));
        Assert.That(_table[TensorIndex.Ellipsis, TensorIndex.Single(0)].Longs(), Is.EqualTo(new long[] { 0, 4, 8 }));
        Assert.That(_table[TensorIndex.Bool(true)].shape, Is.EqualTo(new long[] { 1, 3, 4 }));
        Assert.That(_table[TensorIndex.Bool(false)].shape, Is.EqualTo(new long[] { 0, 3, 4 }));
    }

    [Test]
    public void Tensors_and_masks_read_copies()
    {
        var rows = tensor(new long[] { 2, 0 });
        var columns = tensor(new long[] { 3, 1 });
        Assert.That(_table[rows, columns].Longs(), Is.EqualTo(new long[] { 11, 1 }));
        Assert.That(_table[rows].shape, Is.EqualTo(new long[] { 2, 4 }));
        Assert.That(_table[_table > 9].Longs(), Is.EqualTo(new long[] { 10, 11 }));
        Assert.That(_table[TensorIndex.Colon, TensorIndex.Tensor(columns)].Longs(), Is.EqualTo(new long[] { 3, 1, 7, 5, 11, 9 }));
        Assert.That(_table[TensorIndex.Slice(1), TensorIndex.Tensor(columns)].shape, Is.EqualTo(new long[] { 2, 2 }));
        Assert.That(_table[TensorIndex.Tensor(_table > 9)].Longs(), Is.EqualTo(new long[] { 10, 11 }));
        Assert.That(_table.unsqueeze(0)[TensorIndex.Colon, TensorIndex.Tensor(_table > 9)].shape, Is.EqualTo(new long[] { 1, 2 }));
    }

    [Test]
    public void Writing_converts_and_broadcasts()
    {
        _table[0, 0] = 100;
        _table[1] = tensor(7.9f);
        _table[2.., 1..3] = tensor(new long[,] { { -1, -2 } });
        Assert.That(_table.Longs(), Is.EqualTo(new long[] { 100, 1, 2, 3, 7, 7, 7, 7, 8, -1, -2, 11 }));
    }

    [Test]
    public void Writing_by_tensors_and_masks()
    {
        _table[_table > 4] = 0;
        Assert.That(_table.Longs(), Is.EqualTo(new long[] { 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0 }));
        _table[TensorIndex.Colon, TensorIndex.Tensor(tensor(new long[] { 3 }))] = 9;
        Assert.That(_table[.., 3].Longs(), Is.EqualTo(new long[] { 9, 9, 9 }));
        var twice = tensor(new long[] { 0, 0 });
        _table.index_put_(tensor(new long[] { 5, 6 }), [twice, twice], accumulate: true);
        Assert.That(_table[0, 0].item<long>(), Is.EqualTo(11));
        _table.index_put_((Scalar)3, TensorIndex.Single(2), TensorIndex.Single(2));
        Assert.That(_table[2, 2].item<long>(), Is.EqualTo(3));
    }

    [Test]
    public void A_view_writes_through()
    {
        _table[1][2] = -5;
        Assert.That(_table[1, 2].item<long>(), Is.EqualTo(-5));
    }

    [Test]
    public void An_index_out_of_range_is_refused_with_index_and_shape()
    {
        Assert.That(() => _table[3], Throws.Exception.With.Message.Contains("aten::select.int").And.Message.Contains("[3, 4]"));
        Assert.That(() => _table[TensorIndex.Slice(0, 2, -1)], Throws.ArgumentException);
    }
}
