using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace RewardKit.Board.Tests;

/// <summary>A headless Chromium with one page, driven through the DevTools protocol.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A parameter that is not there is not null.
    private static readonly JsonSerializerOptions Sent = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _asked = [];
    private readonly string _profile = Directory.CreateTempSubdirectory("chromium-").FullName;
    private readonly SemaphoreSlim _sends = new(1);
    private Process? _process;
    private int _last;

    /// <summary>The program; null where it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>What the page's console has of errors.</summary>
    public ConcurrentQueue<string> Errors { get; } = [];

    public static async Task<Chromium> StartAsync()
    {
        var browser = new Chromium();
        var start = new ProcessStartInfo(Program!,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--remote-debugging-port=0",
            $"--user-data-dir={browser._profile}", "about:blank",
        ])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        // It is ended without being asked, and would leave files elsewhere.
        start.Environment["TMPDIR"] = browser._profile;
        browser._process = Process.Start(start)!;
        browser._process.ErrorDataReceived += (_, _) => { };
        browser._process.BeginErrorReadLine();
        browser._process.BeginOutputReadLine();
        var ports = Path.Combine(browser._profile, "DevToolsActivePort");
        await Until(() => File.Exists(ports) && File.ReadAllLines(ports).Length > 1, "Chromium did not start");
        using var http = new HttpClient();
        var pages = JsonNode.Parse(await http.GetStringAsync($"http://127.0.0.1:{File.ReadAllLines(ports)[0]}/json"))!.AsArray();
        await browser._socket.ConnectAsync(new((string)pages.First(p => (string?)p!["type"] == "page")!["webSocketDebuggerUrl"]!), default);
        _ = browser.Listen();
        foreach (var domain in new[] { "Page", "Runtime", "Log" }) await browser.Ask($"{domain}.enable");
        await browser.See(1280, dark: false);
        return browser;
    }

    /// <summary>Sets the width of the page and the colours that its reader prefers.</summary>
    public async Task See(int width, bool dark)
    {
        await Ask("Emulation.setDeviceMetricsOverride", new { width, height = 900, deviceScaleFactor = 1, mobile = false });
        await Ask("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
    }

    public Task Open(string url) => Ask("Page.navigate", new { url });

    /// <summary>The value of an expression, a promise's when it is kept.</summary>
    public async Task<T> Value<T>(string expression)
    {
        var answer = await Ask("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        Assert.That(answer["exceptionDetails"]?.ToJsonString(), Is.Null, expression);
        return answer["result"]!["value"].Deserialize<T>()!;
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task Await(string expression)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await Value<bool?>($"Boolean({expression})") == true) return;
            }
            catch (InvalidOperationException)
            {
                // The page was being replaced.
            }
            if (clock.Elapsed > Patience) Assert.Fail($"It did not come to this: {expression}\nThe page: {await Value<string>("document.body.innerText")}\nErrors: {string.Join('\n', Errors)}");
            await Task.Delay(50);
        }
    }

    /// <summary>Presses a key, or several one after the other.</summary>
    public async Task Press(params string[] keys)
    {
        foreach (var key in keys)
        {
            var text = key.Length == 1 ? key : key == "Enter" ? "\r" : null;
            var code = key switch { "Enter" => 13, "Tab" => 9, "Escape" => 27, "ArrowDown" => 40, "ArrowUp" => 38, _ => key[0] };
            await Ask("Input.dispatchKeyEvent", new { type = text is null ? "rawKeyDown" : "keyDown", key, text, windowsVirtualKeyCode = code });
            await Ask("Input.dispatchKeyEvent", new { type = "keyUp", key, windowsVirtualKeyCode = code });
        }
    }

    /// <summary>The page as a PNG file.</summary>
    public async Task Picture(string path)
    {
        var answer = await Ask("Page.captureScreenshot", new { format = "png" });
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)answer["data"]!));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _socket.Dispose();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A helper of Chromium's may still be writing.
        }
    }

    private static async Task Until(Func<bool> reached, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !reached(); await Task.Delay(50))
            if (clock.Elapsed > Patience) Assert.Fail(otherwise);
    }

    private async Task<JsonNode> Ask(string method, object? parameters = null)
    {
        var id = Interlocked.Increment(ref _last);
        var answer = _asked[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters ?? new { } }, Sent);
        await _sends.WaitAsync();
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Text, true, default);
        }
        finally
        {
            _sends.Release();
        }
        return await answer.Task.WaitAsync(Patience);
    }

    private async Task Listen()
    {
        try
        {
            var buffer = new byte[1 << 16];
            while (true)
            {
                using var message = new MemoryStream();
                WebSocketReceiveResult part;
                do
                {
                    part = await _socket.ReceiveAsync(buffer, default);
                    message.Write(buffer, 0, part.Count);
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close) return;
                Take(JsonNode.Parse(Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length))!);
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The browser was ended.
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (!_asked.TryRemove((int)id, out var asked)) return;
            if (message["error"] is { } error) asked.SetException(new InvalidOperationException(error.ToJsonString()));
            else asked.SetResult(message["result"]!);
            return;
        }
        var parameters = message["params"];
        var wrong = (string?)message["method"] switch
        {
            "Runtime.exceptionThrown" => parameters!["exceptionDetails"],
            "Runtime.consoleAPICalled" when (string?)parameters!["type"] is "error" or "assert" => parameters["args"],
            "Log.entryAdded" when (string?)parameters!["entry"]!["level"] == "error" => parameters["entry"],
            _ => null,
        };
        if (wrong is not null) Errors.Enqueue(wrong.ToJsonString());
    }
}
