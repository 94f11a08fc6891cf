using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RewardKit.Architecture.Tests;

/// <summary>The reference of the contracts: their public form with the words of their doc comments, as one page.</summary>
internal static partial class ContractsPage
{
    private static readonly NullabilityInfoContext s_nullability = new();

    private static readonly (string Title, Type[] Types)[] s_sections =
    [
        ("Losses", [typeof(ILoss), typeof(IStatefulLoss), typeof(ForwardNeeds), typeof(RewardHead), typeof(HeadNorm), typeof(PairBatch), typeof(PairForward), typeof(TrainingStep), typeof(StepTotals), typeof(LossResult)]),
        ("Augmenters", [typeof(IAugmenter), typeof(AugmenterNeeds), typeof(AugmentationContext), typeof(ExampleDecision)]),
        ("Evaluators", [typeof(IEvaluator), typeof(EvaluatorNeeds), typeof(EvaluationContext), typeof(EvaluationReport), typeof(Measurement), typeof(EvaluationSample)]),
        ("Decoders",
        [
            typeof(IDecoder), typeof(DecoderNeeds), typeof(DecodingRequest), typeof(IDecodingContext), typeof(TokenRule), typeof(IDecodingStep), typeof(TokenChoice),
            typeof(ILanguageModel), typeof(IPrefixScorer),
        ]),
        ("Generated text", [typeof(ITextGenerator), typeof(TextRequest), typeof(TextReply), typeof(GenerationOptions), typeof(GeneratedText), typeof(GeneratedToken), typeof(FinishReason)]),
        ("Policies", [typeof(IPolicy), typeof(ResponseLogProb)]),
        ("Scorer composers", [typeof(IScorerComposer), typeof(ComposerNeeds), typeof(ScorerMember), typeof(CompositionContext)]),
        ("Weight mergers", [typeof(IWeightMerger), typeof(MergeMember), typeof(IModelWeights), typeof(ModelWeight), typeof(WeightRole), typeof(MergedWeights)]),
        ("Scorers", [typeof(IScorer), typeof(ScoreRequest), typeof(IPairScorer), typeof(PairRequest), typeof(IOrderedPairScorer), typeof(OrderedOdds), typeof(PairScore), typeof(IEnsembleScorer), typeof(EnsembleScore), typeof(IStepScorer), typeof(PlacedReward), typeof(IPlaceScorer), typeof(PlaceRequest), typeof(ScorerExtensions), typeof(BestOfN), typeof(ResponseSet)]),
        ("Data", [typeof(PreferenceExample), typeof(Relation), typeof(StepLabels), typeof(StepLabel), typeof(Provenance), typeof(Conversation), typeof(Message)]),
        ("Identity, options, errors",
        [
            typeof(PluginAttribute), typeof(PluginTraits), typeof(LossAttribute), typeof(AugmenterAttribute), typeof(EvaluatorAttribute), typeof(DecoderAttribute),
            typeof(ComposerAttribute), typeof(MergerAttribute), typeof(PluginOptionsAttribute), typeof(InputPathAttribute), typeof(InputKind), typeof(RewardKitException), typeof(Contract),
        ]),
    ];

    /// <summary>Every type that the page describes.</summary>
    public static IEnumerable<Type> Types => s_sections.SelectMany(section => section.Types);

