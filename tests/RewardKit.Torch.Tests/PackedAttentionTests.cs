using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class PackedAttentionTests(DeviceType type) : DeviceTests(type)
{
    /// <summary>Two pairs of prompt, chosen, rejected; a lone text; a token of nobody at the end.</summary>
    private static readonly long[,] s_pairs =
    {
        { 0, 70, 0, 0 }, { 70, 41, 0, 70 }, { 111, 5, 0, 70 },
        { 116, 1, 0, 0 }, { 117, 33, 116, 1 }, { 150, 64, 116, 1 },
        { 214, 100, 0, 0 },
    };

    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(7);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [TestCase(4, 2, 8)]
    [TestCase(2, 2, 64)]
    [TestCase(3, 1, 128)]
    [TestCase(2, 1, 6)]
    public void Agrees_with_the_masked_softmax(int heads, int kvHeads, int dim)
    {
        var segments = tensor(s_pairs);
        Compare.SameValuesAndGradients(
            x => PackedAttention.Apply(x[0], x[1], x[2], segments, 0.3), x => PackedAttention.Reference(x[0], x[1], x[2], segments, 0.3),
            1e-9, Compare.Random(Device, 315, heads, dim), Compare.Random(Device, 315, kvHeads, dim), Compare.Random(Device, 315, kvHeads, dim));
    }

    // A head of every width from less than a vector to several, with and without a tail.
    [Test]
    public void Every_width_of_a_head_agrees([Values(1, 2, 3, 5, 7, 9, 15, 16, 17, 24, 31, 33, 40, 65, 80, 129, 255, 256)] int dim)
    {
        var segments = tensor(new long[,] { { 0, 35, 0, 0 }, { 35, 3, 0, 35 }, { 38, 0, 0, 0 }, { 38, 67, 0, 35 } });
        var inputs = new[] { Compare.Random(Device, 105, 6, dim), Compare.Random(Device, 105, 2, dim), Compare.Random(Device, 105, 2, dim) };
        var scale = 1 / Math.Sqrt(dim);
        Compare.SameValuesAndGradients(
            x => PackedAttention.Apply(x[0], x[1], x[2], segments, scale), x => PackedAttention.Reference(x[0], x[1], x[2], segments, scale),
            1e-9, inputs);
        Compare.SameValuesAndGradients(
            x => PackedAttention.Apply(x[0], x[1], x[2], segments, scale), x => PackedAttention.Reference(x[0], x[1], x[2], segments, scale),
            1e-4, inputs.Select(x => x.to_type(ScalarType.Float32)).ToArray());
    }

    // Windows shorter than a tile, as long as one, longer than the prefix; caps that bend the scores a little and much.
    [Test]
    public void A_window_and_capped_scores_agree([Values(0, 1, 7, 40, 64, 90, 1000)] int window, [Values(0, 0.5, 50)] double softcap)
    {
        var segments = tensor(s_pairs);
        Compare.SameValuesAndGradients(
            x => PackedAttention.Apply(x[0], x[1], x[2], segments, 0.7, window, softcap),
            x => PackedAttention.Reference(x[0], x[1], x[2], segments, 0.7, window, softcap),
            1e-9, Compare.Random(Device, 315, 4, 24), Compare.Random(Device, 315, 2, 24), Compare.Random(Device, 315, 2, 24));
    }

    [Test]
    public void A_window_of_one_sees_the_token_itself_and_a_wide_one_everything()
    {
        var (q, k, v) = (Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8));
        var segments = tensor(s_pairs);
        var alone = PackedAttention.Apply(q, k, v, segments, 0.5, window: 1);
        Assert.That(Compare.Distance(alone.narrow(0, 0, 314), v.narrow(0, 0, 314)), Is.LessThan(1e-12));
        Assert.That(Compare.Distance(PackedAttention.Apply(q, k, v, segments, 0.5, window: 134), PackedAttention.Apply(q, k, v, segments, 0.5)), Is.Zero);
    }

    [Test]
    public void Capped_scores_are_exact_in_single_precision_where_they_are_small()
    {
        // Gemma 2 caps at 50; most scores are far below, where the cap hardly bends them and must not blur them.
        var (q, k, v) = (Compare.Random(Device, 315, 2, 16), Compare.Random(Device, 315, 2, 16), Compare.Random(Device, 315, 2, 16));
        var segments = tensor(s_pairs);
        var single = PackedAttention.Apply(q.to_type(ScalarType.Float32), k.to_type(ScalarType.Float32), v.to_type(ScalarType.Float32), segments, 0.25, softcap: 50);
        Assert.That(Compare.Distance(single.to_type(ScalarType.Float64), PackedAttention.Reference(q, k, v, segments, 0.25, softcap: 50)), Is.LessThan(2e-6));
    }

    [TestCase(-1, 0)]
    [TestCase(0, -0.5)]
    public void A_negative_window_or_cap_is_refused(long window, double softcap)
    {
        var x = Compare.Random(Device, 3, 1, 8);
        Assert.That(() => PackedAttention.Apply(x, x, x, tensor(new long[,] { { 0, 3, 0, 0 } }), 1, window, softcap),
            Throws.Exception.With.Message.Contains("must not be negative"));
    }

    [Test]
    public void Without_tokens_or_segments_there_is_nothing_to_attend()
    {
        var none = Compare.Random(Device, 0, 2, 8);
        Assert.That(PackedAttention.Apply(none, none, none, zeros([0, 4], ScalarType.Int64), 1).shape, Is.EqualTo(new long[] { 0, 2, 8 }));
        var leaf = Compare.Random(Device, 3, 2, 8).requires_grad_();
        var result = PackedAttention.Apply(leaf, leaf, leaf, tensor(new long[,] { { 0, 0, 0, 0 } }), 1);
        result.sum().backward();
        Assert.That(result.abs().sum().item<double>() + leaf.grad!.abs().sum().item<double>(), Is.Zero);
    }

    [Test]
    public void Scores_far_apart_choose_one_key()
    {
        // Scores of 0 and ±1e6 leave a weight of 0 and 1, and finite gradients.
        var q = tensor(new float[] { 1, 1, -1 }, device: Device).view(3, 1, 1);
        var k = tensor(new float[] { 0, 1e6f, 1e6f }, device: Device).view(3, 1, 1).requires_grad_();
        var v = tensor(new float[] { 1, 2, 4 }, device: Device).view(3, 1, 1);
        var result = PackedAttention.Apply(q, k, v, tensor(new long[,] { { 0, 3, 0, 0 } }), 1);
        result.sum().backward();
        Assert.That(result.Floats(), Is.EqualTo(new float[] { 1, 2, 1 }));
        Assert.That(k.grad!.isfinite().all().item<bool>());
    }

    [Test]
    public void Segments_overwritten_before_the_backward_pass_are_noticed()
    {
        var leaf = Compare.Random(Device, 6, 1, 8).requires_grad_();
        var segments = tensor(new long[,] { { 0, 6, 0, 0 } });
        var result = PackedAttention.Apply(leaf, leaf, leaf, segments, 1).sum();
        segments[0, 1] = 3;
        Assert.That(() => result.backward(), Throws.Exception.With.Message.Contains("modified by an inplace operation"));
    }

    [Test]
    public void Single_precision_agrees_with_double()
    {
        var segments = tensor(s_pairs);
        var (q, k, v) = (Compare.Random(Device, 315, 8, 8), Compare.Random(Device, 315, 4, 8), Compare.Random(Device, 315, 4, 8));
        var single = PackedAttention.Apply(q.to_type(ScalarType.Float32), k.to_type(ScalarType.Float32), v.to_type(ScalarType.Float32), segments, 0.35);
        Assert.That(Compare.Distance(single.to_type(ScalarType.Float64), PackedAttention.Reference(q, k, v, segments, 0.35)), Is.LessThan(1e-5));
    }

    [Test]
    public void A_hand_worked_case()
    {
        // Scores are q·k: the second token weighs its values e^0 : e^ln3 = 1 : 3.
        var q = tensor(new double[] { 1, 1 }, device: Device).view(2, 1, 1);
        var k = tensor(new double[] { 0, Math.Log(3) }, device: Device).view(2, 1, 1);
        var v = tensor(new double[] { 10, 20 }, device: Device).view(2, 1, 1);
        var result = PackedAttention.Apply(q, k, v, tensor(new long[,] { { 0, 2, 0, 0 } }), 1);
        Assert.That(result.Doubles(), Is.EqualTo(new[] { 10, 17.5 }).Within(1e-12));
    }

    [Test]
    public void A_pair_in_three_segments_gives_what_its_two_texts_give_alone()
    {
        var (prompt, chosen, rejected) = (50, 20, 35);
        var (q, k, v) = (Compare.Random(Device, 105, 2, 8), Compare.Random(Device, 105, 2, 8), Compare.Random(Device, 105, 2, 8));
        var packed = PackedAttention.Apply(q, k, v, tensor(new long[,] { { 0, prompt, 0, 0 }, { 50, chosen, 0, prompt }, { 70, rejected, 0, prompt } }), 0.5);
        var text = cat([arange(0, prompt, device: Device), arange(70, 105, device: Device)]);
        var alone = PackedAttention.Apply(q.index_select(0, text), k.index_select(0, text), v.index_select(0, text),
            tensor(new long[,] { { 0, prompt + rejected, 0, 0 } }), 0.5);
        Assert.That(Compare.Distance(packed.narrow(0, 70, rejected), alone.narrow(0, prompt, rejected)), Is.LessThan(1e-12));
    }

    [Test]
    public void Segments_may_lie_in_any_order_and_hang_together_in_chains()
    {
        var segments = tensor(new long[,] { { 60, 20, 0, 0 }, { 0, 30, 60, 20 }, { 30, 10, 5, 12 }, { 45, 15, 60, 7 }, { 40, 5, 0, 0 } });
        Compare.SameValuesAndGradients(
            x => PackedAttention.Apply(x[0], x[1], x[2], segments, 0.3), x => PackedAttention.Reference(x[0], x[1], x[2], segments, 0.3),
            1e-9, Compare.Random(Device, 80, 2, 8), Compare.Random(Device, 80, 1, 8), Compare.Random(Device, 80, 1, 8));
    }

    [Test]
    public void Later_tokens_and_other_segments_change_nothing()
    {
        var segments = tensor(s_pairs);
        var (q, k, v) = (Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8));
        var before = PackedAttention.Apply(q, k, v, segments, 0.3);
        // Token 80 stands in the first chosen response: only the rest of that response may notice.
        k.narrow(0, 80, 1).fill_(3);
        v.narrow(0, 80, 1).fill_(100);
        var change = (PackedAttention.Apply(q, k, v, segments, 0.3) - before).abs().amax([1, 2]).Doubles();
        Assert.That(Enumerable.Range(0, 315).Where(token => change[token] > 0), Is.EqualTo(Enumerable.Range(80, 31)));
    }

    [Test]
    public void The_number_of_threads_changes_no_bit()
    {
        var segments = tensor(s_pairs);
        var inputs = new[] { Compare.Random(Device, 315, 4, 8), Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8) }
            .Select(x => x.to_type(ScalarType.Float32).requires_grad_()).ToArray();
        var threads = get_num_threads();
        try
        {
            set_num_threads(1);
            var one = Run();
            set_num_threads(3);
            var three = Run();
            Assert.That(one.Zip(three).All(pair => pair.First.cpu().bytes.SequenceEqual(pair.Second.cpu().bytes)));
        }
        finally
        {
            set_num_threads(threads);
        }

        Tensor[] Run()
        {
            var value = PackedAttention.Apply(inputs[0], inputs[1], inputs[2], segments, 0.3);
            return [value, .. autograd.grad([value], inputs, [ones_like(value)])];
        }
    }

    [Test]
    public void Half_types_agree_with_double([Values(ScalarType.BFloat16, ScalarType.Float16)] ScalarType half, [Values(20, 64, 128)] int dim)
    {
        // The processor has no float16 products in old libtorch.
        if (half == ScalarType.Float16 && Device.type == DeviceType.CPU) Assert.Ignore("Float16 is for CUDA");
        var segments = tensor(s_pairs);
        var inputs = new[] { Compare.Random(Device, 315, 4, dim), Compare.Random(Device, 315, 2, dim), Compare.Random(Device, 315, 2, dim) }
            .Select(x => x.to_type(half).requires_grad_()).ToArray();
        var exact = inputs.Select(x => x.detach().to_type(ScalarType.Float64).requires_grad_()).ToArray();
        var (value, expected) = (PackedAttention.Apply(inputs[0], inputs[1], inputs[2], segments, 0.1), PackedAttention.Reference(exact[0], exact[1], exact[2], segments, 0.1));
        Assert.That(value.dtype, Is.EqualTo(half));
        Near(value, expected);
        var weights = randn_like(expected);
        var gradients = autograd.grad([value], inputs, [weights.to_type(half)]);
        var expectedGradients = autograd.grad([expected], exact, [weights]);
        for (var k = 0; k < 3; k++) Near(gradients[k], expectedGradients[k]);

        static void Near(Tensor low, Tensor exact) =>
            Assert.That(Compare.Distance(low.to_type(ScalarType.Float64), exact), Is.LessThan(0.03 * exact.abs().max().item<double>()));
    }

