using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Properties;

/// <summary>One entry between the brackets.</summary>
public abstract record Entry
{
    public sealed record At(long Index) : Entry;

    public sealed record Part(long? Start, long? Stop, long? Step) : Entry;

    public sealed record All : Entry;

    public sealed record Dots : Entry;

    public sealed record New : Entry;

    /// <summary>Indices of one dimension, negative ones among them.</summary>
    public sealed record Chosen(long[] Shape, long[] Values) : Entry;

    /// <summary>A mask over as many dimensions as it has.</summary>
    public sealed record Where(long[] Shape, bool[] Values) : Entry;
}

/// <summary>An array and what is written between its brackets, with the elements that this means in plain C#.</summary>
public sealed record IndexCase(NdArray Array, Entry[] Entries)
{
    public static IndexCase Draw(Random random)
    {
        var shape = NdArray.DrawShape(random, 1, 4);
        var entries = new List<Entry>();
        long[]? chosenShape = null;
        var end = random.Next(4) == 0 ? random.Next(shape.Length + 1) : shape.Length;
        var dots = random.Next(3) == 0 ? random.Next(end + 1) : -1;
        for (var dim = 0; dim < end;)
        {
            if (dim == dots)
            {
                // The dots stand for the dimensions that no other entry covers.
                entries.Add(new Entry.Dots());
                dim += random.Next(end - dim + 1);
                dots = -1;
                continue;
            }
            if (random.Next(6) == 0) entries.Add(new Entry.New());
            var length = shape[dim];
            switch (random.Next(8))
            {
                case 0 or 1:
                    entries.Add(new Entry.At(random.NextInt64(-length, length)));
                    break;
                case 2 or 3:
                    entries.Add(new Entry.Part(Bound(), Bound(), random.Next(2) == 0 ? null : random.Next(1, 4)));
                    break;
                case 4:
                    entries.Add(new Entry.All());
                    break;
                case 5 or 6:
                    // All tensors of indices go together; those of one element go with any.
                    chosenShape ??= NdArray.DrawShape(random, 0, 2);
                    var own = random.Next(3) == 0 ? [1] : chosenShape;
                    entries.Add(new Entry.Chosen(own, [.. Enumerable.Range(0, (int)NdArray.Count(own)).Select(_ => random.NextInt64(-length, length))]));
                    break;
                default:
                    if (entries.Any(entry => entry is Entry.Chosen or Entry.Where)) goto case 4;
                    var covered = random.Next(1, Math.Min(2, end - dim) + 1);
                    var masked = shape[dim..(dim + covered)];
                    var mask = Enumerable.Range(0, (int)NdArray.Count(masked)).Select(_ => random.Next(2) == 0).ToArray();
                    entries.Add(new Entry.Where(masked, mask));
                    chosenShape = [mask.Count(on => on)];
                    dim += covered - 1;
                    break;
            }
            dim++;

            long? Bound() => random.Next(3) == 0 ? null : random.NextInt64(-length - 1, length + 2);
        }
        return new(NdArray.Draw(random, shape), [.. entries]);
    }

    public TensorIndex[] ToIndices(Device device) => Entries.Select(entry => entry switch
    {
        Entry.At one => TensorIndex.Single(one.Index),
        Entry.Part part => TensorIndex.Slice(part.Start, part.Stop, part.Step),
        Entry.All => TensorIndex.Colon,
        Entry.Dots => TensorIndex.Ellipsis,
        Entry.New => TensorIndex.Null,
        Entry.Chosen chosen => TensorIndex.Tensor(tensor(chosen.Values, chosen.Shape, device: device)),
        Entry.Where where => TensorIndex.Tensor(tensor(where.Values, where.Shape, device: device)),
        _ => throw new InvalidOperationException(),
    }).ToArray();

