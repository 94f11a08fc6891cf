using System.IO.Compression;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace RewardKit.TorchSharp.Tests.NN;

/// <summary>TorchSharp's format: counts of seven bits a byte, names as BinaryWriter writes them, then type, shape and bytes.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class ModuleFileTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;
    private string _folder = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        _folder = Directory.CreateTempSubdirectory("rewardkit-").FullName;
    }

    [TearDown]
    public void Close()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Small : Module<Tensor, Tensor>
    {
        private readonly Parameter weight;
        private readonly Tensor steps;

        public Small() : base(nameof(Small))
        {
            weight = Parameter(zeros(1, 2));
            steps = zeros(1, int64);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input.matmul(weight.t()) + steps;
    }

    private string File(string name) => Path.Combine(_folder, name);

    private Small Filled()
    {
        var module = new Small().to(Device);
        using var noGrad = no_grad();
        module.get_parameter("weight")!.copy_(tensor(new float[,] { { 1, -2 } }));
        module.get_buffer("steps")!.fill_(7);
        return module;
    }

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream)) write(writer);
        return stream.ToArray();
    }

    /// <summary>Written out by hand.</summary>
    private static readonly byte[] Expected = Bytes(writer =>
    {
        writer.Write((byte)2);
        writer.Write("weight");
        writer.Write([6, 2, 1, 2]); // Float32, two dimensions, 1 and 2
        writer.Write(1f);
        writer.Write(-2f);
        writer.Write("steps");
        writer.Write([4, 1, 1]); // Int64, one dimension, 1
        writer.Write(7L);
    });

    [Test]
    public void A_file_has_the_bytes_of_the_format()
    {
        Filled().save(File("m.dat"));
        Assert.That(System.IO.File.ReadAllBytes(File("m.dat")), Is.EqualTo(Expected));
    }

    [Test]
    public void What_was_saved_is_loaded_from_files_streams_and_readers()
    {
        System.IO.File.WriteAllBytes(File("m.dat"), Expected);
        foreach (var load in new Func<Small, nn.Module>[]
        {
            module => module.load(File("m.dat")),
            module => module.load(new MemoryStream(Expected)),
            module => module.load(new BinaryReader(new MemoryStream(Expected))),
            _ => nn.Module.Create<Small>(File("m.dat")),
        })
        {
            var loaded = load(new Small().to(Device));
            Assert.That(loaded.get_parameter("weight")!.cpu().data<float>().ToArray(), Is.EqualTo(new[] { 1f, -2 }));
            Assert.That(loaded.get_buffer("steps")!.item<long>(), Is.EqualTo(7));
            Assert.That(loaded.get_parameter("weight")!.requires_grad, Is.True);
        }
    }

    [Test]
    public void Lengths_beyond_seven_bits_take_more_bytes()
    {
        var stream = new MemoryStream();
        zeros(300, 0, dtype: ScalarType.Int8, device: Device).Save(new BinaryWriter(stream));
        Assert.That(stream.ToArray(), Is.EqualTo(new byte[] { 1, 2, 0xAC, 0x02, 0 }));
        Assert.That(TensorExtensionMethods.Load(new BinaryReader(new MemoryStream(stream.ToArray()))).shape, Is.EqualTo(new[] { 300, 0 }));
    }

    [Test]
    public void Tensors_of_every_type_and_views_go_there_and_back()
    {
        foreach (var type in new[] { ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, int32, int64, float16, bfloat16, float32, float64, ScalarType.Bool })
        {
            var values = arange(6, device: Device).view(2, 3).t().to_type(type);
            values.Save(File("t.dat"));
            using var reader = new BinaryReader(System.IO.File.OpenRead(File("t.dat")));
            var read = TensorExtensionMethods.Load(reader);
            Assert.That((read.dtype, read.equal(values.cpu()).all().item<bool>()), Is.EqualTo((type, true)), type.ToString());
        }
    }

    [Test]
    public void Skipped_entries_stay_as_they_are_also_in_streams_that_cannot_seek()
    {
        var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(Expected);
        packed.Position = 0;
        var found = new Dictionary<string, bool>();
        var loaded = new Small().to(Device).load(new GZipStream(packed, CompressionMode.Decompress), skip: ["weight"], loadedParameters: found);
        Assert.That(loaded.get_parameter("weight")!.abs().sum().item<float>(), Is.Zero);
        Assert.That(loaded.get_buffer("steps")!.item<long>(), Is.EqualTo(7));
        Assert.That(found, Is.EqualTo(new Dictionary<string, bool> { ["weight"] = true, ["steps"] = true }));
    }

    [Test]
    public void What_is_skipped_while_saving_is_not_in_the_file()
    {
        Filled().save(File("m.dat"), skip: ["steps"]);
        Assert.That(() => new Small().load(File("m.dat")), Throws.ArgumentException.With.Message.Contains("1 entries").And.Message.Contains("strict"));
        Assert.That(new Small().load(File("m.dat"), strict: false).get_parameter("weight")!.data<float>().ToArray(), Is.EqualTo(new[] { 1f, -2 }));
    }

    [Test]
    public void What_has_no_place_is_refused_or_passed_over()
    {
        var state = new Dictionary<string, Tensor> { ["other"] = ones(3), ["weight"] = ones(1, 2) };
        var bytes = Bytes(writer => nn.Module.save_state_dict(writer, state));
        Assert.That(() => new Small().load(new MemoryStream(bytes)), Throws.ArgumentException.With.Message.Contains("'other'"));
        var found = new Dictionary<string, bool>();
        var loaded = new Small().load(new MemoryStream(bytes), strict: false, loadedParameters: found);
        Assert.That(loaded.get_parameter("weight")!.sum().item<float>(), Is.EqualTo(2));
        Assert.That(found["other"], Is.False);
    }

    [Test]
    public void Wrong_shapes_types_and_files_are_named()
    {
        void Refused(string what, byte[] bytes, Type? exception = null)
        {
            System.IO.File.WriteAllBytes(File("bad.dat"), bytes);
            Assert.That(() => new Small().load(File("bad.dat"), strict: false), Throws.TypeOf(exception ?? typeof(ArgumentException)).With.Message.Contains("bad.dat").And.Message.Contains(what));
        }

        byte[] With(Tensor weight) => Bytes(writer => nn.Module.save_state_dict(writer, new() { ["weight"] = weight }));

        Refused("[2, 1]", With(ones(2, 1)));
        Refused("Float64", With(ones(1, 2, dtype: float64)));
        Refused("cut off", Expected[..16], typeof(InvalidDataException));
        Refused("end of the stream", Expected[..20], typeof(InvalidDataException));
        Refused("damaged", [1, 1, (byte)'x', 99, 0], typeof(InvalidDataException));
        Assert.That(() => new Small().load(File("none.dat")), Throws.InstanceOf<FileNotFoundException>());
    }

    [Test]
    public void A_tensor_goes_to_a_file_of_libtorch_and_back()
    {
        var values = rand(3, 4, device: Device);
        values.save(File("t.pt"));
        var read = Tensor.load(File("t.pt"));
        Assert.That((read.device.type, read.equal(values).all().item<bool>()), Is.EqualTo((Device.type, true)));
        Assert.That(System.IO.File.ReadAllBytes(File("t.pt"))[..2], Is.EqualTo("PK"u8.ToArray())); // torch::save writes a zip archive
        Assert.That(() => Tensor.load(File("none.pt")), Throws.Exception.With.Message.Contains("none.pt"));
    }
}
