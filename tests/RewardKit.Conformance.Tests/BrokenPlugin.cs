using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance.Tests;

/// <summary>A plugin that breaks one rule.</summary>
/// <param name="Rule">The rule's id.</param>
/// <param name="Says">What the message must tell.</param>
/// <param name="Subject">The plugin.</param>
public sealed record BrokenPlugin(string Rule, string Says, Subject Subject)
{
    public override string ToString() => Rule;

    /// <summary>Asserts that its rule, and no other required rule, catches it, in words that help.</summary>
    public void IsCaughtByItsRuleAlone()
    {
        var results = RewardKit.Conformance.Rule.For(Subject.Kind).Select(rule => rule.Check(Subject)).ToArray();
        var failed = results.Where(r => r.Outcome == RuleOutcome.Failed && (r.Rule.Kind == RuleKind.Required || r.Rule.Id == Rule)).ToArray();
        Assert.That(failed.Select(r => $"{r.Rule.Id}: {r.Message}"), Has.Exactly(1).Items.And.All.StartsWith(Rule + ": "));
        Assert.That(failed[0].Message, Does.Contain(Says));
        Assert.That(failed[0].Explanation, Does.Contain(failed[0].Rule.Protects).And.Contain(failed[0].Rule.Fix));
    }

    /// <summary>Asserts that no rule of a contract is without a plugin that breaks it, and no general one untested.</summary>
    public static void AreForEveryRuleOf(PluginKind kind, IEnumerable<BrokenPlugin> broken) => Assert.That(
        RewardKit.Conformance.Rule.For(kind).Where(r => r.Kind != RuleKind.Untested).Select(r => r.Id).Where(id => id[0] != 'G'),
        Is.SubsetOf(broken.Select(b => b.Rule)));
}
