using TorchSharp;

namespace RewardKit.TorchSharp.Tests.Api;

/// <summary>Code compiled against this assembly runs on TorchSharp's only if every public form is one of TorchSharp's.</summary>
public class PublicFormTests
{
    private static readonly Listing Facts = new(Path.Combine(TestContext.CurrentContext.TestDirectory, "torchsharp-api.txt"));

    /// <summary>TorchSharp's, too, though the listing does not come to them.</summary>
    private static readonly string[] BesideTheListing =
        ["ModuleExtensionMethods", "torch.autograd.Function", "torch.autograd.SingleTensorFunction", "torch.autograd.MultiTensorFunction", "OptimizerOptions", "OptimizerHelper", "Adam.Options", "AdamW.Options", "SGD.Options", "torch: string __version__ { get; }"];

    private static IEnumerable<Type> PublicTypes => typeof(torch).Assembly.GetExportedTypes();

    [Test]
    public void Every_public_member_of_a_listed_type_has_a_listed_form()
    {
        var strange = new List<string>();
        var checkedForms = 0;
        foreach (var type in PublicTypes)
        {
            if (type.IsGenericType || Facts.FormsOf(Form.Name(type)) is not { } forms) continue;
            foreach (var form in Form.Of(type).Select(Listing.Canonical))
            {
                checkedForms++;
                if (!forms.Contains(form)) strange.Add($"{Form.Name(type)}: {form}");
            }
        }
        strange.RemoveAll(BesideTheListing.Contains);
        Assert.That(strange, Is.Empty, () => string.Join("\n", strange));
        Assert.That(checkedForms, Is.GreaterThan(500));
    }

    [Test]
    public void Every_public_type_is_listed_or_named_by_a_listed_form()
    {
        var strange = PublicTypes.Where(type => Facts.FormsOf(Form.Name(type)) is null && !IsNamed(type)).Select(Form.Name);
        Assert.That(strange.Except(BesideTheListing), Is.Empty);
    }

    [Test]
    public void Kinds_of_types_are_the_listed_ones()
    {
        foreach (var type in PublicTypes)
        {
            if (type.IsGenericType || !Facts.Headers.TryGetValue(Form.Name(type), out var listed)) continue;
            var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
                : type is { IsAbstract: true, IsSealed: true } ? "static class"
                : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
            Assert.That(kind, Is.EqualTo(listed), Form.Name(type));
        }
    }

    [Test]
    public void The_assembly_goes_by_the_name_and_version_of_TorchSharp()
    {
        var name = typeof(torch).Assembly.GetName();
        Assert.That((name.Name, name.Version), Is.EqualTo(("TorchSharp", new Version(0, 107, 0, 0))));
    }

    private static bool IsNamed(Type type)
    {
        var name = Form.Name(type);
        return Facts.Names(name.StartsWith("torch.", StringComparison.Ordinal) ? name["torch.".Length..] : name);
    }
}
