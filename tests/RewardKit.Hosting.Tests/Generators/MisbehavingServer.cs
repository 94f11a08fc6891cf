using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RewardKit.Hosting.Generators;

namespace RewardKit.Hosting.Tests.Generators;

/// <summary>What the server does with a request.</summary>
internal sealed record Act(int Status, string Body, string Headers = "", int? CutAt = null, TimeSpan Delay = default)
{
    /// <summary>A chat completion.</summary>
    public static Act Say(string text, string finish = "stop") => new(200, JsonSerializer.Serialize(new
    {
        choices = new[] { new { index = 0, finish_reason = finish, message = new { role = "assistant", content = text } } },
        usage = new { prompt_tokens = 7, completion_tokens = text.Split(' ').Length },
    }));

    /// <summary>An error as OpenAI's server words it.</summary>
    public static Act Fail(int status, string message, string? code = null, string headers = "") =>
        new(status, JsonSerializer.Serialize(new { error = new { message, type = "some_error", code } }), headers);
}

/// <summary>A real HTTP server on loopback that answers chat completions by a function, and can be cut off in the middle.</summary>
internal sealed class MisbehavingServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, string, Act> _act;
    private int _count;
    private int _atOnce;

    /// <summary>Starts it.</summary>
    /// <param name="act">From a request's number, from 1, and the content of its last message to what is done.</param>
    public MisbehavingServer(Func<int, string, Act> act)
    {
        _act = act;
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";
        _ = Task.Run(AcceptAsync);
    }

    public string Url { get; }

    /// <summary>The bodies of all requests, in the order they came.</summary>
    public ConcurrentQueue<string> Bodies { get; } = [];

    /// <summary>The first lines and headers of all requests.</summary>
    public ConcurrentQueue<string> Heads { get; } = [];

    /// <summary>How many requests came.</summary>
    public int Count => _count;

    /// <summary>The most requests that were there at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>The prompts of all requests.</summary>
    public IEnumerable<string> Prompts => Bodies.Select(PromptOf);

    /// <summary>Options for this server that waste no time.</summary>
    public ServerOptions Options(int tries = 4) => new()
    {
        Url = Url,
        Model = "tiny",
        Tries = tries,
        Delay = TimeSpan.FromMilliseconds(5),
        Timeout = TimeSpan.FromSeconds(20),
    };

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }

    private static string PromptOf(string body)
    {
        using var document = JsonDocument.Parse(body);
        var messages = document.RootElement.GetProperty("messages");
        return messages[messages.GetArrayLength() - 1].GetProperty("content").GetString()!;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            while (await ReadHeadAsync(reader) is { } head)
            {
                Heads.Enqueue(head);
                var length = int.Parse(head.Split('\n').First(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(':')[1], CultureInfo.InvariantCulture);
                var letters = new char[length];
                if (await reader.ReadBlockAsync(letters) < length) return;
                var body = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(letters));
                Bodies.Enqueue(body);
                lock (Bodies) MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
                var act = _act(Interlocked.Increment(ref _count), PromptOf(body));
                if (act.Delay > TimeSpan.Zero) await Task.Delay(act.Delay, _stop.Token);
                lock (Bodies) _atOnce--;
                var bytes = Encoding.UTF8.GetBytes(act.Body);
                var answer = $"HTTP/1.1 {act.Status} Said\r\nContent-Type: application/json\r\nContent-Length: {bytes.Length}\r\n{act.Headers}\r\n";
                await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), _stop.Token);
                await stream.WriteAsync(bytes.AsMemory(0, act.CutAt ?? bytes.Length), _stop.Token);
                await stream.FlushAsync(_stop.Token);
                if (act.CutAt is not null) return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
        }
    }

    private static async Task<string?> ReadHeadAsync(StreamReader reader)
    {
        var head = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0) return head.ToString();
            head.Append(line).Append('\n');
        }
        return null;
    }
}
