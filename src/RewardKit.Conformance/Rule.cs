using System.Reflection;
using RewardKit.Hosting.Experiments;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>A rule that plugins of a kind keep.</summary>
public sealed class Rule
{
    private const int Seed = 7;

    private readonly MethodInfo _method;
    private readonly RuleAttribute _attribute;

    private Rule(MethodInfo method, RuleAttribute attribute) => (_method, _attribute) = (method, attribute);

    /// <summary>A letter for the contract (G: all of them) and a number, as <c>L01</c>.</summary>
    public string Id => _attribute.Id;

    /// <summary>How binding it is.</summary>
    public RuleKind Kind => _attribute.Kind;

    /// <summary>The rule in a few words, as <c>gradient matches finite differences</c>.</summary>
    public string Title => _method.Name.Replace('_', ' ').ToLowerInvariant();

    /// <summary>The name of its test, as <c>required_L01_gradient_matches_finite_differences</c>.</summary>
    public string Name => $"{Kind.ToString().ToLowerInvariant()}_{Id}_{_method.Name.ToLowerInvariant()}";

    /// <summary>What goes wrong, and for whom, where it is broken.</summary>
    public string Protects => _attribute.Protects;

    /// <summary>How to repair it; for an untested rule, how to test it without the kit.</summary>
    public string Fix => _attribute.Fix;

    internal bool AtEveryOption => _attribute.AtEveryOption;

    /// <summary>The rules for a kind of plugin: those of its contract, then those for all plugins, by number.</summary>
    /// <param name="kind">The kind.</param>
    public static IReadOnlyList<Rule> For(PluginKind kind) => [.. In(Contract(kind)), .. In(typeof(GeneralRules))];

    /// <summary>Tests it.</summary>
    /// <param name="subject">What to test.</param>
    public RuleResult Check(Subject subject)
    {
        try
        {
            using var scope = torch.NewDisposeScope();
            torch.manual_seed(Seed);
            _method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [subject], null);
            return new(this, RuleOutcome.Passed, null);
        }
        catch (NotTestedException e)
        {
            return new(this, RuleOutcome.NotTested, e.Message);
        }
        catch (Exception e) when (e.GetBaseException() is UnknownTextException unknown)
        {
            return new(this, RuleOutcome.NotTested, $"{unknown.Message} In a test project, override Perfect with a scorer that knows what is right.");
        }
        catch (RuleBrokenException e)
        {
            return new(this, RuleOutcome.Failed, e.Message);
        }
        catch (Exception e)
        {
            var cause = e is TypeInitializationException { InnerException: { } inner } ? inner : e;
            var place = cause.TargetSite is { DeclaringType: { } type } method ? $" in {type.Name}.{method.Name}" : "";
            return new(this, RuleOutcome.Failed, $"{cause.GetType().Name}{place}: {cause.Message}");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static Type Contract(PluginKind kind) => kind switch
    {
        PluginKind.Loss => typeof(LossRules),
        PluginKind.Decoder => typeof(DecoderRules),
        PluginKind.Composer => typeof(ComposerRules),
        PluginKind.Merger => typeof(MergerRules),
        PluginKind.Augmenter => typeof(AugmenterRules),
        PluginKind.Evaluator => typeof(EvaluatorRules),
        _ => throw new NotSupportedException($"There are no rules for a {kind}."),
    };

    private static IEnumerable<Rule> In(Type rules) => rules
        .GetMethods(BindingFlags.Public | BindingFlags.Static)
        .Select(method => (Method: method, Attribute: method.GetCustomAttribute<RuleAttribute>()))
        .Where(rule => rule.Attribute is not null)
        .Select(rule => new Rule(rule.Method, rule.Attribute!))
        .OrderBy(rule => rule.Id, StringComparer.Ordinal);
}

/// <summary>How the test of a rule ended.</summary>
public enum RuleOutcome
{
    /// <summary>It holds, as far as the kit can see.</summary>
    Passed,

    /// <summary>It is broken.</summary>
    Failed,

    /// <summary>It was not tested; the message says why.</summary>
    NotTested,
}

/// <summary>What came of a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Outcome">How its test ended.</param>
/// <param name="Message">What was found, or why nothing was tested; null where it passed.</param>
public sealed record RuleResult(Rule Rule, RuleOutcome Outcome, string? Message)
{
    /// <summary>Whether the plugin fails by it.</summary>
    public bool Fails => Outcome == RuleOutcome.Failed && Rule.Kind == RuleKind.Required;

    /// <summary>The message with what the rule protects and how to repair it.</summary>
    public string Explanation => $"{Message}\n  Why it matters: {Rule.Protects}\n  {(Rule.Kind == RuleKind.Untested ? "Instead" : "To fix it")}: {Rule.Fix}";
}
