using System.Text.RegularExpressions;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board.Tests;

/// <summary>The board as somebody uses it, in Chromium.</summary>
public sealed class BoardInBrowserTests
{
    private const string Rows = "[...document.querySelectorAll('.runs tbody tr')]";
    private const string Legend = "[...document.querySelectorAll('#legend button')].map(b => b.textContent)";

    private Chromium _page = null!;
    private RunsOnDisk _runs = null!;
    private BoardServer _board = null!;

    [OneTimeSetUp]
    public async Task OpenBrowser()
    {
        if (Chromium.Program is null) Assert.Ignore("Chromium is not installed.");
        _page = await Chromium.StartAsync();
    }

    [OneTimeTearDown]
    public async Task CloseBrowser()
    {
        if (_page is not null) await _page.DisposeAsync();
    }

    [SetUp]
    public async Task Serve()
    {
        _page.Errors.Clear();
        await _page.See(1280, dark: false);
        _runs = new();
        _board = await BoardServer.StartAsync(_runs.Folder, 0);
    }

    [TearDown]
    public async Task End()
    {
        var errors = _page.Errors.ToArray();
        await _page.Open("about:blank");
        await _board.DisposeAsync();
        _runs.Dispose();
        Assert.That(errors, Is.Empty, "the browser's console");
    }

    [Test]
    public async Task The_list_follows_the_runs_without_a_reload()
    {
        var run = _runs.Put("first", "bradley-terry", 1, RunState.Running);
        _runs.Put("first", "lost", 1, RunState.Running, killed: true);
        _runs.Put("second", "broken", 1, RunState.Failed, error: "The loss is <script>no number</script>.\nMore.");
        await _page.Open(_board.Url);
        await _page.Await($"{Rows}.length === 3");
        Assert.That(await List(), Is.EquivalentTo(new[] { "bradley-terry running ", "lost killed ", "broken failed The loss is <script>no number</script>." }));
        await _page.Value<object?>("window.stays = true");

        RunsOnDisk.Train(run, 1, 7);
        await _page.Await($"{Rows}.some(r => r.innerText.includes('step 7, epoch 0.07, loss 0.703'))");
        _runs.Put("first", "bradley-terry", 1, RunState.Finished, accuracy: 0.625);
        _runs.Put("first", "crome", 1, RunState.Running);
        await _page.Await($"{Rows}.length === 4 && {Rows}.some(r => r.innerText.includes('accuracy 0.625'))");
        Assert.That(await List(), Has.Member("bradley-terry finished pair-accuracy/accuracy 0.625").And.Member("crome running "));
        Assert.That(await _page.Value<bool>("window.stays"), Is.True, "not loaded anew");
    }

    [Test]
    public async Task Curves_grow_while_a_run_trains()
    {
        var run = _runs.Put("first", "bradley-terry", 1, RunState.Running);
        RunsOnDisk.Train(run, 1, 20);
        await _page.Open($"{_board.Url}run/{run.Id}");
        await _page.Await("document.querySelectorAll('#curves canvas').length === 4");
        Assert.That(await _page.Value<string[]>("[...document.querySelectorAll('#curves figcaption b')].map(b => b.textContent)"), Is.EqualTo(new[] { "loss", "accuracy", "grad_norm", "learning_rate" }));
        Assert.That(await Coloured(), Is.GreaterThan(100));
        await Point();
        await _page.Await("/^step 20 0.69/.test(document.querySelector('.readout').textContent)");

        RunsOnDisk.Train(run, 21, 60);
        await _page.Await("document.querySelector('.lead').textContent.startsWith('running: step 60')");
        await _page.Await("(document.querySelector('.u-over').dispatchEvent(new MouseEvent('mouseleave')), true)");
        await _page.Await($"({PointAtEnd}, /^step 60 0.6/.test(document.querySelector('.readout').textContent))");
        _runs.Put("first", "bradley-terry", 1, RunState.Failed, error: "It broke.\nAt <b>step</b> 61.");
        await _page.Await("document.querySelector('.error')?.textContent === 'It broke.\\nAt <b>step</b> 61.'");
        await _page.Value<object?>("document.querySelector('.links a').focus()");
        _runs.Put("first", "bradley-terry", 2, RunState.Running);
        const string Asked = "performance.getEntriesByName(new URL('/api/runs', location).href).length";
        await _page.Await($"{Asked} > {await _page.Value<int>(Asked) + 1}");
        Assert.That(await _page.Value<string>("document.querySelector('.error').textContent + document.activeElement.textContent"), Is.EqualTo("It broke.\nAt <b>step</b> 61.experiment first"), "nothing jumps back");
        await _page.Await("document.querySelectorAll('#curves canvas').length === 4");
    }

