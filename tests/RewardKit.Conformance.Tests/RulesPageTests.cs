using System.Reflection;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance.Tests;

public sealed class RulesPageTests
{
    private static readonly string Root = typeof(RulesPageTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    [Test]
    public void The_page_is_what_the_rules_say()
    {
        var page = RulesPage.Write();
        var (written, fresh) = (Path.Combine(Root, "docs", "conformance.md"), Path.Combine(Root, "artifacts", "conformance.md"));
        File.WriteAllText(fresh, page);
        Assert.That(File.Exists(written) ? File.ReadAllText(written) : "", Is.EqualTo(page), $"docs/conformance.md is not up to date: copy {fresh} there.");
    }

    [Test]
    public void Numbers_are_unique_and_have_no_gaps([Values] PluginKind kind)
    {
        foreach (var contract in Rule.For(kind).GroupBy(rule => rule.Id[0]))
            Assert.That(contract.Select(rule => rule.Id), Is.EqualTo(Enumerable.Range(1, contract.Count()).Select(i => $"{contract.Key}{i:00}")));
    }

    [Test]
    public void Names_say_kind_number_and_rule() => Assert.That(
        Rule.For(PluginKind.Loss).Select(rule => rule.Name),
        Is.SupersetOf(new[] { "required_L01_gradient_matches_finite_differences", "optional_L12_reads_all_that_it_needs", "untested_L13_the_formula_is_that_of_the_paper" }));
}
