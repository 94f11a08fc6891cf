using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;

namespace RewardKit.Plugin.Sdk.Tests;

public class ManifestTests
{
    // How the compiler writes a constant depends on its size and on optimisation.
    [TestCase("int", "0", "0")]
    [TestCase("int", "-1", "-1")]
    [TestCase("int", "8", "8")]
    [TestCase("int", "-100", "-100")]
    [TestCase("int", "int.MaxValue", "2147483647")]
    [TestCase("int", "3 * (1 << 10)", "3072")]
    [TestCase("double", "5", "5.0")]
    [TestCase("double", "1e-8", "1E-08")]
    [TestCase("double", "0.1f", "0.10000000149011612")]
    [TestCase("double", "double.MaxValue", "1.7976931348623157E+308")]
    [TestCase("bool", "true", "true")]
    [TestCase("bool", "!true", "false")]
    [TestCase("string", "\"a \\\"b\\\" ä\"", "\"a \\\"b\\\" ä\"")]
    [TestCase("string", "nameof(Mode.First)", "\"First\"")]
    [TestCase("string?", "null", "null")]
    [TestCase("Mode", "Mode.SecondMode", "\"second-mode\"")]
    [TestCase("int?", "300", "300")]
    [TestCase("int?", "null", "null")]
    [TestCase("bool?", "false", "false")]
    [TestCase("double?", "0.5", "0.5")]
    [TestCase("Mode?", "Mode.First", "\"first\"")]
    [TestCase("Mode?", "default", "null")]
    public void A_constant_default_is_read(string type, string initialiser, string expected)
    {
        foreach (var level in new[] { OptimizationLevel.Debug, OptimizationLevel.Release })
        {
            // The neighbours would show it if the reader lost its place.
            using var build = Build.OfOptions($$"""
                public int Before { get; init; } = 7;
                public {{type}} Option { get; init; } = {{initialiser}};
                public string After { get; init; } = "end";
                """, level);
            Assert.That(build.Errors, Is.Empty);
            var text = build.Manifest!;
            Assert.That(text, Does.Contain($"\"default\": {expected}"));
            var options = JsonNode.Parse(text)!["plugins"]![0]!["options"]!.AsArray();
            Assert.That(options.Select(o => o!["name"]!.ToString()), Is.EqualTo(new[] { "before", "option", "after" }));
            Assert.That(options[0]!["default"]!.GetValue<int>(), Is.EqualTo(7));
            Assert.That(options[2]!["default"]!.ToString(), Is.EqualTo("end"));
        }
    }

    [TestCase("int", "Environment.ProcessorCount")]
    [TestCase("double", "Math.Sqrt(2)")]
    [TestCase("double", "double.PositiveInfinity")]
    [TestCase("string", "string.Concat(\"a\", Environment.NewLine)")]
    [TestCase("int", "Environment.Is64BitProcess ? 1 : 2")]
    [TestCase("Mode", "(Mode)17")]
    [TestCase("string", "string.Empty")]
    public void A_default_that_is_no_constant_is_refused_and_named(string type, string initialiser)
    {
        using var build = Build.OfOptions($$"""
            public int Before { get; init; } = 7;
            public {{type}} Option { get; init; } = {{initialiser}};
            public int After { get; init; } = 8;
            """);
        Assert.That(build.Errors, Has.Count.EqualTo(1));
        Assert.That(build.Errors[0], Does.StartWith("RK1007 ").And.Contain("MyOptions.Option"));
        Assert.That(build.Manifest, Is.Null);
    }

    [TestCase("public MyOptions() { Alpha = 1; } public int Alpha { get; init; }", "RK1007")]
    [TestCase("public MyOptions() : this(1) { } public MyOptions(int a) => Alpha = a; public int Alpha { get; init; }", "RK1007")]
    [TestCase("public MyOptions(int a) => Alpha = a; public int Alpha { get; init; }", "RK1006")]
    [TestCase("private MyOptions() { } public static MyOptions Make() => new();", "RK1006")]
    [TestCase("public float Alpha { get; init; }", "RK1005")]
    [TestCase("public IReadOnlyList<int> Alpha { get; init; } = [];", "RK1005")]
    [TestCase("public DateTime? Alpha { get; init; }", "RK1005")]
    [TestCase("public int Alpha { get; } = 4;", "RK1008")]
    [TestCase("[Range(0, 1)] public double Alpha { get; init; } = 1.5;", "RK1011")]
    [TestCase("[Range(0.0, 1.0, MinimumIsExclusive = true)] public double Alpha { get; init; }", "RK1011")]
    [TestCase("[Range(typeof(double), \"0\", \"1\")] public double Alpha { get; init; }", "RK1012")]
    [TestCase("[Range(0, 1)] public string Alpha { get; init; } = \"\";", "RK1012")]
    [TestCase("[InputPath(InputKind.File)] public string Alpha { get; init; } = \"data.json\";", "RK1019")]
    [TestCase("[InputPath(InputKind.File)] public int Alpha { get; init; }", "RK1019")]
    public void Options_that_no_script_could_set_are_refused(string members, string code)
    {
        using var build = Build.OfOptions(members);
        Assert.That(build.Errors, Has.Count.EqualTo(1).And.One.StartsWith(code + " ").And.One.Contain("MyOptions"));
    }

