using System.Reflection;

namespace RewardKit.Architecture.Tests;

public class ContractsPageTests
{
    private static readonly string Root = typeof(ContractsPageTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    [Test]
    public void The_reference_of_the_contracts_is_what_the_doc_comments_say()
    {
        var page = ContractsPage.Write(Path.Combine(Root, "src", "RewardKit.Abstractions", "bin", "Release", "net10.0", "RewardKit.Abstractions.xml"));
        var (written, fresh) = (Path.Combine(Root, "docs", "contracts.md"), Path.Combine(Root, "artifacts", "contracts.md"));
        File.WriteAllText(fresh, page);
        Assert.That(File.Exists(written) ? File.ReadAllText(written) : "", Is.EqualTo(page), $"docs/contracts.md is not up to date: copy {fresh} there.");
    }

    [Test]
    public void It_leaves_no_public_type_out() =>
        Assert.That(ContractsPage.Types, Is.EquivalentTo(typeof(ILoss).Assembly.GetExportedTypes()));
}
