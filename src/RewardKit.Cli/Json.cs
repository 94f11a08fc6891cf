using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RewardKit.Cli;

/// <summary>What commands print for programs: <c>--json</c>. The shapes stand in docs/command-line.md.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions s_readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        // Paths and texts as they are.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower), new FiniteNumbers() },
    };

    /// <summary>The option.</summary>
    public static System.CommandLine.Option<bool> Option() => new("--json") { Description = "Print JSON, for programs." };

    /// <summary>Prints a value to standard output: names in camel case, and null for a number that is not finite.</summary>
    /// <param name="value">The value; never of a plugin's type, which would stay loaded.</param>
    public static void Print(object value) => Console.WriteLine(JsonSerializer.Serialize(value, s_readable));

    /// <summary>Prints text that is JSON already.</summary>
    /// <param name="text">The text, UTF-8, with its newline.</param>
    public static void Print(byte[] text)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(text);
    }

    // JSON has no word for these, and a reader that meets "NaN" as a string stumbles.
    private sealed class FiniteNumbers : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