    [Test]
    public async Task The_filter_and_the_order_are_in_the_address()
    {
        for (var seed = 1; seed <= 3; seed++) _runs.Put("first", "crome", seed, RunState.Finished, accuracy: 0.5 + 0.1 * seed);
        _runs.Put("second", "haf-rm", 1, RunState.Stopped);
        await _page.Open(_board.Url);
        await _page.Await($"{Rows}.length === 4");
        await _page.Press("/", "s", "e", "e", "d", " ", "3");
        await _page.Await($"{Rows}.length === 1 && document.querySelector('.filters').innerText.includes('1 of 4 runs')");
        Assert.That(await _page.Value<string>("location.search"), Is.EqualTo("?q=seed+3"));
        await _page.Press("Escape", "a");
        Assert.That(await _page.Value<int>("document.querySelectorAll('tr.chosen').length"), Is.EqualTo(1), "all that are listed");
        await _page.Open($"{_board.Url}?experiment=first&sort=-result");
        await _page.Await($"{Rows}.length === 3");
        Assert.That(await _page.Value<string>($"{Rows}.map(r => r.querySelector('.seed').textContent).join()"), Is.EqualTo("3,2,1"));
        await _page.Value<object?>("[...document.querySelectorAll('th button')].find(b => b.textContent === 'seed').click()");
        Assert.That(await _page.Value<string>($"location.search + ' ' + {Rows}.map(r => r.querySelector('.seed').textContent).join()"), Is.EqualTo("?experiment=first&sort=seed 1,2,3"));
        Assert.That(await _page.Value<string>("[...document.querySelectorAll('th')].find(t => t.ariaSort === 'ascending').textContent"), Is.EqualTo("seed"));
    }

    [Test]
    public async Task Two_runs_are_compared_by_keys_alone()
    {
        var (a, b) = (_runs.Put("first", "crome", 1, RunState.Finished, 0.2, 0.75), _runs.Put("first", "haf-rm", 1, RunState.Finished, 0.7, 0.5));
        foreach (var row in new[] { a, b }) RunsOnDisk.Train(row, 1, 30);
        RunsOnDisk.Evaluate(a, "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>", (1, 0), (0.8, 0), (0.5, 0));
        RunsOnDisk.Evaluate(b, "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>", (0.5, 0), (-2, 1), (0.6, 0));
        await _page.Open(_board.Url);
        await _page.Await($"{Rows}.length === 2");
        await _page.Press("j", " ", "ArrowDown", " ");
        await _page.Await("document.querySelectorAll('tr.chosen').length === 2");
        Assert.That(await _page.Value<string>("document.getElementById('told').textContent"), Is.EqualTo("2 chosen"));
        Assert.That(await _page.Value<string>("document.activeElement.getAttribute('aria-description')"), Is.EqualTo("seed 1 of first, finished, chosen"));
        Assert.That(await _page.Value<string>("getComputedStyle(document.activeElement).outlineStyle"), Is.EqualTo("solid"), "the focus is seen");
        await _page.Press("c");
        await _page.Await("location.pathname === '/compare' && document.querySelectorAll('#curves canvas').length === 4");
        await _page.Await("document.body.innerText.includes('Settings that differ')");
        var tables = await _page.Value<string[]>("[...document.querySelectorAll('.compared tr')].map(r => [...r.children].map(c => c.textContent).join(' | '))");
        Assert.That(tables, Has.Member(" | crome | haf-rm").Or.Member(" | haf-rm | crome"));
        Assert.That(tables, Has.Some.Match(@"^loss\.alpha \| 0\.[27] \| 0\.[27]$").And.Some.Match(@"^pair-accuracy/accuracy \| 0\.\d+ \| 0\.\d+$"));
        Assert.That(await _page.Value<string[]>(Legend), Is.EquivalentTo(new[] { "crome", "haf-rm" }));

        Assert.That(await _page.Value<int>("document.querySelectorAll('.pairs article').length"), Is.Zero, "texts are folded");
        for (var tabs = 0; tabs < 60 && !await _page.Value<bool>("document.activeElement.matches('.pairs > summary')"); tabs++) await _page.Press("Tab");
        await _page.Press("Enter");
        await _page.Await("document.querySelectorAll('.pairs article').length === 3");
        var first = await _page.Value<string>("document.querySelector('.pairs article').innerText");
        Assert.That(first, Does.Contain("question 2").And.Contain("<script>document.title = 'taken'</script><img src=x onerror=alert(1)>"), "furthest apart first, and a text is a text");
        Assert.That(Regex.Replace(first, @"\s+", " "), Does.Contain("haf-rm −2 1 −3 0 of 1").And.Contain("crome 0.8 0 0.8 1 of 1"));
        Assert.That(await _page.Value<int>("document.querySelectorAll('main img').length"), Is.Zero);

        await _page.Press("Escape");
        await _page.Await($"location.pathname === '/' && {Rows}.length === 2 && document.querySelectorAll('tr.chosen').length === 2");
        await _page.Press("Escape", "k", "Enter");
        await _page.Await("/^\\/run\\//.test(location.pathname) && document.querySelector('h1').textContent.endsWith(', seed 1')");
    }

