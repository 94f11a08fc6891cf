using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace RewardKit.TorchSharp.Generator;

/// <summary>
/// Reads operator schemas, one per line, from the additional file <c>operators.txt</c> and writes one typed static
/// method for each into class <c>TorchSharp.Ops</c>. Empty lines and lines that start with <c>#</c> are skipped.
/// </summary>
[Generator]
public sealed class OperatorGenerator : IIncrementalGenerator
{
    private static readonly DiagnosticDescriptor BadSchema = new(
        "RKOP001", "Bad operator schema", "{0}", "Operators", DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var files = context.AdditionalTextsProvider
            .Where(static file => Path.GetFileName(file.Path) == "operators.txt")
            .Select(static (file, cancel) => (file.Path, Text: file.GetText(cancel)?.ToString() ?? ""));
        context.RegisterSourceOutput(files, static (output, file) => Generate(output, file.Path, file.Text));
    }

    private static void Generate(SourceProductionContext output, string path, string text)
    {
        var source = new StringBuilder();
        source.Append(Emitter.Header);
        var seen = new Dictionary<string, int>();
        var lines = text.Split('\n');
        var offset = 0;
        for (var number = 0; number < lines.Length; offset += lines[number].Length + 1, number++)
        {
            var line = lines[number].Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            try
            {
                var schema = SchemaParser.Parse(line);
                if (seen.TryGetValue(schema.MethodName, out var first))
                    throw new FormatException($"'{schema.Name}' stands in line {first} already");
                seen.Add(schema.MethodName, number + 1);
                Emitter.Write(source, schema);
            }
            catch (FormatException error)
            {
                var span = new LinePositionSpan(new LinePosition(number, 0), new LinePosition(number, lines[number].Length));
                var location = Location.Create(path, new TextSpan(offset, lines[number].Length), span);
                output.ReportDiagnostic(Diagnostic.Create(BadSchema, location, error.Message));
            }
        }
        source.Append("}\n");
        output.AddSource("Ops.g.cs", SourceText.From(source.ToString(), Encoding.UTF8));
    }
}
