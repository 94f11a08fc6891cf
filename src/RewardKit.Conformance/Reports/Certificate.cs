using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>The outcome of a conformance run as JSON, to be published beside a plugin.</summary>
public static class Certificate
{
    private static readonly JsonSerializerOptions Form = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the certificate of a plugin's run; the same plugin on the same machine gives the same text.</summary>
    /// <param name="reports">One report a plugin of the folder.</param>
    public static string Write(IReadOnlyList<ConformanceReport> reports)
    {
        var manifest = reports[0].Plugin.Manifest;
        var certificate = new JsonObject
        {
            ["form"] = "rewardkit-conformance-1",
            ["passed"] = reports.All(r => r.Passed),
            ["package"] = new JsonObject
            {
                ["name"] = manifest.Name,
                ["version"] = manifest.Version,
                ["assemblySha256"] = manifest.Sha256,
                ["contentHash"] = reports[0].ContentHash,
                ["contractVersion"] = manifest.ContractVersion,
            },
            ["plugins"] = new JsonArray([.. reports.Select(Plugin)]),
            ["environment"] = new JsonObject
            {
                ["rewardkit"] = typeof(Certificate).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
                ["contractVersion"] = Contract.Version,
                [".net"] = RuntimeInformation.FrameworkDescription,
                ["system"] = $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture})",
                ["processors"] = Environment.ProcessorCount,
                ["libtorch"] = torch.__version__,
                ["devices"] = new JsonArray(torch.cuda.is_available() ? ["cpu", "cuda"] : ["cpu"]),
            },
        };
        return certificate.ToJsonString(Form) + "\n";
    }

    private static JsonNode Plugin(ConformanceReport report) => new JsonObject
    {
        ["kind"] = report.Plugin.Description.Kind.ToString().ToLowerInvariant(),
        ["id"] = report.Plugin.Description.Id,
        ["paper"] = report.Plugin.Description.Paper,
        ["options"] = new JsonObject(report.Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => KeyValuePair.Create(o.Key, Value(o.Value)))),
        ["passed"] = report.Passed,
        ["rules"] = new JsonArray([.. report.Results.Select(r => new JsonObject
        {
            ["rule"] = r.Rule.Id,
            ["title"] = r.Rule.Title,
            ["kind"] = r.Rule.Kind.ToString().ToLowerInvariant(),
            ["result"] = r.Outcome switch { RuleOutcome.Passed => "passed", RuleOutcome.Failed => "failed", _ => "untested" },
            ["message"] = r.Message,
        })]),
    };

    private static JsonNode? Value(object? option) => option switch
    {
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        string text => JsonValue.Create(text),
        _ => null,
    };
}