    [Test]
    public async Task An_experiment_shows_its_seeds_together_and_its_report_apart_from_all_else()
    {
        for (var seed = 1; seed <= 2; seed++)
        {
            var run = _runs.Put("first", "crome", seed, RunState.Finished, accuracy: 0.5 + 0.1 * seed);
            RunsOnDisk.Train(run, 1, 10);
        }
        File.WriteAllText(Path.Combine(_runs.Folder, "first", "report.html"), """
            <!doctype html><link rel="icon" href="data:,"><title>report</title><script>
            let origin = self.origin, read = "";
            fetch("/api/runs").then(() => { read = "read"; }, () => { read = "kept away"; }).then(() => { document.title = origin + " " + read; });
            </script>
            """);
        await _page.Open($"{_board.Url}experiment/first");
        await _page.Await("document.querySelector('.compared tbody')?.innerText.includes('0.65 ± 0.071')");
        Assert.That(await _page.Value<string[]>(Legend), Is.EqualTo(new[] { "crome" }));
        await _page.Value<object?>("[...document.querySelectorAll('button')].find(b => b.textContent === 'seeds apart').click()");
        await _page.Await($"{Legend}.length === 2 && location.search === '?by=run'");
        Assert.That(await _page.Value<string[]>(Legend), Is.EqualTo(new[] { "crome, seed 1", "crome, seed 2" }));
        await _page.Value<object?>("[...document.querySelectorAll('button')].find(b => b.textContent === 'seeds together').click()");
        // One that has only begun does not hide how far the others came.
        RunsOnDisk.Train(_runs.Put("first", "crome", 3, RunState.Running), 1, 3);
        await _page.Await($"{Legend}.join() === 'crome,crome, seed 3 (running)'");
        Assert.That(await _page.Value<string>("document.querySelector('h1').textContent + ': ' + document.querySelector('.lead').textContent"), Is.EqualTo("first: 3 runs: 1 running, 2 finished."));
        Assert.That(await _page.Value<string>("document.querySelector('.links a[target]').getAttribute('href')"), Is.EqualTo("/pages/first/report.html"));
        await _page.Open($"{_board.Url}pages/first/report.html");
        await _page.Await("document.title === 'null kept away'");
        // That it was kept away is told there.
        Assert.That(_page.Errors, Is.Not.Empty.And.All.Contain("Content Security Policy"));
        _page.Errors.Clear();
    }

