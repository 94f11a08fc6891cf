using System.Buffers.Binary;
using System.Text;
using RewardKit.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Safetensors;

public class SafetensorsTests
{
    [Test]
    public void Reads_a_published_file()
    {
        using var reader = SafetensorsReader.Open(Files.Stories);
        using var norm = reader.Read("model.norm.weight");

        Assert.That(reader.Find("model.embed_tokens.weight")!.Shape, Is.EqualTo((long[])[512, 64]));
        Assert.That(norm.dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(norm.shape, Is.EqualTo((long[])[64]));
    }

    [Test]
    public void Reads_bfloat16()
    {
        using var scope = NewDisposeScope();
        using var reader = SafetensorsReader.Open(Files.Data("models/dtype-samples/llama_test_weights_bf16.safetensors"));

        foreach (var entry in reader.Entries)
        {
            var tensor = reader.Read(entry.Name);
            Assert.That(tensor.dtype, Is.EqualTo(ScalarType.BFloat16), entry.Name);
            Assert.That(tensor.to(ScalarType.Float32).abs().max().item<float>(), Is.GreaterThan(0).And.LessThan(100), entry.Name);
        }
    }

    [Test]
    public void Reads_a_sharded_set()
    {
        using var reader = SafetensorsReader.Open(Files.Data("models/tiny_qwen35"));

        Assert.That(reader.Entries.Count(), Is.GreaterThan(20));
        foreach (var entry in reader.Entries)
        {
            using var tensor = reader.Read(entry.Name);
            Assert.That(tensor.shape, Is.EqualTo(entry.Shape), entry.Name);
        }
    }

    [Test]
    public void Reads_back_the_bits_it_wrote()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var tensors = new Dictionary<string, Tensor>
        {
            ["b.float32"] = tensor((float[])[0.1f, -0f, float.NaN, float.Epsilon, 1e30f, float.NegativeInfinity], [2, 3]),
            ["a.float32"] = tensor((float[])[1f], []),
            ["float64"] = tensor((double[])[0.1, 2], [2]),
            ["int64"] = tensor((long[])[long.MinValue, 5], [2, 1]),
            ["bfloat16"] = tensor((float[])[0.1f, 3], [2]).to(ScalarType.BFloat16),
            ["float16"] = tensor((float[])[0.1f, 3, 5], [3]).to(ScalarType.Float16),
            ["strided"] = tensor((float[])[1, 2, 3, 4], [2, 2]).t(),
            ["empty"] = zeros(0, 4),
        };

        SafetensorsWriter.Write(folder["x.safetensors"], tensors);
        using var reader = SafetensorsReader.Open(folder["x.safetensors"]);

        Assert.That(reader.Entries.Select(e => e.Name), Is.EqualTo(
            (string[])["float64", "int64", "a.float32", "b.float32", "empty", "strided", "bfloat16", "float16"]));
        foreach (var (name, expected) in tensors)
        {
            var actual = reader.Read(name);
            Assert.That((actual.dtype, actual.shape), Is.EqualTo((expected.dtype, expected.shape)), name);
            Assert.That(actual.bytes.ToArray(), Is.EqualTo(expected.contiguous().bytes.ToArray()), name);
        }
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1), "nothing is left beside");
    }

    [TestCase("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}""", 4, "does not take the 4 bytes")]
    [TestCase("""{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}""", 8, "take 4 bytes, and it has 8")]
    [TestCase("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}""", 4, "take 8 bytes, and it has 4")]
    [TestCase("""{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}""", 8, "begins at byte 4")]
    [TestCase("""{"a": {"dtype": "F32", "shape": [9223372036854775807, 4], "data_offsets": [0, 0]}}""", 0, "does not take")]
    [TestCase("""{"a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}""", 1, "F8_E4M3")]
    [TestCase("""{"a": {"shape": [1]}}""", 0, "header is not as expected")]
    [TestCase("""{"a": """, 0, "header is not as expected")]
    public void Refuses_headers_that_do_not_fit_the_file(string header, int data, string named)
    {
        using var folder = new TempFolder();
        var bytes = new byte[8 + Encoding.UTF8.GetByteCount(header) + data];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8 - data);
        Encoding.UTF8.GetBytes(header, bytes.AsSpan(8));
        File.WriteAllBytes(folder["bad.safetensors"], bytes);

        Assert.That(() => SafetensorsReader.Open(folder["bad.safetensors"]), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains("bad.safetensors").And.Message.Contains(named));
    }

    [Test]
    public void Refuses_files_that_are_cut_off_or_something_else()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["cut.safetensors"], File.ReadAllBytes(Path.Combine(Files.Stories, "model.safetensors"))[..100_000]);
        folder.Write("text.safetensors", "version https://git-lfs.github.com/spec/v1");
        folder.Write("pytorch_model.bin", "");

        Assert.That(() => SafetensorsReader.Open(folder["cut.safetensors"]), Throws.TypeOf<RewardKitException>().With.Message.Contains("and it has"));
        Assert.That(() => SafetensorsReader.Open(folder["text.safetensors"]), Throws.TypeOf<RewardKitException>().With.Message.Contains("first eight bytes"));
        Assert.That(() => SafetensorsReader.Open(folder["none.safetensors"]), Throws.TypeOf<RewardKitException>().With.Message.Contains("no such"));
        Assert.That(() => SafetensorsReader.Open(folder.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains(".bin"));
    }
}
