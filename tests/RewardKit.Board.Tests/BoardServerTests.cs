using System.Net;
using System.Text.Json;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board.Tests;

public sealed class BoardServerTests
{
    private RunsOnDisk _runs = null!;
    private BoardServer _board = null!;
    private HttpClient _http = null!;

    [SetUp]
    public async Task Serve()
    {
        _runs = new();
        _board = await BoardServer.StartAsync(_runs.Folder, 0);
        _http = new() { BaseAddress = new(_board.Url) };
    }

    [TearDown]
    public async Task End()
    {
        _http.Dispose();
        await _board.DisposeAsync();
        _runs.Dispose();
    }

    [TestCase("evil.example", HttpStatusCode.Forbidden)]
    [TestCase("localhost.evil.example:8642", HttpStatusCode.Forbidden)]
    [TestCase("192.168.0.1", HttpStatusCode.Forbidden)]
    [TestCase("localhost:9000", HttpStatusCode.OK)] // the near end of a tunnel
    [TestCase("[::1]:9000", HttpStatusCode.OK)]
    public async Task Only_this_machines_own_names_are_answered(string host, HttpStatusCode expected)
    {
        foreach (var path in new[] { "", "api/runs", "assets/board.js" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host;
            using var answer = await _http.SendAsync(request);
            Assert.That(answer.StatusCode, Is.EqualTo(expected), path);
        }
    }

    [Test]
    public async Task Nothing_is_written_and_nothing_is_loaded_from_elsewhere()
    {
        using var page = await _http.GetAsync("");
        Assert.That(page.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"));
        Assert.That(page.Headers.Contains("Access-Control-Allow-Origin"), Is.False);
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete })
        {
            using var answer = await _http.SendAsync(new(method, "api/runs"));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        }
    }

    [TestCase("pages/first/..%2F..%2Fsecret.html")]
    [TestCase("pages/..%2F/secret.html")]
    [TestCase("pages/%2E%2E/secret.html")]
    [TestCase("pages/first/results.json")]
    [TestCase("assets/..%2Fsecret.html")]
    [TestCase("api/texts?folder=..")]
    [TestCase("api/details?run=none")]
    public async Task What_is_no_page_of_an_experiment_is_not_there(string path)
    {
        Directory.CreateDirectory(Path.Combine(_runs.Folder, "first"));
        File.WriteAllText(Path.Combine(_runs.Folder, "secret.html"), "secret");
        File.WriteAllText(Path.Combine(_runs.Folder, "first", "results.json"), "{}");
        using var answer = await _http.GetAsync(path);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Not.Contain("secret\n"));
    }

    [TestCase("api/runs")]
    [TestCase("api/curves?line=ID")]
    [TestCase("assets/curves.js")]
    public async Task What_a_browser_has_is_not_sent_again_until_it_changes(string path)
    {
        var run = _runs.Put("first", "crome", 1, RunState.Running);
        RunsOnDisk.Train(run, 1, 3);
        path = path.Replace("ID", run.Id);
        using var first = await _http.GetAsync(path);
        Assert.That(await Again(), Is.EqualTo(HttpStatusCode.NotModified));
        RunsOnDisk.Train(run, 4, 4);
        Assert.That(await Again(), Is.EqualTo(path.StartsWith("api") ? HttpStatusCode.OK : HttpStatusCode.NotModified));

        async Task<HttpStatusCode> Again()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("If-None-Match", first.Headers.ETag!.Tag);
            using var answer = await _http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Test]
    public async Task A_line_that_is_being_written_is_not_read_yet()
    {
        var run = _runs.Put("first", "crome", 1, RunState.Running);
        RunsOnDisk.Train(run, 1, 3);
        File.AppendAllText(Path.Combine(run.Folder + ".partial", "metrics.jsonl"), """{"step":4,"lo""");
        var all = JsonDocument.Parse(await _http.GetStringAsync("api/runs")).RootElement;
        Assert.That(all.GetProperty("runs")[0].GetProperty("steps").GetInt32(), Is.EqualTo(3));
        var curves = JsonDocument.Parse(await _http.GetStringAsync($"api/curves?line={run.Id}")).RootElement;
        Assert.That(curves[0].GetRawText(), Does.StartWith("""{"name":"loss","more":false,"arms":[{"arm":0,"x":[1,2,3],"seeds":[[0.709,0.708,0.707]]}]"""));
    }

    [Test]
    public void A_port_in_use_is_said_to_be_with_what_to_do()
    {
        var port = new Uri(_board.Url).Port;
        var error = Assert.ThrowsAsync<RewardKitException>(() => BoardServer.StartAsync(_runs.Folder, port))!;
        Assert.That(error.Message, Does.Match($"^The port {port} cannot be used: .*in use.* Leave --port out for the first free one from 8642, or name another\\.$"));
        Assert.That(error.ExitCode, Is.EqualTo(1));
    }

    [Test]
    public async Task Without_a_port_the_next_free_one_is_taken()
    {
        await using var one = await BoardServer.StartAsync(_runs.Folder);
        await using var two = await BoardServer.StartAsync(_runs.Folder);
        Assert.That(new Uri(two.Url).Port, Is.GreaterThan(new Uri(one.Url).Port));
    }
}
