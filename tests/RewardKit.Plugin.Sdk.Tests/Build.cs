using System.Collections;
using Microsoft.Build.Framework;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using RewardKit.Plugin.Sdk.Tasks;

namespace RewardKit.Plugin.Sdk.Tests;

/// <summary>Compiles a plugin's source and writes its manifest, as a build does.</summary>
internal sealed class Build : IBuildEngine, IDisposable
{
    private static readonly string[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)];

    private static readonly MetadataReference[] Compiled = [.. References.Select(r => MetadataReference.CreateFromFile(r))];

    private static readonly string Help = Path.GetFullPath(Path.Combine(PackageTests.Fixtures, "../../../src/RewardKit.Plugin.Sdk/README.md"));

    private readonly string _folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;

    /// <summary>The manifest's text; null if the build refused to write one.</summary>
    public string? Manifest { get; private set; }

    /// <summary>Each error as "CODE text".</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Builds a loss that takes an options record with these members.</summary>
    public static Build OfOptions(string members, OptimizationLevel level = OptimizationLevel.Release) => Of(
        $$"""
        [Loss("my-loss")] public class MyLoss(MyOptions options) : ILoss { {{LossMembers}} public override string ToString() => options.ToString(); }
        public enum Mode { First, SecondMode }
        [PluginOptions] public sealed record MyOptions { {{members}} }
        """, level);

    /// <summary>What makes a class an ILoss.</summary>
    public const string LossMembers =
        "public ForwardNeeds Needs => 0; public LossResult Compute(PairBatch batch, PairForward forward) => null!;";

    /// <summary>Builds a whole source.</summary>
    public static Build Of(string source, OptimizationLevel level = OptimizationLevel.Release)
    {
        var build = new Build();
        const string Usings =
            "#nullable enable\nusing System; using System.Collections.Generic; using System.ComponentModel.DataAnnotations; using RewardKit;\n";
        var compilation = CSharpCompilation.Create("Compiled",
            [CSharpSyntaxTree.ParseText(Usings + source)], Compiled,
            new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: level));
        var assembly = Path.Combine(build._folder, "Compiled.dll");
        var emitted = compilation.Emit(assembly);
        Assert.That(emitted.Success, Is.True, string.Join("\n", emitted.Diagnostics));

        var manifest = Path.Combine(build._folder, "plugin.json");
        var task = new WritePluginManifest
        {
            BuildEngine = build,
            Assembly = assembly,
            Documentation = Path.Combine(build._folder, "Compiled.xml"),
            References = References,
            Framework = [.. References.Where(r => r.StartsWith(Path.GetDirectoryName(typeof(object).Assembly.Location)!, StringComparison.Ordinal))],
            Version = "1.2.3",
            Manifest = manifest,
            Help = Help,
        };
        var succeeded = task.Execute();
        Assert.That(succeeded, Is.EqualTo(build.Errors.Count == 0));
        build.Manifest = File.Exists(manifest) ? File.ReadAllText(manifest) : null;
        return build;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    bool IBuildEngine.ContinueOnError => false;

    int IBuildEngine.LineNumberOfTaskNode => 0;

    int IBuildEngine.ColumnNumberOfTaskNode => 0;

    string IBuildEngine.ProjectFileOfTaskNode => "Compiled.csproj";

    void IBuildEngine.LogErrorEvent(BuildErrorEventArgs e) => Add(e.Code, e.Message!, e.HelpLink);

    void IBuildEngine.LogWarningEvent(BuildWarningEventArgs e) { }

    private void Add(string code, string message, string? help)
    {
        Assert.That(help, Is.EqualTo($"{new Uri(Help)}#{code.ToLowerInvariant()}"));
        Assert.That(File.ReadAllText(Help), Does.Contain($"\n### {code}\n"));
        Errors.Add($"{code} {message}");
    }

    void IBuildEngine.LogMessageEvent(BuildMessageEventArgs e) { }

    void IBuildEngine.LogCustomEvent(CustomBuildEventArgs e) { }

    bool IBuildEngine.BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) =>
        throw new NotSupportedException("The task builds no project.");
}
