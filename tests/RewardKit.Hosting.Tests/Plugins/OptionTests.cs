using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

public class OptionTests
{
    private static readonly PluginCatalog Catalog = PluginCatalog.Of(Fixture.Folder("Good"), Fixture.Folder("GoodFSharp"));

    [Test]
    public void What_is_left_out_has_the_records_default() => Assert.That(Bound("good"), Is.EqualTo(
        "GoodOptions { Alpha = 0.2, Beta = 1, Steps = 300000, Offset = -3, Normalize = True, Verbose = False, Label = plain, "
        + "Form = short, Pairs = 2, Reduction = MeanOverPairs, Note = , Limit = , Margin = 0.5, Other = KLWeighted, Sum = 1.2 }"));

    [Test]
    public void Each_type_is_bound() => Assert.That(
        Bound("good", ("alpha", 3), ("beta", 0.5), ("steps", 7), ("offset", -9), ("normalize", false), ("verbose", true),
            ("label", "x"), ("form", "long"), ("pairs", 4), ("reduction", "kl-weighted"), ("note", "n"), ("limit", 5),
            ("margin", 1), ("other", "sum")),
        Is.EqualTo("GoodOptions { Alpha = 3, Beta = 0.5, Steps = 7, Offset = -9, Normalize = False, Verbose = True, Label = x, "
            + "Form = long, Pairs = 4, Reduction = KLWeighted, Note = n, Limit = 5, Margin = 1, Other = Sum, Sum = 3.5 }"));

    [Test]
    public void Spelling_every_option_out_changes_nothing()
    {
        using var session = new PluginHost(Catalog).Open();
        var use = session.Complete(Fixture.Loss("good", ("alpha", 3)));
        Assert.That(use.Options, Has.Count.EqualTo(14));
        Assert.That(use.Options["steps"], Is.TypeOf<int>());
        Assert.That(session.CreateLoss(use).ToString(), Is.EqualTo(Bound("good", ("alpha", 3))));
    }

    [Test]
    public void Null_is_bound_to_what_can_be_null() => Assert.That(
        Bound("good", ("margin", null!), ("other", null!)), Does.Contain("Margin = , Other = ,"));

    [Test]
    public void FSharp_options_are_bound() => Assert.That(
        Bound("fsharp", ("alpha", 1), ("steps", 9), ("label", "x"), ("reduction", "sum"), ("limit", 4)),
        Is.EqualTo("fsharp 1 9 x Sum 4"));

    [TestCase("alpha", 100.5, "option \"alpha\" is 100.5, but must be a number from 0 to 100.")]
    [TestCase("alpha", double.NaN, "option \"alpha\" is NaN, but must be a number from 0 to 100.")]
    [TestCase("beta", 0, "option \"beta\" is 0, but must be a number above 0 and at most 1.")]
    [TestCase("steps", 0, "option \"steps\" is 0, but must be a whole number from 1 to 2147483647.")]
    [TestCase("steps", 1.5, "option \"steps\" is 1.5, but must be a whole number from 1 to 2147483647.")]
    [TestCase("normalize", "yes", "option \"normalize\" is \"yes\", but must be true or false.")]
    [TestCase("limit", "x", "option \"limit\" is \"x\", but must be a whole number, or null.")]
    [TestCase("form", "shrot", "option \"form\" is \"shrot\", but must be one of \"short\", \"long\". Did you mean \"short\"?")]
    [TestCase("reduction", "mean", "option \"reduction\" is \"mean\", but must be one of \"sum\", \"mean-over-pairs\", \"kl-weighted\".")]
    [TestCase("label", null, "option \"label\" is null, but must be a string.")]
    public void A_bad_value_is_refused_from_the_manifest_alone(string option, object? value, string expected)
    {
        var use = Fixture.Loss("good", (option, value!));
        Assert.That(Fixture.Refused(() => Catalog.Validate(use)).Message, Is.EqualTo("The loss \"good\": " + expected));
    }

    [Test]
    public void An_unknown_option_is_refused_with_the_nearest()
    {
        Assert.That(Fixture.Refused(() => Catalog.Validate(Fixture.Loss("good", ("Aplha", 1)))).Message,
            Does.StartWith("The loss \"good\" has no option \"Aplha\". Did you mean \"alpha\"? Its options: alpha, beta, steps"));
        Assert.That(Fixture.Refused(() => Catalog.Validate(Fixture.Use(PluginKind.Augmenter, "good", ("ratio", 1)))).Message,
            Is.EqualTo("The augmenter \"good\" has no option \"ratio\". It has no options."));
    }

    [Test]
    public void The_plugins_own_validation_attributes_are_asked()
    {
        using var session = new PluginHost(Catalog).Open();
        Assert.That(Fixture.Refused(() => session.CreateLoss(Fixture.Loss("good", ("pairs", 3)))).Message,
            Is.EqualTo("The loss \"good\": option \"pairs\" is 3: It must be even."));
    }

    private static string? Bound(string id, params (string, object)[] options)
    {
        var use = Fixture.Loss(id, options);
        Catalog.Validate(use);
        using var session = new PluginHost(Catalog).Open();
        return session.CreateLoss(use).ToString();
    }
}