#if !TORCH_PACKAGE
    [Test]
    public void Without_causality_all_keys_of_a_segment_are_seen()
    {
        var segments = tensor(s_pairs);
        Compare.SameValuesAndGradients(
            x => Operator.Call<Tensor>("rewardkit::packed_attention", x[0], x[1], x[2], segments, 0.3, ("causal", false)),
            x => BySequence(x[0], x[1], x[2], segments, 0.3, false),
            1e-9, Compare.Random(Device, 315, 4, 8), Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8));
        Assert.That(() => Operator.Call("rewardkit::packed_attention", zeros(3, 1, 8), zeros(3, 1, 8), zeros(3, 1, 8), segments, 0.3, 2, ("causal", false)),
            Throws.Exception.With.Message.Contains("a window goes with causal attention only"));
    }

    /// <summary>The kernels for sequences of different lengths, on CUDA, get what packed_indices gathers.</summary>
    [Test]
    public void Gathered_sequences_with_a_mask_from_the_bottom_right_are_the_same_attention()
    {
        var chain = tensor(new long[,] { { 60, 20, 0, 0 }, { 0, 30, 60, 20 }, { 30, 10, 5, 12 }, { 45, 15, 60, 7 }, { 42, 0, 0, 9 }, { 40, 5, 0, 0 } });
        foreach (var segments in new[] { tensor(s_pairs), chain })
        {
            var inputs = new[] { Compare.Random(Device, 315, 4, 8), Compare.Random(Device, 315, 2, 8), Compare.Random(Device, 315, 2, 8) };
            Compare.SameValuesAndGradients(
                x => BySequence(x[0], x[1], x[2], segments, 0.3, true), x => PackedAttention.Reference(x[0], x[1], x[2], segments, 0.3), 1e-9, inputs);
        }
    }

    private static Tensor BySequence(Tensor q, Tensor k, Tensor v, Tensor segments, double scale, bool causal)
    {
        var indices = Operator.Call("rewardkit::packed_indices", segments, q.size(0)).Cast<Tensor>().ToArray();
        var (queries, keys) = (indices[0].to(q.device), indices[1].to(q.device));
        var (queryEnds, keyEnds) = (indices[2].data<int>().ToArray(), indices[3].data<int>().ToArray());
        var (packedQ, packedK, packedV) = (q.index_select(0, queries), k.index_select(0, keys), v.index_select(0, keys));
        var parts = new List<Tensor>();
        for (var at = 0; at + 1 < queryEnds.Length; at++)
        {
            var (rows, columns) = (queryEnds[at + 1] - queryEnds[at], keyEnds[at + 1] - keyEnds[at]);
            Tensor Keys(Tensor packed) => packed.narrow(0, keyEnds[at], columns).repeat_interleave(q.size(1) / k.size(1), 1).transpose(0, 1);
            var scores = packedQ.narrow(0, queryEnds[at], rows).transpose(0, 1).matmul(Keys(packedK).transpose(1, 2)) * scale;
            if (causal) scores = scores.masked_fill(ones([rows, columns], ScalarType.Bool, q.device).triu(columns - rows + 1), double.NegativeInfinity);
            parts.Add(scores.softmax(-1).matmul(Keys(packedV)).transpose(0, 1));
        }
        var index = queries.view(-1, 1, 1).expand(queries.size(0), q.size(1), q.size(2));
        return zeros_like(q).scatter(0, index, cat(parts));
    }
