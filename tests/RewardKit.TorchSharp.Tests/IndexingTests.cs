using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class IndexingTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;
    private Tensor _table = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        _table = arange(12, device: Device).view(3, 4);
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
        var rows = tensor(new long[] { 2, 0 }, device: Device);
        var columns = tensor(new long[] { 3, 1 }, device: Device);
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
        _table[1] = tensor(7.9f, device: Device);
        _table[2.., 1..3] = tensor(new long[,] { { -1, -2 } }, device: Device);
        Assert.That(_table.Longs(), Is.EqualTo(new long[] { 100, 1, 2, 3, 7, 7, 7, 7, 8, -1, -2, 11 }));
    }

    [Test]
    public void Writing_by_tensors_and_masks()
    {
        _table[_table > 4] = 0;
        Assert.That(_table.Longs(), Is.EqualTo(new long[] { 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0 }));
        _table[TensorIndex.Colon, TensorIndex.Tensor(tensor(new long[] { 3 }, device: Device))] = 9;
        Assert.That(_table[.., 3].Longs(), Is.EqualTo(new long[] { 9, 9, 9 }));
        var twice = tensor(new long[] { 0, 0 }, device: Device);
        _table.index_put_(tensor(new long[] { 5, 6 }, device: Device), [twice, twice], accumulate: true);
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
    public void The_last_none_are_none()
    {
        Assert.That(_table[^0..].shape, Is.EqualTo(new long[] { 0, 4 }));
        Assert.That(_table[..^0].shape, Is.EqualTo(new long[] { 3, 4 }));
        Assert.That(_table[.., ^2..^0].Longs(), Is.EqualTo(new long[] { 2, 3, 6, 7, 10, 11 }));
        Assert.That(() => _table[.., ^0], Throws.Exception.With.Message.Contains("aten::select.int"));
    }

    [Test]
    public void A_mask_without_dimensions_keeps_all_or_nothing()
    {
        Assert.That(_table[TensorIndex.Tensor(tensor(true, device: Device)), TensorIndex.Single(1)].Longs(), Is.EqualTo(new long[] { 4, 5, 6, 7 }));
        Assert.That(_table[TensorIndex.Tensor(_table.sum() < 0)].shape, Is.EqualTo(new long[] { 0, 3, 4 }));
    }

    [Test]
    public void Masks_and_indices_mix_with_slices_and_new_dimensions()
    {
        var cube = arange(24, device: Device).view(2, 3, 4);
        var mask = tensor(new[,] { { true, false, false }, { false, false, true } }, device: Device);
        Assert.That(cube[TensorIndex.Tensor(mask), TensorIndex.Slice(2)].Longs(), Is.EqualTo(new long[] { 2, 3, 22, 23 }));
        Assert.That(cube[TensorIndex.Tensor(mask), TensorIndex.Tensor(tensor(new long[] { 0, 3 }, device: Device))].Longs(), Is.EqualTo(new long[] { 0, 23 }));
        Assert.That(cube[TensorIndex.Ellipsis, TensorIndex.Tensor(tensor(new long[] { 1 }, device: Device)), TensorIndex.None].shape, Is.EqualTo(new long[] { 2, 3, 1, 1 }));
        cube[TensorIndex.Single(1), TensorIndex.Tensor(tensor(new[] { true, false, true }, device: Device)), TensorIndex.Slice(step: 3)] = -1;
        Assert.That(cube[1].Longs(), Is.EqualTo(new long[] { -1, 13, 14, -1, 16, 17, 18, 19, -1, 21, 22, -1 }));
    }

    [Test]
    public void Writing_to_the_whole_tensor_leaves_it_alive()
    {
        var number = tensor(1L, device: Device);
        number[Array.Empty<long>()] = 5;
        Assert.That(number.item<long>(), Is.EqualTo(5));
        Assert.That(ReferenceEquals(number[Array.Empty<long>()], number), Is.False);
    }

    [Test]
    public void Too_many_indices_are_refused_with_the_shape()
    {
        Assert.That(() => _table[.., .., ..], Throws.ArgumentException.With.Message.Contains("[3, 4]"));
        Assert.That(() => _table[TensorIndex.Ellipsis, TensorIndex.Colon, TensorIndex.Slice(0, 1), TensorIndex.Slice(0, 1)], Throws.ArgumentException);
        Assert.That(() => _table[TensorIndex.Ellipsis, TensorIndex.Ellipsis], Throws.ArgumentException.With.Message.Contains("ellipsis"));
    }

    [Test]
    public void An_index_out_of_range_is_refused_with_index_and_shape()
    {
        Assert.That(() => _table[3], Throws.Exception.With.Message.Contains("aten::select.int").And.Message.Contains("[3, 4]"));
        Assert.That(() => _table[TensorIndex.Slice(0, 2, -1)], Throws.ArgumentException);
    }
}
