using System.Collections.Concurrent;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Any operator of libtorch's dispatcher, RewardKit's own included, called by the name in its schema with arguments checked
/// against it: <c>Operator.Call&lt;Tensor&gt;("aten::add.Tensor", a, b, ("alpha", 2))</c>.
/// </summary>
public sealed class Operator
{
    private static readonly ConcurrentDictionary<string, Operator> s_found = new();

    private Operator(string name, nint handle, string schema, int resultCount, IReadOnlyList<OperatorArgument> arguments)
    {
        Name = name;
        Handle = handle;
        Schema = schema;
        ResultCount = resultCount;
        Arguments = arguments;
    }

    /// <summary>Such as <c>aten::add.Tensor</c>.</summary>
    public string Name { get; }

    /// <summary>The schema as libtorch writes it.</summary>
    public string Schema { get; }

    internal IReadOnlyList<OperatorArgument> Arguments { get; }

    internal int ResultCount { get; }

    internal nint Handle { get; }

    /// <summary>The operator of a name such as <c>aten::topk</c>, or <c>aten::add.Tensor</c> where it is overloaded.</summary>
    /// <exception cref="ArgumentException">There is none; the message names those with a similar name.</exception>
    public static Operator Find(string name)
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Calling an operator by its schema's name");
#else
        if (s_found.TryGetValue(name, out var known)) return known;
        var dot = name.IndexOf('.', Math.Max(0, name.IndexOf("::", StringComparison.Ordinal)));
        nint handle;
        try
        {
            handle = Native.Find(dot < 0 ? name : name[..dot], dot < 0 ? "" : name[(dot + 1)..]);
        }
        catch (NotSupportedException)
        {
            throw new ArgumentException(OperatorNames.NoSuch(name, __version__, List()), nameof(name));
        }
        var lines = Native.OperatorSchema(handle);
        return s_found.GetOrAdd(name, new Operator(name, handle, lines[0], int.Parse(lines[1], CultureInfo.InvariantCulture), [.. lines.Skip(2).Select(OperatorArgument.Parse)]));
#endif
    }

    /// <summary>Whether this libtorch has an operator of that name.</summary>
    public static bool Exists(string name)
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Looking up an operator");
#else
        return s_found.ContainsKey(name) || List(name).Contains(name);
#endif
    }

    /// <summary>The names that begin with <paramref name="prefix"/>, in order.</summary>
    public static IReadOnlyList<string> List(string prefix = "")
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Listing the operators");
#else
        return [.. Native.OperatorNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
#endif
    }

    /// <summary>Calls an operator; see <see cref="Invoke"/>.</summary>
    public static object?[] Call(string name, params object?[] args) => Find(name).Invoke(args);

    /// <summary>Calls an operator that has one result.</summary>
    /// <typeparam name="T">Tensor, Tensor[], long, double, bool, string, long[], double[] or bool[].</typeparam>
    public static T Call<T>(string name, params object?[] args)
    {
        var results = Find(name).Invoke(args);
        if (results.Length == 1 && results[0] is T result) return result;
        var given = string.Join(", ", results.Select(OperatorArgument.Describe));
        foreach (var tensor in results.OfType<Tensor>().Concat(results.OfType<Tensor[]>().SelectMany(list => list))) tensor.Dispose();
        throw new InvalidCastException($"{name} returns ({given}), not one {typeof(T).Name}: {Find(name).Schema}");
    }

    /// <summary>Whether it has a kernel for tensors on this kind of device.</summary>
    public bool HasKernel(DeviceType device)
    {
        if (device is not (DeviceType.CPU or DeviceType.CUDA)) throw new NotSupportedException($"Kernels are looked up for CPU and CUDA, not for {device}");
#if TORCH_PACKAGE
        throw Provider.Lacks("Looking up an operator's kernels");
#else
        return Native.rk_operator_has_kernel(Handle, (int)device) != 0;
#endif
    }

    /// <summary>Calls the operator.</summary>
    /// <param name="args">
    /// The arguments in the schema's order, and after them those by keyword as pairs <c>("name", value)</c>; arguments left out
    /// take the schema's defaults. Numbers, bools, strings, tensors, devices, generators, scalar types, sequences of these,
    /// and null where the schema has a <c>?</c>.
    /// </param>
    /// <returns>The results in the schema's order, new tensors of the innermost dispose scope.</returns>
    /// <exception cref="ArgumentException">An argument does not fit; the message has the schema, the argument and what was given.</exception>
    public object?[] Invoke(params object?[] args)
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Calling an operator by its schema's name");
#else
        return OperatorCall.Run(this, args);
#endif
    }

    /// <summary>The schema.</summary>
    public override string ToString() => Schema;
}

/// <summary>What a message about a wrong name says.</summary>
internal static class OperatorNames
{
    public static string NoSuch(string name, string version, IReadOnlyList<string> names)
    {
        var full = name.Contains("::", StringComparison.Ordinal) ? name : "aten::" + name;
        var overloads = names.Where(other => Base(other) == Base(full)).ToList();
        var near = overloads.Count > 0
            ? overloads
            : names.Select(other => (other, distance: Distance(Base(full), Base(other))))
                .Where(entry => entry.distance <= Math.Max(2, full.Length / 5))
                .OrderBy(entry => entry.distance).ThenBy(entry => entry.other, StringComparer.Ordinal)
                .Select(entry => entry.other).ToList();
        var hint = near.Count == 0 ? "Operator.List(prefix) lists those there are"
            : (overloads.Count > 0 ? "Name one of these: " : "Did you mean ") + string.Join(", ", near.Take(8)) + (near.Count > 8 ? ", ..." : "") + (overloads.Count > 0 ? "" : "?");
        return $"libtorch {version} has no operator '{name}'. {hint}";
    }

    private static string Base(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? name : name[..dot];
    }

    /// <summary>How many letters must be put in, taken out or replaced (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
