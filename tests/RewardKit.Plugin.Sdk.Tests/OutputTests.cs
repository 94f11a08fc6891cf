using System.Text.RegularExpressions;
using RewardKit.Tests;

namespace RewardKit.Plugin.Sdk.Tests;

/// <summary>What a build says of a plugin's output: of one with four faults, and of sound ones (<see cref="PackageTests"/>).</summary>
public partial class OutputTests
{
    [Test]
    public void Each_fault_in_the_output_is_told_with_the_file_and_no_manifest_is_written()
    {
        using var outside = new OutsideFolder();
        foreach (var name in (string[])["Acme.Shared", "Acme.Left", "Acme.Needy", "Acme.Faulty"])
            outside.Copy(Path.Combine(PackageTests.Fixtures, name));
        var (exitCode, output) = outside.Dotnet("build", "Acme.Faulty", "-nologo", "-consoleloggerparameters:NoSummary");
        Assert.That(exitCode, Is.EqualTo(1), output);
        var said = Said().Matches(output).Select(m => m.Value).Distinct();
        Assert.That(said, Is.EquivalentTo(new[]
        {
            "warning RK1015: RewardKit.Models.dll",
            "error RK1013: Acme.Faulty.dll needs Acme.Left",
            "warning RK1014: Acme.Needy.dll needs Newtonsoft.Json",
            "error RK1016: libtorch_cpu.so",
        }), output);
        Assert.That(outside["Acme.Faulty/bin/Debug/net10.0/plugin.json"], Does.Not.Exist);
    }

    [GeneratedRegex(@"(warning|error) \w+: [\w.]+(?: needs [\w.]*\w)?")]
    private static partial Regex Said();
}