#endif

    [Test]
    public void Not_a_number_is_not_hidden()
    {
        var q = Compare.Random(Device, 10, 1, 8);
        q[4, 0, 0] = double.NaN;
        var result = PackedAttention.Apply(q, Compare.Random(Device, 10, 1, 8), Compare.Random(Device, 10, 1, 8), tensor(new long[,] { { 0, 10, 0, 0 } }), 0.3);
        Assert.That(result.isnan().any(-1).any(-1).Bools(), Is.EqualTo(Enumerable.Range(0, 10).Select(token => token == 4)));
    }

    [TestCase(0, 11, 0, 0, "outside the 10 tokens")]
    [TestCase(-1, 3, 0, 0, "outside the 10 tokens")]
    [TestCase(2, 5, 0, 3, "overlaps its own prefix")]
    public void A_bad_segment_is_named(long start, long length, long prefixStart, long prefixLength, string message)
    {
        var x = Compare.Random(Device, 10, 1, 8);
        var segments = tensor(new[,] { { start, length, prefixStart, prefixLength } });
        Assert.That(() => PackedAttention.Apply(x, x, x, segments, 1), Throws.Exception.With.Message.Contains(message));
    }

    [Test]
    public void Two_segments_must_not_share_a_token()
    {
        var x = Compare.Random(Device, 10, 1, 8);
        var segments = tensor(new long[,] { { 0, 5, 0, 0 }, { 4, 3, 0, 0 } });
        Assert.That(() => PackedAttention.Apply(x, x, x, segments, 1), Throws.Exception.With.Message.Contains("token 4 belongs to two segments"));
    }
}
