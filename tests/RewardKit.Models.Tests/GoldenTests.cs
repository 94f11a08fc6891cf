using System.Text.Json;
using RewardKit.Models.Tokenization;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>Logits against those of other implementations.</summary>
public class GoldenTests
{
    private static RewardModel Model(string folder) => RewardModel.Create(new ModelSpec { Folder = folder }, new RewardHead(), 0);

    private static JsonElement Golden(string model) =>
        JsonDocument.Parse(File.ReadAllBytes(Files.Data($"models/{model}/golden.json"))).RootElement.GetProperty("cases");

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(n => n.GetDouble())];

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(n => n.GetInt32())];

    [TestCase("tiny_llama", "full_b1")]
    [TestCase("tiny_llama", "full_b2")]
    [TestCase("tiny_qwen3", "full_b1")]
    [TestCase("tiny_qwen3", "full_b2")]
    public void Logits_agree_with_transformers(string folder, string name)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var model = Model(Files.Data($"models/{folder}"));
        var golden = Golden(folder).GetProperty(name);
        int[][] rows = [.. golden.GetProperty("input_ids").EnumerateArray().Select(Ids)];

        // A prompt with an empty response is a plain text.
        using var batch = new PackedBatch([.. rows.Select(row => new PackedItem(row, [[]]))]);
        var logits = model.Logits(batch).data<float>().ToArray();

        Assert.That(Array.ConvertAll(logits, x => (double)x), Is.EqualTo(Numbers(golden.GetProperty("logits"))).Within(1e-4));
    }

    [Test]
    public void Stories_agrees_with_a_float64_computation()
    {
        using var model = Model(Files.Stories);
        var tokenizer = Tokenizer.Load(Files.Stories);
        foreach (var golden in Golden("stories260K").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            var ids = Ids(golden.GetProperty("input_ids"));
            Assert.That((int[])[tokenizer.BosId!.Value, .. tokenizer.Encode(golden.GetProperty("prompt").GetString()!)], Is.EqualTo(ids));

            // Cut anywhere, a text gives the same logits at its end and the same log-probabilities along the way.
            var cut = 1 + ids.Length / 3;
            using var batch = new PackedBatch([new(ids[..cut], [ids[cut..]])]);
            var last = model.Logits(batch)[-1].data<float>().ToArray();
            var logProb = model.Forward(batch, ForwardNeeds.ResponseLogProbs).ResponseLogProbs!.item<float>();

            var expected = Numbers(golden.GetProperty("token_logprobs"));
            Assert.Multiple(() =>
            {
                Assert.That(Array.ConvertAll(last, x => (double)x), Is.EqualTo(Numbers(golden.GetProperty("last_logits"))).Within(1e-4));
                Assert.That(logProb, Is.EqualTo(expected[^(ids.Length - cut)..].Sum()).Within(1e-4));
            });
        }
    }

    [Test]
    public void Greedy_decoding_tells_the_known_story()
    {
        using var model = Model(Files.Stories);
        var golden = Golden("stories260K").EnumerateArray().First(c => c.GetProperty("greedy_ids").GetArrayLength() > 0);
        int[] expected = Ids(golden.GetProperty("greedy_ids"));
        var text = Ids(golden.GetProperty("input_ids")).ToList();
        var start = text.Count;
        using var gradients = no_grad();
        while (text.Count < start + expected.Length)
        {
            using var scope = NewDisposeScope();
            using var batch = new PackedBatch([new([.. text], [[]])]);
            text.Add((int)model.Logits(batch)[-1].argmax().item<long>());
        }

        Assert.That(text[start..], Is.EqualTo(expected));
        Assert.That(golden.GetProperty("greedy_text").GetString(), Does.Contain(Tokenizer.Load(Files.Stories).Decode(expected)));
    }
}
