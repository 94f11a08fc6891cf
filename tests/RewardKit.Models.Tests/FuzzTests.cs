using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tests.Decoder;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>
/// Real files with a fixed sequence of damages: whatever a file says, there is a result or one error that names it.
/// </summary>
public class FuzzTests
{
    private const int Seed = 20260;

    private static readonly string[] Numbers =
        ["-1", "0", "1", "2", "3", "7", "65536", "2147483647", "2147483648", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e308", "1e999", "0.5", "-0"];

    private static readonly string[] Values = [.. Numbers, "null", "true", "false", "\"\"", "\"F32\"", "\"../x\"", "[]", "[null]", "[1,[2]]", "{}", "{\"a\":{}}", "[[[[]]]]"];

    [Test]
    public void Damaged_weights_give_a_result_or_an_error_that_names_the_file()
    {
        using var folder = new TempFolder();
        byte[][] originals =
        [
            File.ReadAllBytes(Files.Data("models/dtype-samples/llama_test_weights_bf16.safetensors")),
            File.ReadAllBytes(Files.Data("models/tiny_llama_with_tokenizer/model.safetensors")),
            File.ReadAllBytes(Files.Data("models/tiny_qwen3/model.safetensors")),
        ];
        var random = new Random(Seed);
        var read = 0;
        for (var round = 0; round < 1500; round++)
        {
            var bytes = Damaged(originals[round % originals.Length], random);
            File.WriteAllBytes(folder["damaged.safetensors"], bytes);
            OnlyRefusedAs("damaged.safetensors", round, () =>
            {
                using var scope = NewDisposeScope();
                using var reader = SafetensorsReader.Open(folder["damaged.safetensors"]);
                foreach (var entry in reader.Entries)
                {
                    var tensor = reader.Read(entry.Name);
                    Assert.That(tensor.NumberOfElements, Is.LessThanOrEqualTo(bytes.Length), $"round {round}");
                }
                read++;
            });
        }
        Assert.That(read, Is.InRange(50, 1450), "some damages do no harm, and some do");
    }

    [Test]
    public void Damaged_indexes_give_a_result_or_an_error_that_names_a_file()
    {
        using var folder = TempFolder.CopyOf(Files.Data("models/tiny_qwen35"));
        var original = File.ReadAllText(folder["model.safetensors.index.json"]);
        var random = new Random(Seed);
        for (var round = 0; round < 300; round++)
        {
            folder.Write("model.safetensors.index.json", DamagedText(original, random));
            OnlyRefusedAs(".safetensors", round, () => SafetensorsReader.Open(folder.Path).Dispose());
        }
    }

    [Test]
    public void Damaged_configurations_give_a_model_or_an_error_that_names_a_file()
    {
        using var folder = new TempFolder();
        var random = new Random(Seed);
        var made = 0;
        foreach (var (number, name) in TinyModels.Names.Index())
        {
            TinyModels.Write(folder, name);
            var config = TinyModels.Config(name);
            config["num_labels"] = 1;
            config["rewardkit"] = new JsonObject { ["template"] = "plain", ["max_prompt_tokens"] = 20, ["max_response_tokens"] = 20 };
            var original = config.ToJsonString();
            for (var round = 0; round < 100; round++)
            {
                folder.Write("config.json", DamagedText(original, random));
                OnlyRefusedAs(folder.Path, number * 100 + round, () =>
                {
                    RewardModel.Create(new() { Folder = folder.Path }, new(), 0).Dispose();
                    made++;
                });
            }
        }
        Assert.That(made, Is.InRange(50, 1150));
    }

    private static void OnlyRefusedAs(string named, int round, Action action)
    {
        try
        {
            action();
        }
        catch (RewardKitException e)
        {
            Assert.That(e.Message, Does.Contain(named).And.Length.LessThan(2000), $"round {round}");
            Assert.That(e.ExitCode, Is.EqualTo(2), $"round {round}: {e.Message}");
        }
        catch (Exception e) when (e is not AssertionException)
        {
            Assert.Fail($"round {round}: {e}");
        }
    }

    private static byte[] Damaged(byte[] original, Random random)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(original);
        switch (random.Next(6))
        {
            case 0:
                return original[..random.Next(original.Length)];
            case 1:
                var longer = (byte[])original.Clone();
                BinaryPrimitives.WriteInt64LittleEndian(longer, random.Next(3) switch { 0 => random.NextInt64(), 1 => -length, _ => length + random.Next(-40, 40) });
                return longer;
            case 2:
                var flipped = (byte[])original.Clone();
                for (var n = random.Next(1, 4); n > 0; n--) flipped[random.Next(8 + length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 3:
                return [.. original, .. new byte[random.Next(1, 100)]];
            default:
                var header = Encoding.UTF8.GetBytes(DamagedText(Encoding.UTF8.GetString(original, 8, length), random));
                var prefix = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
                return [.. prefix, .. header, .. original[(8 + length)..]];
        }
    }

    // Where a value or a name stands, another; or a piece of the text cut out, doubled or turned into other characters.
    private static string DamagedText(string text, Random random)
    {
        for (var n = random.Next(1, 3); n > 0; n--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0 or 1:
                    var start = text.IndexOfAny([':', ',', '['], at) + 1;
                    if (start == 0) continue;
                    var end = text.IndexOfAny([',', '}', ']'], start);
                    if (end < 0) continue;
                    var values = random.Next(2) == 0 ? Numbers : Values;
                    text = text[..start] + values[random.Next(values.Length)] + text[end..];
                    break;
                case 2:
                    text = text.Remove(at, Math.Min(random.Next(1, 30), text.Length - at));
                    break;
                case 3:
                    var piece = text[at..Math.Min(text.Length, at + random.Next(1, 200))];
                    text = text.Insert(at, piece);
                    break;
                default:
                    text = text[..at] + (char)random.Next(0, 0x250) + text[(at + 1)..];
                    break;
            }
            if (text.Length == 0) return text;
        }
        return text;
    }
}
