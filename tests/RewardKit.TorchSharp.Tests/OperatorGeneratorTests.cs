using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using RewardKit.TorchSharp.Generator;

namespace RewardKit.TorchSharp.Tests;

public class OperatorGeneratorTests
{
    [TestCase("aten::add(Tensor self, Tensor other)", "expected 'namespace::name")]
    [TestCase("aten::add(Tensor self, Complex other) -> Tensor", "'Complex'")]
    [TestCase("aten::add(Tensor) -> Tensor", "'Tensor' is not of the form 'Type name'")]
    [TestCase("aten::neg(Tensor self) -> Tensor", "'aten::neg' stands in line 2 already")]
    [TestCase("aten::f(Tensor self) -> int[]", "int[]")]
    public void A_bad_line_is_an_error_with_file_line_and_reason(string line, string reason)
    {
        var (diagnostics, _) = Generate($"# first\naten::neg(Tensor self) -> Tensor\n\n{line}\n");
        var error = diagnostics.Single();
        Assert.That(error.Severity, Is.EqualTo(DiagnosticSeverity.Error));
        Assert.That(error.Location.GetLineSpan().Path, Is.EqualTo("Operators/operators.txt"));
        Assert.That(error.Location.GetLineSpan().StartLinePosition.Line, Is.EqualTo(3));
        Assert.That(error.GetMessage(CultureInfo.InvariantCulture), Does.Contain(reason));
    }

    [Test]
    public void Good_lines_around_a_bad_one_are_still_written()
    {
        var (_, source) = Generate("aten::neg(Tensor self) -> Tensor\nnonsense\naten::abs(Tensor self) -> Tensor\n");
        Assert.That(source, Does.Contain("torch.Tensor neg(torch.Tensor self)").And.Contain("torch.Tensor abs(torch.Tensor self)"));
    }

    [TestCase("aten::f.g(Tensor self, *, Scalar alpha=1) -> Tensor", "torch.Tensor f_g(torch.Tensor self, ScalarValue? alpha = null)")]
    [TestCase("aten::f(Tensor(a!) self, int[1]? dim=None, bool k=False) -> Tensor(a!)",
        "void f(torch.Tensor self, ReadOnlySpan<long> dim = default, bool k = false)")]
    [TestCase("aten::f(Tensor[] in, Tensor?[] indices, SymInt n=-1, float p=0.5) -> (Tensor, Tensor[])",
        "(torch.Tensor, torch.Tensor[]) f(ReadOnlySpan<torch.Tensor> @in, ReadOnlySpan<torch.Tensor?> indices, long n = -1, double p = 0.5d)")]
    [TestCase("aten::f(Tensor self, int reduction=Mean, str mode=\"constant\", Generator? generator=None) -> bool",
        "bool f(torch.Tensor self, long? reduction = null, string? mode = null, torch.Generator? generator = null)")]
    public void A_line_becomes_a_typed_method(string line, string signature)
    {
        var (diagnostics, source) = Generate(line);
        Assert.That(diagnostics, Is.Empty);
        Assert.That(source, Does.Contain(signature));
    }

    private static (IReadOnlyList<Diagnostic> Diagnostics, string Source) Generate(string text)
    {
        var driver = CSharpGeneratorDriver.Create(new OperatorGenerator())
            .AddAdditionalTexts([new Lines(text)])
            .RunGenerators(CSharpCompilation.Create("empty"));
        var result = driver.GetRunResult();
        return (result.Diagnostics, result.GeneratedTrees.Single().ToString());
    }

    private sealed class Lines(string text) : AdditionalText
    {
        public override string Path => "Operators/operators.txt";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
