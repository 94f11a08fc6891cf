using System.Reflection;
using System.Reflection.PortableExecutable;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>Finds the plugins in an assembly and checks their declarations.</summary>
internal sealed class AssemblyReader : IDisposable
{
    private readonly MetadataLoadContext _context;
    private readonly Assembly _assembly;
    private readonly PEReader _image;
    private readonly DocComments _docs;
    private readonly List<Problem> _problems = [];

    public AssemblyReader(string assembly, string documentation, IEnumerable<string> references)
    {
        _context = new MetadataLoadContext(new PathAssemblyResolver([assembly, .. references]));
        _assembly = _context.LoadFromAssemblyPath(assembly);
        _image = new PEReader(File.OpenRead(assembly));
        _docs = new DocComments(documentation);
        var contract = _context.LoadFromAssemblyName("RewardKit.Abstractions").GetType("RewardKit.Contract", throwOnError: true)!;
        ContractVersion = (int)contract.GetField("Version")!.GetRawConstantValue()!;
    }

    public int ContractVersion { get; }

    public IReadOnlyList<Problem> Problems => _problems;

    public IReadOnlyList<PluginEntry> ReadPlugins()
    {
        var plugins = new List<PluginEntry>();
        foreach (var type in _assembly.GetTypes())
        {
            if (type.CustomAttributes.FirstOrDefault(a => a.AttributeType.BaseType?.FullName == "RewardKit.PluginAttribute") is { } attribute)
                plugins.Add(ReadPlugin(type, attribute));
        }
        foreach (var twins in plugins.GroupBy(p => (p.Kind, p.Id)).Where(g => g.Count() > 1))
        {
            Report("RK1002", $"Two {twins.Key.Kind} plugins have the id \"{twins.Key.Id}\": "
                + $"{string.Join(" and ", twins.Select(p => p.Type))}. Give each its own.");
        }
        if (plugins.Count == 0)
        {
            Report("RK1010", "No plugin in this assembly. Mark a class with [Loss(\"my-loss\")], [Augmenter(...)], "
                + "[Evaluator(...)], [Decoder(...)], [Composer(...)] or [Merger(...)] and implement the contract it belongs to.");
        }
        return [.. plugins.OrderBy(p => p.Kind, StringComparer.Ordinal).ThenBy(p => p.Id, StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        _image.Dispose();
        _context.Dispose();
    }

    private PluginEntry ReadPlugin(Type type, CustomAttributeData attribute)
    {
        // LossAttribute marks an ILoss, and so on.
        var kind = attribute.AttributeType.Name[..^"Attribute".Length];
        var contract = kind switch { "Composer" => "IScorerComposer", "Merger" => "IWeightMerger", _ => "I" + kind };
        var id = attribute.ConstructorArguments[0].Value as string ?? "";
        var paper = attribute.NamedArguments.FirstOrDefault(a => a.MemberName == "Paper").TypedValue.Value as string;
        if (type.GetInterfaces().All(i => i.FullName != "RewardKit." + contract))
            Report("RK1001", $"{type.FullName} is marked [{kind}] but does not implement RewardKit.{contract}. "
                + "Implement it, or use the attribute of the interface it implements.");
        if (!Names.IsKebab(id))
            Report("RK1003", $"{type.FullName} has the id \"{id}\". An id is kebab case: lower-case letters and digits, "
                + $"words joined by single hyphens, a letter first; perhaps \"{Names.Kebab(type.Name)}\".");

        var constructors = type.GetConstructors();
        if (type.IsAbstract || type.ContainsGenericParameters || constructors.Length != 1)
        {
            Report("RK1004", $"{type.FullName} cannot be made by the host: a plugin is a class that is not abstract and "
                + $"not generic, with exactly one public constructor (it has {constructors.Length}).");
        }

        var records = (constructors.FirstOrDefault()?.GetParameters() ?? [])
            .Select(p => p.ParameterType).Where(IsOptions).ToList();
        if (records.Count > 1)
        {
            Report("RK1009", $"{type.FullName} takes {records.Count} options records: "
                + $"{string.Join(", ", records.Select(r => r.FullName))}. Put all options into one.");
        }
        var options = records.FirstOrDefault();
        var reader = new OptionsReader(_assembly, _image, _docs, Report);
        var ownData = attribute.NamedArguments.FirstOrDefault(a => a.MemberName == "OwnData").TypedValue.Value is true;
        return new(kind.ToLowerInvariant(), id, paper, ownData, type.FullName!, _docs.OfType(type), options?.FullName,
            options is null ? [] : reader.Read(options));
    }

    private static bool IsOptions(Type type) =>
        type.CustomAttributes.Any(a => a.AttributeType.FullName == "RewardKit.PluginOptionsAttribute");

    private void Report(string code, string text) => _problems.Add(new(code, text));
}
