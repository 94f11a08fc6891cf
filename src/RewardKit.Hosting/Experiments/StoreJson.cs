using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RewardKit.Hosting.Experiments;

/// <summary>How the run store writes the host's own records. No plugin's type ever passes here: it would stay loaded.</summary>
internal static class StoreJson
{
    /// <summary>Camel case, one line, text as it is.</summary>
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // A diverged reward is a result, too.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters = { new ConversationConverter(), new StepLabelsConverter(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private sealed class StepLabelsConverter : JsonConverter<StepLabels>
    {
        public override StepLabels Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            var labels = JsonSerializer.Deserialize<StepLabel[]>(ref reader, options) ?? throw new JsonException("Labels of steps are a list.");
            try
            {
                return new(labels);
            }
            catch (ArgumentException e)
            {
                throw new JsonException(e.Message, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, StepLabels value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var label in value) JsonSerializer.Serialize(writer, label, options);
            writer.WriteEndArray();
        }
    }

    private sealed class ConversationConverter : JsonConverter<Conversation>
    {
        public override Conversation Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<Message[]>(ref reader, options) ?? throw new JsonException("A conversation is a list of messages."));

        public override void Write(Utf8JsonWriter writer, Conversation value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var message in value.Messages) JsonSerializer.Serialize(writer, message, options);
            writer.WriteEndArray();
        }
    }
}
