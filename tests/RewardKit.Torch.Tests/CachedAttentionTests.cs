using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

public class CachedAttentionTests
{
    private DisposeScope _scope = null!;
    private IDisposable _gradients = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        _gradients = no_grad();
        manual_seed(3);
    }

    [TearDown]
    public void Close()
    {
        _gradients.Dispose();
        _scope.Dispose();
    }

    [Test]
    public void Agrees_with_the_last_row_of_whole_texts(
        [Values(1, 5, 8, 16, 24, 64, 80, 129)] int dim, [Values(0, 1, 4, 33)] int window, [Values(0, 0.7)] double softcap)
    {
        if (!CachedAttention.Takes(zeros(1))) Assert.Ignore("this build stands on the TorchSharp package");
        const int heads = 6, kvHeads = 2, rows = 4, capacity = 64;
        foreach (var (type, tolerance) in new[] { (ScalarType.Float64, 1e-12), (ScalarType.Float32, 1e-4) })
        {
            var (keys, values) = (randn([rows, kvHeads, capacity, dim], type), randn([rows, kvHeads, capacity, dim], type));
            var places = tensor(new long[,] { { 2, 0 }, { 0, 37 }, { 3, 63 } });
            var (q, k, v) = (randn(3, heads, dim, type), randn(3, kvHeads, dim, type), randn(3, kvHeads, dim, type));
            var (keysBefore, valuesBefore) = (keys.clone(), values.clone());

            var attended = CachedAttention.Apply(q, k, v, keys, values, places, 0.3, window, softcap);

            foreach (var (text, row, past) in new[] { (0, 2, 0), (1, 0, 37), (2, 3, 63) })
            {
                keysBefore[row].narrow(1, past, 1).copy_(k[text].unsqueeze(1));
                valuesBefore[row].narrow(1, past, 1).copy_(v[text].unsqueeze(1));
                Tensor Whole(Tensor cached) => cached[row].narrow(1, 0, past + 1).transpose(0, 1);
                var queries = zeros([past + 1, heads, dim], type);
                queries[past].copy_(q[text]);
                var expected = PackedAttention.Reference(
                    queries, Whole(keysBefore), Whole(valuesBefore), tensor(new long[,] { { 0, past + 1, 0, 0 } }), 0.3, window, softcap)[past];
                Assert.That((attended[text] - expected).abs().max().ToDouble(), Is.LessThan(tolerance), $"text {text}, {type}");
            }
            Assert.That((keys == keysBefore).all().item<bool>() && (values == valuesBefore).all().item<bool>(), "the rest of the cache stays as it was");
        }
    }

    [Test]
    public void Texts_that_share_a_beginning_get_the_bits_of_whole_ones(
        [Values(5, 16, 64, 129)] int dim, [Values(0, 2, 9, 40)] int window, [Values(0, 0.7)] double softcap)
    {
        if (!CachedAttention.Takes(zeros(1))) Assert.Ignore("this build stands on the TorchSharp package");
        const int heads = 6, kvHeads = 2, rows = 3, capacity = 64;
        // Row, shared tokens, place of its own, own tokens before: branches of two rows, and one whole text.
        var places = new long[,] { { 2, 37, 37, 0 }, { 2, 37, 45, 3 }, { 2, 37, 60, 2 }, { 0, 0, 11, 4 }, { 1, 20, 20, 0 } };
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            var (keys, values) = (randn([rows, kvHeads, capacity, dim], type), randn([rows, kvHeads, capacity, dim], type));
            var (q, k, v) = (randn(5, heads, dim, type), randn(5, kvHeads, dim, type), randn(5, kvHeads, dim, type));
            var (keysBefore, valuesBefore) = (keys.clone(), values.clone());

            var attended = CachedAttention.Apply(q, k, v, keys, values, tensor(places), 0.3, window, softcap);

            for (var text = 0; text < 5; text++)
            {
                var (row, shared, own, past) = (places[text, 0], places[text, 1], places[text, 2], places[text, 3]);
                Tensor Alone(Tensor cached)
                {
                    var alone = zeros([1, kvHeads, capacity, dim], type);
                    alone[0].narrow(1, 0, shared).copy_(cached[row].narrow(1, 0, shared));
                    alone[0].narrow(1, shared, past).copy_(cached[row].narrow(1, own, past));
                    return alone;
                }
                Tensor Own(Tensor x) => x.narrow(0, text, 1);
                var (aloneKeys, aloneValues) = (Alone(keysBefore), Alone(valuesBefore));
                var expected = CachedAttention.Apply(Own(q), Own(k), Own(v), aloneKeys, aloneValues, tensor(new long[,] { { 0, shared + past } }), 0.3, window, softcap);
                Assert.That((attended[text] == expected[0]).all().item<bool>(), $"text {text}, {type}");
                keysBefore[row].narrow(1, own + past, 1).copy_(k[text].unsqueeze(1));
                valuesBefore[row].narrow(1, own + past, 1).copy_(v[text].unsqueeze(1));
            }
            Assert.That((keys == keysBefore).all().item<bool>() && (values == valuesBefore).all().item<bool>(), "the rest of the cache stays as it was");
        }
    }

    [Test]
    public void Refuses_what_does_not_fit()
    {
        if (!CachedAttention.Takes(zeros(1))) Assert.Ignore("this build stands on the TorchSharp package");
        var (q, k, keys) = (randn(1, 4, 8), randn(1, 2, 8), zeros(3, 2, 16, 8));
        Tensor Places(long row, long past) => tensor(new long[,] { { row, past } });
        Assert.Multiple(() =>
        {
            Refused("row 3", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), Places(3, 0), 1));
            Refused("after 16 tokens", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), Places(0, 16), 1));
            Refused("after -1 tokens", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), Places(0, -1), 1));
            Refused("row 0 after 4 tokens and those from 9 to 16", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), tensor(new long[,] { { 0, 4, 9, 7 } }), 1));
            Refused("row 0 after 4 tokens and those from 3 to 3", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), tensor(new long[,] { { 0, 4, 3, 0 } }), 1));
            Refused("multiple of kv_heads", () => CachedAttention.Apply(randn(1, 3, 8), k, k, keys, keys.clone(), Places(0, 0), 1));
            Refused("contiguous", () => CachedAttention.Apply(q, k, k, keys.transpose(0, 1).contiguous().transpose(0, 1), keys, Places(0, 0), 1));
            Refused("share dtype", () => CachedAttention.Apply(q, k, k, keys.to_type(ScalarType.Float64), keys, Places(0, 0), 1));
            Refused("places", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), tensor(new long[] { 0, 0 }), 1));
        });

        static void Refused(string message, Action call) => Assert.That(call, Throws.Exception.With.Message.Contains(message));
    }
}
