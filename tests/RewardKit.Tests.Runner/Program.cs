using System.Runtime.Loader;
using System.Text.RegularExpressions;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using RewardKit.Tests.Runner;

// Runs NUnit tests where there is no .NET SDK, on the GPU machine above all. Exit code 0, 1 if a test failed or none ran,
// 2 for wrong usage.
//
//     RewardKit.Tests.Runner [--filter REGEX] [--not REGEX] ASSEMBLY...
//
// The expressions are looked for in the tests' full names, e.g. \(CUDA\).
var (filters, assemblies) = (new List<string>(), new List<string>());
for (var k = 0; k < args.Length; k++)
{
    if (args[k] is not ("--filter" or "--not")) assemblies.Add(args[k]);
    else if (k + 1 == args.Length || !IsExpression(args[k + 1])) return Usage($"{args[k]} needs a regular expression.");
    else
    {
        var expression = new System.Xml.Linq.XElement("test", new System.Xml.Linq.XAttribute("re", "1"), args[++k]).ToString();
        filters.Add(args[k - 1] == "--not" ? $"<not>{expression}</not>" : expression);
    }
}
if (assemblies.Count == 0) return Usage("There is no assembly to run.");
if (assemblies.Find(file => !File.Exists(file)) is { } missing) return Usage($"There is no file {missing}.");

var filter = TestFilter.FromXml($"<filter>{(filters.Count == 0 ? "" : $"<and>{string.Concat(filters)}</and>")}</filter>");
var counts = new Counts();
foreach (var file in assemblies.Select(Path.GetFullPath))
{
    // What a test needs and the runner lacks lies beside it.
    AssemblyLoadContext.Default.Resolving += (context, name) =>
    {
        var beside = Path.Combine(Path.GetDirectoryName(file)!, $"{name.Name}.dll");
        return File.Exists(beside) ? context.LoadFromAssemblyPath(beside) : null;
    };
    var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
    runner.Load(AssemblyLoadContext.Default.LoadFromAssemblyPath(file), new Dictionary<string, object>());
    counts.Add(runner.Run(TestListener.NULL, filter));
}
foreach (var (reason, count) in counts.Reasons) Console.WriteLine($"skipped {count}: {reason}");
Console.WriteLine($"{counts.Passed} passed, {counts.Failed} failed, {counts.Skipped} skipped");
return counts.Failed > 0 || counts.Passed + counts.Skipped == 0 ? 1 : 0;

static int Usage(string message)
{
    Console.Error.WriteLine($"{message}\nUsage: RewardKit.Tests.Runner [--filter REGEX] [--not REGEX] ASSEMBLY...");
    return 2;
}

static bool IsExpression(string text)
{
    try
    {
        _ = new Regex(text);
        return true;
    }
    catch (ArgumentException)
    {
        return false;
    }
}
