using RewardKit.Models.Generation;
using RewardKit.Models.Tests.Decoder;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Generation;

public class KeyValueCacheTests
{
    private static readonly int[] Text = [3, 17, 5, 5, 0, 22, 11, 8, 19, 2, 14, 1, 7, 20, 9, 9, 4];

    public static string[] Names => TinyModels.Names;

    [TestCaseSource(nameof(Names))]
    public void Each_step_agrees_with_a_forward_pass(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Tiny(name);
        var expected = Logits(model, Text);
        using var cache = new KeyValueCache(model);

        var actual = Text.Select(id => Row(model.Next(cache, [[id]]))).ToArray();

        Assert.That(actual.SelectMany(row => row), Is.EqualTo(expected.SelectMany(row => row)).Within(1e-5));
    }

    // Prompts at once, then pieces and single tokens, some rows waiting: every way in which a text can come.
    [TestCaseSource(nameof(Names))]
    public void Rows_of_different_lengths_agree_however_they_grow(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Tiny(name);
        int[][] texts = [Text, [.. Text.Reverse()], [.. Text.Take(9)]];
        var expected = texts.Select(text => Logits(model, text)).ToArray();
        int[][] lengths = [[5, 0, 1], [1, 9, 1], [1, 1, 1], [1, 0, 1], [4, 1, 1], [0, 3, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1], [2, 0, 0]];
        using var cache = new KeyValueCache(model, 3);

        foreach (var step in lengths)
        {
            var logits = model.Next(cache, [.. step.Select((length, row) => texts[row][cache.Lengths[row]..(cache.Lengths[row] + length)])]);
            int[] grown = [.. Enumerable.Range(0, 3).Where(row => step[row] > 0)];
            for (var i = 0; i < grown.Length; i++)
                Assert.That(Row(logits[i]), Is.EqualTo(expected[grown[i]][cache.Lengths[grown[i]] - 1]).Within(1e-5), $"row {grown[i]}");
        }
        Assert.That(cache.Lengths, Is.EqualTo((int[])[17, 17, 9]));
    }

    [TestCaseSource(nameof(Names))]
    public void The_log_probability_of_a_text_is_the_sum_over_steps(string name)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var model = Tiny(name);
        using var batch = new PackedBatch([new(Text[..4], [Text[4..]])]);
        var whole = model.ResponseLogProbs(model.Hidden(batch), batch).item<float>();
        using var cache = new KeyValueCache(model);

        var sum = 0.0;
        var logits = model.Next(cache, [Text[..4]]);
        foreach (var id in Text[4..])
        {
            sum += logits.log_softmax(-1)[0, id].item<float>();
            logits = model.Next(cache, [[id]]);
        }

