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
            Refused("multiple of kv_heads", () => CachedAttention.Apply(randn(1, 3, 8), k, k, keys, keys.clone(), Places(0, 0), 1));
            Refused("contiguous", () => CachedAttention.Apply(q, k, k, keys.transpose(0, 1).contiguous().transpose(0, 1), keys, Places(0, 0), 1));
            Refused("share dtype", () => CachedAttention.Apply(q, k, k, keys.to_type(ScalarType.Float64), keys, Places(0, 0), 1));
            Refused("places", () => CachedAttention.Apply(q, k, k, keys, keys.clone(), tensor(new long[] { 0, 0 }), 1));
        });

        static void Refused(string message, Action call) => Assert.That(call, Throws.Exception.With.Message.Contains(message));
    }
}
