using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

public class DataTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Arrays_of_any_rank_are_copied_with_their_shape()
    {
        var source = new float[,] { { 1, 2, 3 }, { 4, 5, 6 } };
        var x = tensor(source);
        source[0, 0] = 100;
        Assert.That(x.shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(x.Floats(), Is.EqualTo(new[] { 1f, 2f, 3f, 4f, 5f, 6f }));
        Assert.That(from_array(new long[2, 1, 2]).shape, Is.EqualTo(new long[] { 2, 1, 2 }));
        Assert.That(tensor(new List<float> { 1, 2, 3, 4 }, 2, 2).shape, Is.EqualTo(new long[] { 2, 2 }));
        Assert.That(tensor(new[] { 1, 2 }, dtype: ScalarType.Float64).data<double>().ToArray(), Is.EqualTo(new[] { 1.0, 2.0 }));
        Assert.That(tensor(Array.Empty<float>()).shape, Is.EqualTo(new long[] { 0 }));
    }

    [Test]
    public void An_accessor_reads_and_writes_in_place_in_index_order()
    {
        var x = tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        var data = x.t().data<float>();
        Assert.That(data.ToArray(), Is.EqualTo(new[] { 1f, 3f, 2f, 4f }));
        Assert.That(data, Is.EqualTo(new[] { 1f, 3f, 2f, 4f }));
        data[0, 1] = 30;
        data[3] = 40;
        Assert.That(x.Floats(), Is.EqualTo(new[] { 1f, 2f, 30f, 40f }));
        x.data<float>().CopyFrom([5, 6], tensorIndex: 1);
        Assert.That(x.Floats(), Is.EqualTo(new[] { 1f, 5f, 6f, 40f }));
        Assert.That(() => data[4], Throws.InstanceOf<IndexOutOfRangeException>());
    }

    [Test]
    public void An_accessor_reads_nothing_beyond_the_tensor()
    {
        var data = arange(4).data<long>();
        Assert.That(() => data.CopyTo(new long[2], 0, -1), Throws.InstanceOf<IndexOutOfRangeException>());
        Assert.That(() => data.CopyFrom([1, 2], 0, 5), Throws.InstanceOf<IndexOutOfRangeException>());
        var target = new long[3];
        data.CopyTo(target, tensorIndex: 3);
        Assert.That(target, Is.EqualTo(new long[] { 3, 0, 0 }));
        data.CopyTo(target, tensorIndex: 4);
    }

    [Test]
    public void An_accessor_ends_with_its_tensor()
    {
        var x = arange(4);
        var data = x.data<long>();
        x.Dispose();
        Assert.That(() => data.ToArray(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => data[0], Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => data[0] = 1, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => data.CopyFrom([1L]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => data.Sum(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Empty_tensors_have_no_elements()
    {
        Assert.That(zeros([0, 3]).data<float>().ToArray(), Is.Empty);
        Assert.That(zeros([3, 0]).t().data<float>(), Is.Empty);
        Assert.That(zeros(0).bytes.Length, Is.Zero);
        Assert.That(zeros([0, 3]).sum().item<float>(), Is.Zero);
        Assert.That(() => zeros(0).item<float>(), Throws.ArgumentException.With.Message.Contains("[0]"));
    }

    [Test]
    public void The_memory_of_a_sparse_gradient_is_refused()
    {
        using var table = nn.Embedding(5, 2, sparse: true);
        table.call(tensor(new long[] { 1, 3 })).sum().backward();
        var gradient = table.weight.grad!;
        Assert.That(gradient.is_contiguous(), Is.False);
        Assert.That(() => gradient.data<float>(), Throws.InstanceOf<ExternalException>());
        Assert.That(() => gradient.bytes.Length, Throws.InstanceOf<ExternalException>());
    }

    [Test]
    public void Bytes_pass_through_streams()
    {
        var x = randn(100);
        using var stream = new MemoryStream();
        x.WriteBytesToStream(stream);
        stream.Position = 0;
        var y = empty(100);
        y.ReadBytesFromStream(stream);
        Assert.That(y.Floats(), Is.EqualTo(x.Floats()));
        Assert.That(y.bytes.Length, Is.EqualTo(400));
        y.bytes = new byte[400];
        Assert.That(y.abs().sum().item<float>(), Is.Zero);
    }

    [Test]
    public void A_buffer_is_read_from_an_offset_in_bytes()
    {
        var x = frombuffer(new byte[] { 9, 0, 0, 128, 63, 0, 0, 0, 64 }, ScalarType.Float32, offset: 1);
        Assert.That(x.Floats(), Is.EqualTo(new[] { 1f, 2f }));
        Assert.That(() => frombuffer(new byte[3], ScalarType.Float32, 1), Throws.ArgumentException.With.Message.Contains("3 bytes"));
    }

    [Test]
    public void The_wrong_element_type_is_refused_with_both_types()
    {
        var x = tensor(new long[] { 1 });
        Assert.That(() => x.data<float>(), Throws.ArgumentException.With.Message.Contains("Int64").And.Message.Contains("Single"));
        Assert.That(() => x.item<int>(), Throws.ArgumentException.With.Message.Contains("Int32"));
        Assert.That(() => ones(2).item<float>(), Throws.ArgumentException.With.Message.Contains("[2]"));
    }

    [Test]
    public void Text()
    {
        var x = tensor(new float[,] { { 1, 2.5f }, { 3, 4 } });
        Assert.That(x.ToString(), Is.EqualTo("[2x2], type = Float32, device = cpu"));
        Assert.That(x.ToString(TensorStringStyle.Numpy, newLine: "\n"), Is.EqualTo("[[1, 2.5],\n [3, 4]]"));
        Assert.That(arange(100).ToString(TensorStringStyle.Numpy), Is.EqualTo("[0, 1, 2, 3, 4, 5, ..., 94, 95, 96, 97, 98, 99]"));
    }

    [Test]
    public void Devices_are_read_and_written_as_text()
    {
        Assert.That(new Device("cuda:1").ToString(), Is.EqualTo("cuda:1"));
        Assert.That(new Device("cpu").type, Is.EqualTo(DeviceType.CPU));
        Assert.That(() => new Device("gpu"), Throws.ArgumentException.With.Message.Contains("gpu"));
        Assert.That(() => new Device("cuda:x"), Throws.ArgumentException.With.Message.Contains("cuda:x"));
    }
}
