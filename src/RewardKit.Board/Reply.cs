using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using RewardKit.Hosting.Reports;

namespace RewardKit.Board;

/// <summary>What a request gets. A browser that has it already, by its tag, gets nothing.</summary>
/// <param name="Type">The media type.</param>
/// <param name="Tag">Stands for the content.</param>
/// <param name="Content">The content; null where the request has named the tag.</param>
internal sealed record Reply(string Type, string Tag, byte[]? Content)
{
    private static readonly Assembly Own = typeof(Reply).Assembly;
    private static readonly string[] OfReports = ["charts.js", "curves.js", "report.css", "uPlot.iife.min.js", "uPlot.min.css"];

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        // A diverged reward is a result, too; the page never puts a text in as markup.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A policy that takes the place of the board's own.</summary>
    public string? Policy { get; init; }

    /// <summary>An object as JSON.</summary>
    public static Reply Json(object content) => Of("application/json", JsonSerializer.SerializeToUtf8Bytes(content, Options));

    /// <summary>Something with the tag of its content.</summary>
    public static Reply Of(string type, byte[] content) => new(type, TagOf(content), content);

    /// <summary>A tag for some content.</summary>
    public static string TagOf(byte[] content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"";

    /// <summary>A file of the page: the board's own, or one that it shares with the reports.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static Reply Asset(string name)
    {
        var type = Path.GetExtension(name) switch { ".js" => "text/javascript", ".css" => "text/css", _ => "text/html" } + "; charset=utf-8";
        if (OfReports.Contains(name)) return Of(type, Encoding.UTF8.GetBytes(PageFrame.Asset(name)));
        using var stream = Own.GetManifestResourceStream(name) ?? throw new FileNotFoundException($"The board has no {name}.");
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return Of(type, content.ToArray());
    }

    /// <summary>Answers a request, or says in <c>{"error"}</c> why not.</summary>
    public static async Task Send(HttpContext context, Func<Reply> make)
    {
        Reply reply;
        var status = StatusCodes.Status200OK;
        try
        {
            reply = make();
        }
        catch (Exception e)
        {
            status = e switch { FileNotFoundException => 404, BadHttpRequestException => 400, _ => 500 };
            reply = Json(new { error = e.Message });
        }
        var (request, response) = (context.Request, context.Response);
        response.Headers.ETag = reply.Tag;
        if (reply.Policy is { } policy) response.Headers.ContentSecurityPolicy = policy;
        if (reply.Content is null || (status == StatusCodes.Status200OK && request.Headers.IfNoneMatch == reply.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.StatusCode = status;
        response.ContentType = reply.Type;
        response.ContentLength = reply.Content.Length;
        if (!HttpMethods.IsHead(request.Method)) await response.Body.WriteAsync(reply.Content);
    }
}