        Assert.That(sum, Is.EqualTo(whole).Within(1e-4));
    }

    // Tokens at which two are nearly equal must not depend on who else is there.
    [Test]
    public void A_row_gets_the_same_bits_in_any_company()
    {
        using var scope = NewDisposeScope();
        using var model = CausalModel.Create(new() { Folder = Files.Stories }, 0);
        using var many = new KeyValueCache(model, 13);
        using var one = new KeyValueCache(model);
        foreach (var id in Text)
        {
            var together = Row(model.Next(many, [.. Enumerable.Range(0, 13).Select(row => (int[])[row == 9 ? id : id + row])])[9]);
            Assert.That(together, Is.EqualTo(Row(model.Next(one, [[id]]))));
            many.RollBack(id % 9, 0);
        }
    }

    [TestCase("gemma2")]
    [TestCase("mistral")]
    [TestCase("phi")]
    public void Forks_reorders_and_rolls_back(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Tiny(name);
        using var cache = new KeyValueCache(model, 2);
        int[] other = [.. Text.Reverse()];
        model.Next(cache, [Text[..8], other[..6]]);

        // Three continuations of the first text, one of the second.
        using var fork = cache.Fork(0, 1, 0, 0);
        var first = model.Next(fork, [[1], [2], [3], [4]]);
        Expect(first, [.. Text[..8], 1], [.. other[..6], 2], [.. Text[..8], 3], [.. Text[..8], 4]);
        fork.Select(3, 1);
        Assert.That(fork.Lengths, Is.EqualTo((int[])[9, 7]));
        Expect(model.Next(fork, [[6], [7, 8]]), [.. Text[..8], 4, 6], [.. other[..6], 2, 7, 8]);
        fork.RollBack(0, 5);
        Expect(model.Next(fork, [[12], [13]]), [.. Text[..5], 12], [.. other[..6], 2, 7, 8, 13]);
        fork.RollBack(0, 0);
        Expect(model.Next(fork, [other[..3], []]), other[..3]);

        // The first cache has seen nothing of it.
        Expect(model.Next(cache, [[Text[8]], [other[6]]]), Text[..9], other[..7]);

        void Expect(Tensor logits, params int[][] texts)
        {
            for (var i = 0; i < texts.Length; i++)
                Assert.That(Row(logits[i]), Is.EqualTo(Logits(model, texts[i])[^1]).Within(1e-5));
        }
    }

    // Ways on of one token and of several, of a text and of an empty one; the kept one goes on as if it were alone.
    [TestCaseSource(nameof(Names))]
    public void Branches_share_a_text_and_one_is_kept(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Tiny(name);
        using var cache = new KeyValueCache(model, 3);
        int[] other = [.. Text.Reverse()];
        model.Next(cache, [Text[..8], [], other[..6]]);

        var branches = cache.Branch([0, 0, 2, 0, 1], room: 4);
        Expect(Append([1], [2], [3], [4], [5]), [.. Text[..8], 1], [.. Text[..8], 2], [.. other[..6], 3], [.. Text[..8], 4], [5]);
        Expect(Append([6], [], [], [7], []), [.. Text[..8], 1, 6], [.. Text[..8], 4, 7]);
        Expect(Append([], [7, 8, 9], [8], [9, 1], []), [.. Text[..8], 2, 7, 8, 9], [.. other[..6], 3, 8], [.. Text[..8], 4, 7, 9, 1]);
        Assert.That(cache.Lengths, Is.EqualTo((int[])[8, 0, 6]), "texts stay as they are");
        cache.Keep(branches, [(3, 3), (2, 1), (4, 0)]);

        Assert.That(cache.Lengths, Is.EqualTo((int[])[11, 0, 7]));
        Expect(model.Next(cache, [[2], [], [5, 6]]), [.. Text[..8], 4, 7, 9, 2], [.. other[..6], 3, 5, 6]);

        Tensor Append(params int[][] tokens) => model.NextLogits(cache.Append(model, branches, tokens));

        void Expect(Tensor logits, params int[][] texts)
        {
            Assert.That(logits.size(0), Is.EqualTo(texts.Length));
            for (var i = 0; i < texts.Length; i++)
                Assert.That(Row(logits[i]), Is.EqualTo(Logits(model, texts[i])[^1]).Within(1e-5));
        }
    }

    [Test]
    public void A_branch_gets_what_the_text_alone_gets(
        [Values("llama", "mistral", "gemma2")] string name, [Values(ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16)] ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        TinyModels.Write(folder, name);
        using var model = (CausalModel)CausalModel.Create(new() { Folder = folder.Path }, 0).to(type);
        using var cache = new KeyValueCache(model, 2);
        model.Next(cache, [Text[..6], Text[..9]]);
        // GELU rounds by the place in its tensor.
        var tolerance = type == ScalarType.BFloat16 ? 0.03 : name == "gemma2" ? 1e-6 : 0;

        foreach (var rows in (int[][])[[1, 1, 0, 0], [1, 0, 0, 1, 0, 0]])
        {
            var branches = cache.Branch(rows, 2);
            for (var step = 0; step < 2; step++)
            {
                int[][] tokens = [.. rows.Select((_, i) => (int[])[i + 3 * step])];
                var shared = model.NextLogits(cache.Append(model, branches, tokens));
                // Each as a row of its own.
                for (var i = 0; i < rows.Length; i++)
                {
                    using var alone = cache.Fork(rows[i]);
                    if (step == 1) model.Next(alone, [[i]]);
                    Assert.That(Row(shared[i]), Is.EqualTo(Row(model.Next(alone, [tokens[i]])[0])).Within(tolerance), $"{type}, branch {i}");
                }
            }
        }
    }

    [Test]
    public void Rewards_of_growing_texts_agree_with_those_of_whole_ones()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        TinyModels.Write(folder, "llama");
        using var model = RewardModel.Create(new() { Folder = folder.Path }, new(), 4);
        using var cache = new KeyValueCache(model, 2);

        model.NextRewards(cache, [Text[..6], Text[..3]]);
        var grown = Row(model.NextRewards(cache, [Text[6..7], Text[3..9]]));

        using var gradients = no_grad();
        using var batch = new PackedBatch([new(Text[..7], [[]]), new(Text[..9], [[]])]);
        Assert.That(grown, Is.EqualTo(Row(model.Forward(batch, ForwardNeeds.Rewards).Rewards!)).Within(1e-5));
    }

    [Test]
    public void Works_in_other_types()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        TinyModels.Write(folder, "gemma2");
        foreach (var (dtype, tolerance) in new[] { (ScalarType.Float64, 1e-12), (ScalarType.BFloat16, 0.1) })
        {
            using var model = (CausalModel)CausalModel.Create(new() { Folder = folder.Path }, 0).to(dtype);
            using var cache = new KeyValueCache(model, 2);
            model.Next(cache, [Text[..6], Text[..9]]);
            var logits = model.Next(cache, [Text[6..7], Text[9..10]]);

            Assert.That(logits.dtype, Is.EqualTo(dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32));
            Assert.That(Row(logits[0]), Is.EqualTo(Logits(model, Text[..7])[^1]).Within(tolerance));
            Assert.That(Row(logits[1]), Is.EqualTo(Logits(model, Text[..10])[^1]).Within(tolerance));
        }
    }

    [Test]
    public void Ten_thousand_steps_leave_nothing_behind()
    {
        using var folder = new TempFolder();
        TinyModels.Write(folder, "gemma2");
        using var model = CausalModel.Create(new() { Folder = folder.Path }, 0);
        using var cache = new KeyValueCache(model, 2);
        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                if (cache.Lengths[0] > 50) cache.RollBack(0, i % 7);
                if (cache.Lengths[1] > 30) cache.RollBack(1, 0);
                if (i % 1000 == 0) cache.Select(1, 0);
                model.Next(cache, [[i % 23], i % 3 == 0 ? [] : [i % 5]]).Dispose();
            }
        }
        Steps(60);
        var (before, capacity) = (LiveTensors.Count, cache.Capacity);

        Steps(10_000);

        Assert.That((LiveTensors.Count, cache.Capacity), Is.EqualTo((before, capacity)));
        cache.Dispose();
        Assert.That(before - LiveTensors.Count, Is.EqualTo(2 * model.Config.NumHiddenLayers));
    }

    [Test]
    public void Outlives_the_scope_in_which_it_grew()
    {
        using var model = Tiny("llama");
        using var cache = new KeyValueCache(model);
        using (NewDisposeScope()) model.Next(cache, [Text[..4]]);
        using (NewDisposeScope()) cache.Select(0, 0);
        using var scope = NewDisposeScope();

        Assert.That(Row(model.Next(cache, [[Text[4]], [1]])[0]), Is.EqualTo(Logits(model, Text[..5])[^1]).Within(1e-5));
    }

    [Test]
    public void Refuses_another_model_and_wrong_rows()
    {
        using var model = Tiny("llama");
        using var other = Tiny("llama");
        using var cache = new KeyValueCache(model, 2);
        Assert.Multiple(() =>
        {
            Assert.That(() => other.Next(cache, [[1], [1]]), Throws.ArgumentException.With.Message.Contains("another model"));
            Assert.That(() => model.Next(cache, [[1]]), Throws.ArgumentException.With.Message.Contains("1 rows"));
            Assert.That(() => model.Next(cache, [[], []]), Throws.ArgumentException.With.Message.Contains("No row"));
            Assert.That(() => model.Next(cache, [[1], [23]]), Throws.ArgumentException.With.Message.Contains("token 23"));
            Assert.That(() => cache.RollBack(0, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new KeyValueCache(model, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
        model.to(ScalarType.Float64);
        Assert.That(() => model.Next(cache, [[1], [1]]), Throws.ArgumentException.With.Message.Contains("Float64"));
    }

    private static CausalModel Tiny(string name)
    {
        using var folder = new TempFolder();
        TinyModels.Write(folder, name);
        return CausalModel.Create(new() { Folder = folder.Path }, 0);
    }

    private static double[][] Logits(CausalModel model, int[] text)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch([new(text, [[]])]);
        var logits = model.Logits(batch);
        return [.. Row(logits).Chunk((int)logits.size(1))];
    }

    private static double[] Row(Tensor tensor) => tensor.to(ScalarType.Float64).data<double>().ToArray();
}
