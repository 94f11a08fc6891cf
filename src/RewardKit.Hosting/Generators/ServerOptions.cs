namespace RewardKit.Hosting.Generators;

/// <summary>An OpenAI-compatible server, and how it is asked. Nothing here but the model's name decides what it answers.</summary>
public sealed record ServerOptions
{
    private const string OpenAiKey = "OPENAI_API_KEY";

    /// <summary>Where its interface begins, usually ending in <c>/v1</c>: <c>http://localhost:8000/v1</c>.</summary>
    public required string Url { get; init; }

    /// <summary>The model's name, as the server knows it.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// The name of the environment variable that has the API key; null: <c>OPENAI_API_KEY</c> for OpenAI's own server, and none
    /// for any other: a key is shown to nobody whom the user did not name.
    /// </summary>
    public string? KeyVariable { get; init; }

    /// <summary>The most requests that are under way at once.</summary>
    public int Concurrency { get; init; } = 16;

    /// <summary>How long one try may take, until the last byte.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a request is tried before the work ends.</summary>
    public int Tries { get; init; } = 8;

    /// <summary>The wait before the second try; doubled before each further one, with jitter, up to a minute.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that a server may ask for (<c>Retry-After</c>) and get.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Where chat completions are.</summary>
    internal Uri Endpoint { get; private init; } = null!;

    /// <summary>The server as messages show it: without what a query may hide.</summary>
    internal string Shown { get; private init; } = "";

    /// <summary>The key; null for none.</summary>
    internal string? Key => KeyName is { } name ? Environment.GetEnvironmentVariable(name) : null;

    /// <summary>Where the key is looked for; null for nowhere.</summary>
    internal string? KeyName => KeyVariable ?? (Endpoint.Host == "api.openai.com" ? OpenAiKey : null);

    /// <summary>The options, if they make sense and the key is there.</summary>
    /// <exception cref="RewardKitException">The message names the option, its value and what was expected.</exception>
    internal ServerOptions Checked()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw RewardKitException.Input($"The generator's url \"{Url}\" is none; expected one as http://localhost:8000/v1.");
        if (url.UserInfo.Length > 0)
            throw RewardKitException.Input("The generator's url has a name or password in it; put the key into an environment variable, and name that as the key.");
        if (string.IsNullOrWhiteSpace(Model)) throw RewardKitException.Input("The generator's model has no name; name it as its server does.");
        if (Concurrency is < 1 or > 10_000) throw Refused("concurrency", Concurrency, "1 to 10000");
        if (!(Timeout > TimeSpan.Zero && Timeout <= TimeSpan.FromDays(1))) throw Refused("timeout", Timeout.TotalSeconds, "seconds above 0 and at most a day");
        if (Tries is < 1 or > 1000) throw Refused("tries", Tries, "1 to 1000");
        const string path = "/chat/completions";
        var start = url.AbsolutePath.TrimEnd('/');
        if (start.EndsWith(path, StringComparison.Ordinal)) start = start[..^path.Length];
        var endpoint = new UriBuilder(url) { Path = start + path, Fragment = "" }.Uri;
        var options = this with { Endpoint = endpoint, Shown = url.GetLeftPart(UriPartial.Authority) + start };
        if (KeyVariable is { } name && string.IsNullOrWhiteSpace(options.Key))
            throw RewardKitException.Input($"The generator's key is to be in the environment variable {name}, which is not set: set it, or name another one.");
        return options;
    }

    private static RewardKitException Refused(string name, object value, string expected) =>
        RewardKitException.Input(FormattableString.Invariant($"The generator's {name} is {value}; expected {expected}."));
}