    [Test]
    public async Task Answers_stand_side_by_side()
    {
        _runs.Answer("story", "aaaaaaaaaaaaaaaa", 0.5, "<b>calm</b>", "One day", "Once");
        _runs.Answer("story", "bbbbbbbbbbbbbbbb", 1, "wild", "One day", "Once");
        await _page.Open(_board.Url);
        await _page.Await("document.querySelector('.pages a')?.textContent === 'texts'");
        await _page.Value<object?>("document.querySelector('.pages a').click()");
        await _page.Await("document.querySelectorAll('article').length === 2");
        Assert.That(await _page.Value<string[]>("[...document.querySelectorAll('article:first-child .answers > div')].map(d => d.innerText.replace(/\\s+/g, ' '))"), Is.EquivalentTo(new[]
        {
            "sampling, temperature 0.5 <b>calm</b> 2 tokens, log-probability −1.5, stop-token", "sampling, temperature 1 wild 2 tokens, log-probability −1.5, stop-token",
        }));
    }

    [TestCase(400, true)]
    [TestCase(1280, false)]
    public async Task All_views_fit_the_width_in_the_colours_that_are_preferred(int width, bool dark)
    {
        await _page.See(width, dark);
        var run = _runs.Put("an-experiment-with-a-name-longer-than-a-phone-is-wide-and-then-some", "crome-with-neutrals-filtered-by-the-model-of-the-same-seed", 1, RunState.Running);
        var other = _runs.Put("first", "haf-rm", 2, RunState.Finished, accuracy: 0.5);
        foreach (var row in new[] { run, other }) RunsOnDisk.Train(row, 1, 80);
        foreach (var (view, ready) in new[]
        {
            ("", $"{Rows}.length === 2"), ($"run/{run.Id}", "document.querySelectorAll('#curves canvas').length === 4"),
            ($"compare?run={run.Id}&run={other.Id}", "document.querySelectorAll('#curves canvas').length === 4 && document.querySelectorAll('.compared').length === 3"),
        })
        {
            await _page.Open(_board.Url + view);
            await _page.Await(ready);
            Assert.That(await _page.Value<int>("document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(width), $"no scrolling to the side: {view}");
            Assert.That(await _page.Value<string>("getComputedStyle(document.body).backgroundColor"), Is.EqualTo(dark ? "rgb(21, 24, 28)" : "rgb(252, 252, 251)"));
            if (Environment.GetEnvironmentVariable("BOARD_PICTURES") is { } pictures)
                await _page.Picture(Path.Combine(pictures, $"{(view == "" ? "list" : view.Split('/', '?')[0])}-{width}.png"));
        }
        Assert.That(await Coloured(), Is.GreaterThan(100));
    }

    [Test]
    public async Task A_board_that_ended_is_told_of()
    {
        _runs.Put("first", "crome", 1, RunState.Finished);
        await _page.Open(_board.Url);
        await _page.Await($"{Rows}.length === 1");
        await _board.DisposeAsync();
        await _page.Await("document.getElementById('trouble').textContent.startsWith('The board does not answer.') && !document.getElementById('trouble').hidden");
        Assert.That(_page.Errors, Is.Not.Empty.And.All.Contain("ERR_CONNECTION"));
        _page.Errors.Clear();
        _board = await BoardServer.StartAsync(_runs.Folder, 0);
    }

    private const string PointAtEnd = """
        (() => {
          const over = document.querySelector(".u-over"), box = over.getBoundingClientRect();
          for (const type of ["mouseenter", "mousemove"]) over.dispatchEvent(new MouseEvent(type, { clientX: box.right - 1, clientY: box.top + 9, bubbles: true }));
          return true;
        })()
        """;

    private Task Point() => _page.Value<bool>(PointAtEnd);

    private Task<string[]> List() =>
        _page.Value<string[]>($"{Rows}.map(r => ['arm', 'state', 'result'].map(c => r.querySelector('[data-name=' + c + ']').textContent).join(' '))");

    // What has a colour, not a grey, in the first chart.
    private Task<int> Coloured() => _page.Value<int>("""
        (() => {
          const canvas = document.querySelector("#curves canvas"), dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          let coloured = 0;
          for (let i = 0; i < dots.length; i += 4) if (dots[i + 3] > 20 && Math.max(dots[i], dots[i + 1], dots[i + 2]) - Math.min(dots[i], dots[i + 1], dots[i + 2]) > 40) coloured++;
          return coloured;
        })()
        """);
}
