using TorchSharp;

namespace RewardKit.TorchSharp.Tests.Api;

/// <summary>
/// Code compiled against this assembly runs on TorchSharp's only if every public form is one of TorchSharp's. The forms are
/// data: <c>torchsharp-api.txt</c> lists those of the part that matters here, <c>torchsharp-sources.txt</c> those besides that
/// are offered, and <c>left-out.txt</c> what is listed but not offered, with the reasons.
/// </summary>
public class PublicFormTests
{
    private static readonly Listing Listed = new(Data("torchsharp-api.txt"));
    private static readonly Listing Facts = new(Data("torchsharp-api.txt"), Data("torchsharp-sources.txt"));
    private static readonly Dictionary<string, HashSet<string>> Offered = typeof(torch).Assembly.GetExportedTypes()
        .ToDictionary(Form.FullName, type => Form.Of(type).Select(Listing.Canonical).ToHashSet());

    private static Type[] PublicTypes => typeof(torch).Assembly.GetExportedTypes();

    [Test]
    public void Every_public_form_is_one_of_TorchSharp()
    {
        var strange = Offered.SelectMany(type => type.Value.Except(Facts.FormsOf(type.Key) ?? new HashSet<string>()), (type, form) => $"{type.Key}: {form}")
            .Concat(Offered.Keys.Where(type => Facts.FormsOf(type) is null).Select(type => $"{type}: the type"));
        Assert.That(strange, Is.Empty, () => string.Join("\n", strange));
        Assert.That(Offered.Sum(type => type.Value.Count), Is.GreaterThan(1000));
    }

    [Test]
    public void Every_listed_form_is_offered_or_left_out_with_a_reason()
    {
        var leftOut = LeftOut();
        var missing = Listed.Types.SelectMany(type => Listed.FormsOf(type)!
            .Except(Offered.GetValueOrDefault(type) ?? []).Select(form => $"{type}: {form}")).Except(leftOut).ToList();
        Assert.That(missing, Is.Empty, () => string.Join("\n", missing));
    }

    [Test]
    public void What_is_left_out_is_listed_and_not_offered()
    {
        foreach (var entry in LeftOut())
        {
            var (type, form) = (entry[..entry.IndexOf(": ", StringComparison.Ordinal)], entry[(entry.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
            Assert.That(Listed.FormsOf(type), Is.Not.Null.And.Contains(form), entry);
            Assert.That(Offered.GetValueOrDefault(type) ?? [], Does.Not.Contain(form), entry);
        }
    }

    [Test]
    public void Kinds_of_types_are_the_listed_ones()
    {
        foreach (var type in PublicTypes)
        {
            var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
                : type is { IsAbstract: true, IsSealed: true } ? "static class"
                : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
            Assert.That(kind, Is.EqualTo(Facts.Headers.GetValueOrDefault(Form.FullName(type))), Form.FullName(type));
        }
    }

    [Test]
    public void The_assembly_goes_by_the_name_and_version_of_TorchSharp()
    {
        var name = typeof(torch).Assembly.GetName();
        Assert.That((name.Name, name.Version), Is.EqualTo(("TorchSharp", new Version(0, 107, 0, 0))));
    }

    /// <summary><c>type: form</c> for each line; a line with <c>#</c> is a reason, which holds up to the next.</summary>
    private static HashSet<string> LeftOut()
    {
        var entries = new HashSet<string>();
        var reason = "";
        foreach (var line in File.ReadAllLines(Data("left-out.txt")).Where(line => line.Length > 0))
        {
            if (line.StartsWith('#'))
            {
                reason = line.TrimStart('#', ' ');
                continue;
            }
            Assert.That(reason, Is.Not.Empty, $"'{line}' has no reason");
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            Assert.That(entries.Add(line[..(colon + 2)] + Listing.Canonical(line[(colon + 2)..])), line);
        }
        return entries;
    }

    private static string Data(string name) => Path.Combine(TestContext.CurrentContext.TestDirectory, name);
}