    [TestCase("[Loss(\"a\")] public class A { }", "RK1001")]
    [TestCase("[Evaluator(\"a\")] public class A : ILoss { LOSS }", "RK1001")]
    [TestCase("[Loss(\"a\")] public class A : ILoss { LOSS } [Loss(\"a\")] public class B : ILoss { LOSS }", "RK1002")]
    [TestCase("[Loss(\"MyLoss\")] public class A : ILoss { LOSS }", "RK1003")]
    [TestCase("[Loss(\"\")] public class A : ILoss { LOSS }", "RK1003")]
    [TestCase("[Loss(\"a\")] public abstract class A : ILoss { LOSS }", "RK1004")]
    [TestCase("[Loss(\"a\")] public class A<T> : ILoss { LOSS }", "RK1004")]
    [TestCase("[Loss(\"a\")] public class A : ILoss { LOSS public A() { } public A(int x) { } }", "RK1004")]
    [TestCase("[Loss(\"a\")] public class A(O o, P p) : ILoss { LOSS object X => (o, p); } "
        + "[PluginOptions] public record O; [PluginOptions] public record P;", "RK1009")]
    [TestCase("public class A : ILoss { LOSS }", "RK1010")]
    public void A_plugin_that_the_host_could_not_make_is_refused(string source, string code)
    {
        using var build = Build.Of(source.Replace("LOSS", Build.LossMembers));
        Assert.That(build.Errors, Has.Some.StartsWith(code + " "));
        Assert.That(build.Manifest, Is.Null);
    }

    [Test]
    public void One_id_may_serve_several_kinds()
    {
        using var build = Build.Of($$"""
            [Loss("a")] public class A : ILoss { {{Build.LossMembers}} }
            [Evaluator("a")] public class B : IEvaluator
            {
                public System.Threading.Tasks.Task<EvaluationReport> EvaluateAsync(EvaluationContext c, System.Threading.CancellationToken t) => null!;
            }
            """);
        Assert.That(build.Errors, Is.Empty);
        Assert.That(JsonNode.Parse(build.Manifest!)!["plugins"]!.AsArray().Select(p => p!["kind"]!.ToString()),
            Is.EqualTo(new[] { "evaluator", "loss" }));
    }

    [Test]
    public void A_computed_property_is_no_option()
    {
        using var build = Build.OfOptions("public int Alpha { get; init; } = 2; public int Twice => 2 * Alpha; private int Hidden { get; init; } = 3;");
        Assert.That(build.Errors, Is.Empty);
        Assert.That(JsonNode.Parse(build.Manifest!)!["plugins"]![0]!["options"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_path_that_the_plugin_reads_is_marked_and_so_is_an_evaluator_with_its_own_data()
    {
        using var build = Build.Of("""
            [Evaluator("a", OwnData = true)] public class A(O o) : IEvaluator
            {
                public System.Threading.Tasks.Task<EvaluationReport> EvaluateAsync(EvaluationContext c, System.Threading.CancellationToken t) => throw new Exception(o.File);
            }
            [PluginOptions] public sealed record O
            {
                [InputPath(InputKind.File)] public string File { get; init; } = "";
                [InputPath(InputKind.FileOrFolder)] public string? Words { get; init; }
                public string Name { get; init; } = "";
            }
            """);
        Assert.That(build.Errors, Is.Empty);
        var plugin = JsonNode.Parse(build.Manifest!)!["plugins"]![0]!;
        Assert.That(plugin["ownData"]!.GetValue<bool>(), Is.True);
        Assert.That(plugin["options"]!.AsArray().Select(o => ($"{o!["input"]}", o["nullable"]!.GetValue<bool>())),
            Is.EqualTo(new[] { ("file", false), ("fileOrFolder", true), ("", false) }));
    }

    [Test]
    public void An_open_range_has_one_bound()
    {
        using var build = Build.OfOptions("[Range(0, double.PositiveInfinity)] public double Alpha { get; init; }");
        var option = JsonNode.Parse(build.Manifest!)!["plugins"]![0]!["options"]![0]!.AsObject();
        Assert.That(option["minimum"]!.ToString(), Is.EqualTo("0.0"));
        Assert.That(option.ContainsKey("maximum"), Is.False);
    }
}