    /// <summary>The shape of the result and, for each of its elements, which element of the array it is.</summary>
    public (long[] Shape, long[] Sources) Meaning()
    {
        var rank = Array.Shape.Length;
        var covered = Entries.Sum(Covers);
        var full = Entries.Any(entry => entry is Entry.Dots) ? Entries : [.. Entries, new Entry.Dots()];
        var spelled = full.SelectMany(entry => entry is Entry.Dots ? Enumerable.Repeat<Entry>(new Entry.All(), rank - covered) : [entry]).ToList();

        // A dimension of the result is a slice or new one; all lists of indices together make one block of dimensions.
        var axes = new List<(int Dim, long[] Indices)>();
        var lists = new List<(int Dim, long[] Shape, long[] Values)>();
        var fixedAt = new Dictionary<int, long>();
        var (block, apart) = (-1, false);
        var dim = 0;
        foreach (var entry in spelled)
        {
            switch (entry)
            {
                case Entry.At one:
                    fixedAt[dim] = (one.Index + Array.Shape[dim]) % Array.Shape[dim];
                    break;
                case Entry.New:
                    axes.Add((-1, [0]));
                    break;
                case Entry.All:
                    axes.Add((dim, Slice(Array.Shape[dim], null, null, 1)));
                    break;
                case Entry.Part part:
                    axes.Add((dim, Slice(Array.Shape[dim], part.Start, part.Stop, part.Step ?? 1)));
                    break;
                case Entry.Chosen chosen:
                    Block();
                    lists.Add((dim, chosen.Shape, [.. chosen.Values.Select(value => (value + Array.Shape[dim]) % Array.Shape[dim])]));
                    break;
                case Entry.Where where:
                    Block();
                    var hits = NdArray.Positions(where.Shape).Where((_, k) => where.Values[k]).ToList();
                    for (var k = 0; k < where.Shape.Length; k++) lists.Add((dim + k, [hits.Count], [.. hits.Select(hit => hit[k])]));
                    break;
            }
            dim += Covers(entry);

            // The block stands where its first list stands, but in front of all where something stands between its lists.
            void Block()
            {
                if (block >= 0 && axes.Count != block) apart = true;
                if (block < 0) block = axes.Count;
            }
        }
        if (apart) block = 0;
        var common = Broadcast(lists.Select(list => list.Shape));
        var before = lists.Count == 0 ? axes.Count : block;
        long[] shape = [.. axes.Take(before).Select(axis => (long)axis.Indices.Length), .. common, .. axes.Skip(before).Select(axis => (long)axis.Indices.Length)];
        var sources = new List<long>();
        foreach (var position in NdArray.Positions(shape))
        {
            var source = new long[rank];
            foreach (var (at, index) in fixedAt) source[at] = index;
            for (var k = 0; k < axes.Count; k++)
            {
                if (axes[k].Dim >= 0) source[axes[k].Dim] = axes[k].Indices[position[k < before ? k : k + common.Length]];
            }
            var inBlock = position[before..(before + common.Length)];
            foreach (var (at, listShape, values) in lists)
                source[at] = values[NdArray.Flat(listShape, BroadcastCase.Source(new NdArray(listShape, []), inBlock))];
            sources.Add(NdArray.Flat(Array.Shape, source));
        }
        return (shape, [.. sources]);
    }

    private static int Covers(Entry entry) => entry switch
    {
        Entry.New or Entry.Dots => 0,
        Entry.Where where => where.Shape.Length,
        _ => 1,
    };

    private static long[] Slice(long length, long? start, long? stop, long step)
    {
        var indices = new List<long>();
        for (var index = Clip(start ?? 0); index < Clip(stop ?? length); index += step) indices.Add(index);
        return [.. indices];

        long Clip(long bound) => Math.Clamp(bound < 0 ? bound + length : bound, 0, length);
    }

    private static long[] Broadcast(IEnumerable<long[]> shapes) => shapes.Aggregate(System.Array.Empty<long>(), (common, shape) =>
        new BroadcastCase(new NdArray(common, []), new NdArray(shape, [])).Common());

    public override string ToString() => $"{Array}[{string.Join(", ", Entries.Select(Text))}]";

    private static string Text(Entry entry) => entry switch
    {
        Entry.At one => $"{one.Index}",
        Entry.Part part => $"{part.Start}:{part.Stop}:{part.Step}",
        Entry.All => ":",
        Entry.Dots => "...",
        Entry.New => "null",
        Entry.Chosen chosen => $"({string.Join(" ", chosen.Values)} as {string.Join("x", chosen.Shape)})",
        Entry.Where where => $"(mask {string.Join(" ", where.Values.Select(on => on ? 1 : 0))} as {string.Join("x", where.Shape)})",
        _ => "",
    };
}