    /// <summary>Writes the page.</summary>
    /// <param name="documentation">The file with the doc comments.</param>
    public static string Write(string documentation)
    {
        var docs = XDocument.Load(documentation).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);
        var page = new StringBuilder(
            """
            # The contracts

            What a plugin is compiled against: `RewardKit.Abstractions`, written from its doc comments. A tensor's shape stands
            in brackets. How to write a plugin: [writing-a-plugin.md](writing-a-plugin.md).

            """.ReplaceLineEndings("\n"));
        foreach (var (title, types) in s_sections) page.Append($"\n- [{title}](#{title.ToLowerInvariant().Replace(",", "").Replace(' ', '-')}): {string.Join(", ", types.Select(type => $"`{Name(type)}`"))}");
        page.Append('\n');
        foreach (var (title, types) in s_sections)
        {
            page.Append($"\n## {title}\n");
            foreach (var type in types) Write(page, type, docs);
        }
        return page.ToString();
    }

    private static void Write(StringBuilder page, Type type, Dictionary<string, XElement> docs)
    {
        var own = docs.GetValueOrDefault($"T:{type.FullName}");
        page.Append($"\n### {Name(type)}\n\n{Text(own?.Element("summary"))}\n");
        // A positional record documents its properties as parameters.
        var parameters = own?.Elements("param").ToDictionary(p => p.Attribute("name")!.Value, StringComparer.Ordinal) ?? [];
        var rows = new List<(string Form, string Text)>();
        if (typeof(Delegate).IsAssignableFrom(type)) rows.Add((Form(type.GetMethod("Invoke")!, type.Name), Text(parameters.Values.SingleOrDefault())));
        else if (type.IsEnum)
            rows.AddRange(Enum.GetNames(type).Select(name => ($"{name} = {Convert.ToInt64(Enum.Parse(type, name))}", Text(docs[$"F:{type.FullName}.{name}"].Element("summary")))));
        else
            foreach (var member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OrderBy(m => m is MethodInfo).ThenBy(m => m.MetadataToken))
                if (Row(member, docs, parameters) is { } row) rows.Add(row);
        if (rows.Count == 0) return;
        page.Append("\n| member | |\n| --- | --- |\n");
        foreach (var (form, text) in rows) page.Append($"| `{form}` | {text} |\n");
    }

    private static (string, string)? Row(MemberInfo member, Dictionary<string, XElement> docs, Dictionary<string, XElement> parameters)
    {
        switch (member)
        {
            case PropertyInfo property when docs.TryGetValue($"P:{property.DeclaringType!.FullName}.{property.Name}", out var doc):
                return (Form(property), Text(doc.Element("summary")) + Errors(doc));
            case PropertyInfo property when parameters.TryGetValue(property.Name, out var parameter):
                return (Form(property), Text(parameter));
            case FieldInfo field when docs.TryGetValue($"F:{field.DeclaringType!.FullName}.{field.Name}", out var doc):
                return ($"const {Name(field.FieldType)} {field.Name}", Text(doc.Element("summary")));
            case MethodInfo { IsSpecialName: false } method when docs.FirstOrDefault(d => d.Key.StartsWith($"M:{method.DeclaringType!.FullName}.{method.Name}(", StringComparison.Ordinal)
                && d.Value.Elements("param").Select(p => p.Attribute("name")!.Value).SequenceEqual(method.GetParameters().Select(p => p.Name))).Value is { } doc:
                var arguments = string.Concat(doc.Elements("param").Select(p => $"<br>`{p.Attribute("name")!.Value}`: {Text(p)}"));
                var returns = doc.Element("returns") is { } result ? $"<br>Returns: {Text(result)}" : "";
                return (Form(method, method.Name), Text(doc.Element("summary")) + arguments + returns + Errors(doc));
            default:
                return null;
        }
    }

    private static string Errors(XElement doc) => string.Concat(doc.Elements("exception").Select(e => $"<br>{Last(e.Attribute("cref")!.Value)}: {Text(e)}"));

    private static string Form(PropertyInfo property) => $"{Name(property.PropertyType, s_nullability.Create(property))} {property.Name}";

    private static string Form(MethodInfo method, string name) =>
        $"{Name(method.ReturnType)} {name}({string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType, s_nullability.Create(p))} {p.Name}"))})";

    private static string Name(Type type, NullabilityInfo? nullability = null)
    {
        if (Nullable.GetUnderlyingType(type) is { } value) return Name(value) + "?";
        var name = type switch
        {
            _ when type == typeof(int) => "int",
            _ when type == typeof(long) => "long",
            _ when type == typeof(double) => "double",
            _ when type == typeof(bool) => "bool",
            _ when type == typeof(string) => "string",
            _ when type == typeof(void) => "void",
            { IsArray: true } => Name(type.GetElementType()!) + "[]",
            { IsGenericType: true } => type.Name[..type.Name.IndexOf('`')] + $"<{string.Join(", ", type.GetGenericArguments().Select(argument => Name(argument)))}>",
            _ => type.Name,
        };
        return !type.IsValueType && nullability?.ReadState == NullabilityState.Nullable ? name + "?" : name;
    }

    private static string Text(XElement? element)
    {
        if (element is null) return "";
        var text = string.Concat(element.Nodes().Select(node => node switch
        {
            XText words => words.Value,
            XElement { Name.LocalName: "see" or "paramref" } e => $"`{Last((e.Attribute("cref") ?? e.Attribute("langword") ?? e.Attribute("name"))!.Value)}`",
            XElement { Name.LocalName: "c" } e => $"`{e.Value}`",
            XElement e => Text(e),
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim().Replace("|", "\\|");
    }

    // "M:RewardKit.ILoss.Compute(RewardKit.PairBatch,...)" is Compute, "P:RewardKit.PairForward.Rewards" is PairForward.Rewards.
    private static string Last(string reference)
    {
        var path = reference.Split('(')[0];
        var parts = path[(path.IndexOf(':') + 1)..].Split('.');
        return path.StartsWith("P:", StringComparison.Ordinal) || path.StartsWith("F:", StringComparison.Ordinal) ? string.Join('.', parts[^2..]) : parts[^1];
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
