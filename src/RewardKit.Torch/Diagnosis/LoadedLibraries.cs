namespace RewardKit.Torch;

/// <summary>The libraries in this process, as the kernel names them.</summary>
internal sealed class LoadedLibraries
{
    private readonly string[] _files = !File.Exists("/proc/self/maps")
        ? []
        : [.. File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/') is >= 0 and var at ? line[at..] : "")
            .Where(file => file.Contains(".so", StringComparison.Ordinal))
            .Distinct()];

    /// <summary>Those whose file name begins so.</summary>
    public IEnumerable<string> Named(string prefix) => _files.Where(file => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>What multiplies matrices, and its file.</summary>
    /// <param name="config">libtorch's account of itself.</param>
    public (string? Name, string? File) Blas(string config)
    {
        foreach (var (prefix, name) in new[] { ("libmkl_", "MKL"), ("libopenblas", "OpenBLAS"), ("libblis", "BLIS"), ("libatlas", "ATLAS") })
            if (Named(prefix).FirstOrDefault() is { } file) return (name, file);
        if (Named("libblas").FirstOrDefault() is { } blas)
        {
            // Debian puts each implementation of that interface into a folder of its own, the reference in `blas`.
            var folder = Path.GetFileName(Path.GetDirectoryName(blas)!);
            return (folder.StartsWith("openblas", StringComparison.Ordinal) ? "OpenBLAS"
                : folder is "atlas" or "blis" ? folder.ToUpperInvariant()
                : "reference BLAS", blas);
        }
        if (config.Contains("Math Kernel Library", StringComparison.Ordinal)) return ("MKL", Named("libtorch_cpu").FirstOrDefault());
        return ConfigValue(config, "BLAS_INFO") is { } built ? (built, Named("libtorch_cpu").FirstOrDefault()) : (null, null);
    }

    /// <summary>A setting that libtorch was built with: <c>NAME=value, </c>.</summary>
    public static string? ConfigValue(string config, string name)
    {
        var at = config.IndexOf($" {name}=", StringComparison.Ordinal);
        if (at < 0) return null;
        at += name.Length + 2;
        var end = config.IndexOf(", ", at, StringComparison.Ordinal);
        var value = (end < 0 ? config[at..] : config[at..end]).Trim();
        return value == "" ? null : value;
    }
}
