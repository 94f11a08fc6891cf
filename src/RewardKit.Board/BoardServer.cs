using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RewardKit.Board;

/// <summary>
/// Serves the board to this machine's browsers. It only reads, and what it sends loads nothing from anywhere else; a name that
/// is none of this machine's own is refused, so that no other page can have the browser read it.
/// </summary>
public sealed class BoardServer : IAsyncDisposable
{
    /// <summary>The port to begin with where none is asked for.</summary>
    public const int DefaultPort = 8642;

    private const int PortsTried = 20;
    private static readonly string[] OwnNames = ["localhost", "127.0.0.1", "[::1]"];

    // Nothing inline and nothing from elsewhere; no page may frame this one.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly WebApplication _app;

    private BoardServer(WebApplication app) => _app = app;

    /// <summary>Where it is to be found.</summary>
    public string Url => _app.Urls.First().TrimEnd('/') + "/";

    /// <summary>Starts a server.</summary>
    /// <param name="folder">The folder that has the experiments' folders.</param>
    /// <param name="port">The port, 0 for any; null for the first free one from <see cref="DefaultPort"/>.</param>
    /// <param name="notice">Told, in a sentence, of an index of runs that is damaged.</param>
    /// <exception cref="RewardKitException">The port is taken, or must not be used.</exception>
    public static async Task<BoardServer> StartAsync(string folder, int? port = null, Action<string>? notice = null)
    {
        for (var tried = port ?? DefaultPort; ; tried++)
        {
            var app = Create(folder, tried, notice);
            try
            {
                await app.StartAsync();
                return new(app);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                await app.DisposeAsync();
                if (port is null && tried < DefaultPort + PortsTried - 1) continue;
                throw RewardKitException.Failure(port is null
                    ? $"The ports {DefaultPort} to {tried} are all in use. Name a free one with --port N, or --port 0 for any."
                    : $"The port {port} cannot be used: {e.Message.TrimEnd('.')}. Leave --port out for the first free one from {DefaultPort}, or name another.", e);
            }
        }
    }

    /// <summary>Waits for a signal to end.</summary>
    /// <param name="until">Ends it, too.</param>
    public Task WaitAsync(CancellationToken until) => _app.WaitForShutdownAsync(until);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplication Create(string folder, int port, Action<string>? notice)
    {
        // Empty: no variable or file of settings can open it to others.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            // Both of a machine's own addresses; with any port to choose, they would choose two.
            if (port > 0) kestrel.ListenLocalhost(port);
            else kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Use(Guard);
        Routes(app, new RunList(folder, notice), new Folders(folder));
        return app;
    }

    // The port is not looked at: it is another one at the near end of a tunnel.
    private static Task Guard(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = PagePolicy;
        headers.CacheControl = "no-cache";
        if (OwnNames.Contains(context.Request.Host.Host, StringComparer.OrdinalIgnoreCase)) return next(context);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync($"The board answers only to {string.Join(", ", OwnNames)}.\n");
    }

    private static void Routes(WebApplication app, RunList runs, Folders folders)
    {
        foreach (var path in new[] { "/", "/run/{id}", "/experiment/{name}", "/compare", "/texts/{folder}" }) Map(path, _ => Reply.Asset("board.html"));
        Map("/assets/{name}", request => Reply.Asset(Value(request, "name")));
        Map("/api/runs", _ => Reply.Json(new { folder = Path.GetDirectoryName(runs.Path), runs = runs.All(), folders = folders.All() }));
        Map("/api/details", request => Reply.Json(runs.Find(Values(request, "run")).Select(RunList.Details)));
        Map("/api/curves", request => CurveData.Of(Lines(request, runs), request.Headers.IfNoneMatch));
        Map("/api/pairs", request => Reply.Json(PairList.Of(
            Lines(request, runs), Query(request, "evaluator"), Query(request, "order"), Number(request, "from", 0), Number(request, "count", 10))));
        Map("/api/texts", request => Reply.Json(folders.Texts(Values(request, "folder"), Number(request, "from", 0), Number(request, "count", 10))));
        Map("/pages/{folder}/{file}", request => folders.Page(Value(request, "folder"), Value(request, "file")));

        void Map(string path, Func<HttpRequest, Reply> answer) =>
            app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], context => Reply.Send(context, () => answer(context.Request)));
    }

    private static RunLine[] Lines(HttpRequest request, RunList runs)
    {
        var lines = Values(request, "line").Select(line => line.Split(',')).ToArray();
        var rows = runs.Find([.. lines.SelectMany(line => line)]).ToDictionary(row => row.Id);
        return [.. lines.Select((ids, place) => new RunLine(place, [.. ids.Select(id => rows[id])]))];
    }

    private static string Value(HttpRequest request, string name) => (string)request.RouteValues[name]!;

    private static string[] Values(HttpRequest request, string name) => request.Query[name].OfType<string>().Distinct().ToArray() is { Length: > 0 } values
        ? values
        : throw new BadHttpRequestException($"{request.Path} needs ?{name}=…");

    private static string? Query(HttpRequest request, string name) => request.Query[name].FirstOrDefault();

    private static int Number(HttpRequest request, string name, int otherwise) => Query(request, name) is not { } text ? otherwise
        : int.TryParse(text, out var number) && number >= 0 ? number : throw new BadHttpRequestException($"{name}={text}: expected a number, at least 0.");
}
