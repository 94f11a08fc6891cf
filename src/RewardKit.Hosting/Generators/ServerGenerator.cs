using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using Polly;
using Polly.Retry;

namespace RewardKit.Hosting.Generators;

/// <summary>
/// Text from any server with OpenAI's chat completions: vLLM, SGLang, llama.cpp, OpenAI's own. Requests go side by side; what
/// fails for the moment (busy, down, slow, cut off, not JSON) is tried again later and later, or when the server says; what
/// cannot succeed ends the work, once the requests under way have come to their end.
/// </summary>
public sealed class ServerGenerator : ITextSource, IDisposable
{
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromMinutes(1);
    private readonly ServerOptions _options;
    private readonly string? _key;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _slots;

    /// <summary>Makes a generator; nothing is sent before it is asked.</summary>
    /// <param name="options">The server, and how it is asked.</param>
    /// <exception cref="RewardKitException">An option makes no sense, or the key is not there.</exception>
    public ServerGenerator(ServerOptions options)
    {
        _options = options.Checked();
        _key = _options.Key;
        _slots = new(options.Concurrency);
        // A redirect would carry prompts, and maybe the key, to a place that the user did not name.
        _http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
            UseProxy = !_options.Endpoint.IsLoopback,
        })
        { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new("rewardkit", null));
        if (_key is { } key) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <inheritdoc/>
    public string Name => _options.Model;

    /// <summary>Told, in a sentence, of each try that failed and will be followed by another.</summary>
    public Action<string>? Retrying { get; init; }

    /// <inheritdoc/>
    public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default) =>
        this.CollectAsync(requests, cancellation);

    /// <inheritdoc/>
    public async Task AnswerAsync(IReadOnlyList<TextRequest> requests, Action<int, TextReply> answered, CancellationToken cancellation = default)
    {
        foreach (var request in requests) ChatCompletion.Check(request.Options, _options);
        // What is under way when one has failed was paid for: it comes to its end, but nothing is begun or tried again.
        using var begins = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var next = -1;
        Exception? failure = null;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(requests.Count, _options.Concurrency)).Select(_ => Task.Run(Work, CancellationToken.None))).ConfigureAwait(false);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);

        async Task Work()
        {
            try
            {
                while (Interlocked.Increment(ref next) is var i && i < requests.Count)
                {
                    await _slots.WaitAsync(begins.Token).ConfigureAwait(false);
                    try
                    {
                        answered(i, await AskAsync(requests[i], begins.Token, cancellation).ConfigureAwait(false));
                    }
                    finally
                    {
                        _slots.Release();
                    }
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
                begins.Cancel();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _slots.Dispose();
    }

    private async Task<TextReply> AskAsync(TextRequest request, CancellationToken begins, CancellationToken cancellation)
    {
        var body = ChatCompletion.Write(request, _options.Model);
        try
        {
            return await Retries.ExecuteAsync(async _ => await TryAsync(body, cancellation).ConfigureAwait(false), begins).ConfigureAwait(false);
        }
        catch (PassingException e)
        {
            throw RewardKitException.Failure(
                $"The text generator at {_options.Shown} gives no answer for the model {_options.Model}, after {_options.Tries} tries: {e.Message}. "
                + "Check that the server runs and can be reached from here.", e);
        }
    }

    private ResiliencePipeline Retries => field ??= _options.Tries == 1 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
    {
        ShouldHandle = new PredicateBuilder().Handle<PassingException>(),
        MaxRetryAttempts = _options.Tries - 1,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = _options.Delay,
        MaxDelay = s_longestDelay,
        DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as PassingException)?.After),
        OnRetry = arguments =>
        {
            Retrying?.Invoke(FormattableString.Invariant(
                $"The text generator at {_options.Shown} failed (try {arguments.AttemptNumber + 1} of {_options.Tries}): {arguments.Outcome.Exception!.Message}. It is asked again in {arguments.RetryDelay.TotalSeconds:0.#} s."));
            return ValueTask.CompletedTask;
        },
    }).Build();

    private async Task<TextReply> TryAsync(byte[] body, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.Timeout);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, _options.Endpoint) { Content = new ByteArrayContent(body) };
            message.Content.Headers.ContentType = new("application/json");
            using var response = await _http.SendAsync(message, patience.Token).ConfigureAwait(false);
            var answer = await response.Content.ReadAsByteArrayAsync(patience.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? ChatCompletion.Read(answer, _options, _key)
                : ServerError.Handle((int)response.StatusCode, response.ReasonPhrase, answer, Wait(response), _options, _key);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new PassingException(FormattableString.Invariant($"no answer within {_options.Timeout.TotalSeconds:0.#} s"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PassingException(ServerError.Short(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}", _key), inner: e);
        }
    }

    private static TimeSpan? Wait(HttpResponseMessage response)
    {
        if (response.Headers.TryGetValues("retry-after-ms", out var values) && double.TryParse(values.First(), System.Globalization.CultureInfo.InvariantCulture, out var milliseconds))
            return milliseconds is > 0 and < 1e12 ? TimeSpan.FromMilliseconds(milliseconds) : null;
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => (TimeSpan?)null,
        };
        return wait > TimeSpan.Zero ? wait : null;
    }
}

/// <summary>A failure that may be gone when the same is asked again.</summary>
/// <param name="message">What it was, without a full stop.</param>
/// <param name="after">When to ask again, where the server says so.</param>
/// <param name="inner">The cause.</param>
internal sealed class PassingException(string message, TimeSpan? after = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>When to ask again; null: not known.</summary>
    public TimeSpan? After => after;
}
