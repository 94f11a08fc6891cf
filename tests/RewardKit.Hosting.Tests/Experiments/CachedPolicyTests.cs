using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;

namespace RewardKit.Hosting.Tests.Experiments;

public class CachedPolicyTests
{
    private static readonly ScoreRequest[] Requests = [Of("p", "a"), Of("p", "b"), Of("p", "a"), Of("q", "a"), Of("r", "b"), Of("r", "c")];

    private string _folder = "";

    [SetUp]
    public void SetUp() => Directory.CreateDirectory(_folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n")));

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    private static ScoreRequest Of(string prompt, string response) => new(Conversation.User(prompt), Conversation.Assistant(response));

    [Test]
    public void Each_response_is_asked_once_with_those_of_its_prompt_and_found_ever_after()
    {
        var policy = new Counting();
        var told = new List<(int, int)>();
        var first = Ask(policy, Requests, progress: (done, total) => told.Add((done, total)));
        Assert.That(policy.Asked, Is.EqualTo(new[] { "p: a b", "q: a", "r: b c" }));
        Assert.That(first.Select(l => l.LogProb), Is.EqualTo(Requests.Select(Counting.LogProb)));
        Assert.That(told, Is.EqualTo(((int, int)[])[(3, 6), (4, 6), (6, 6)]));

        var again = Ask(() => throw new InvalidOperationException("nothing is left to compute"), Requests);
        Assert.That(again, Is.EqualTo(first));
    }

    [Test]
    public void What_is_asked_in_another_company_is_computed_in_that()
    {
        // A number is that of a pass; in another pass its last bits may be others.
        var policy = new Counting();
        Ask(policy, Requests);
        Ask(policy, [Of("p", "a")]);
        Assert.That(policy.Asked[3..], Is.EqualTo(new[] { "p: a" }));
    }

    [Test]
    public void Another_model_is_asked_itself()
    {
        var policy = new Counting();
        Ask(policy, Requests[..2]);
        Ask(policy, Requests[..2], identity: "other");
        Assert.That(policy.Asked, Is.EqualTo(new[] { "p: a b", "p: a b" }));
    }

    [Test]
    public void Killed_in_the_middle_it_goes_on_with_what_is_missing()
    {
        var policy = new Counting { DiesAt = "q" };
        Assert.That(() => Ask(policy, Requests), Throws.TypeOf<IOException>());
        policy.DiesAt = null;
        var result = Ask(policy, Requests);
        Assert.That(policy.Asked, Is.EqualTo(new[] { "p: a b", "q: a", "q: a", "r: b c" }));
        Assert.That(result.Select(l => l.LogProb), Is.EqualTo(Requests.Select(Counting.LogProb)));
    }

    [Test]
    public void It_stops_between_prompts()
    {
        using var stop = new CancellationTokenSource();
        var policy = new Counting();
        Assert.That(() => Ask(policy, Requests, progress: (done, _) => { if (done == 4) stop.Cancel(); }, stop: stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(policy.Asked, Is.EqualTo(new[] { "p: a b", "q: a" }));
    }

    [TestCase(-0.1 - 0.2)]
    [TestCase(double.NegativeInfinity)]
    [TestCase(double.NaN)]
    [TestCase(-1.2345678901234567e-300)]
    public void Numbers_come_back_as_they_were(double number)
    {
        var policy = new Counting { Fixed = number };
        var first = Ask(policy, Requests[..1]);
        Assert.That(BitConverter.DoubleToInt64Bits(Ask(policy, Requests[..1])[0].LogProb), Is.EqualTo(BitConverter.DoubleToInt64Bits(first[0].LogProb)));
        Assert.That(policy.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public void Log_probabilities_of_a_training_come_back_as_they_were_and_are_the_models_own()
    {
        using var store = new AnswerStore(Path.Combine(_folder, "generated.db"));
        float[] numbers = [-0.1f, float.NaN, -1.2345678e-38f, float.NegativeInfinity];
        new KeptLogProbs("one", store).Keep([1, 2], numbers);
        Assert.That(new KeptLogProbs("one", store).Find([1, 2])!.Select(BitConverter.SingleToInt32Bits), Is.EqualTo(numbers.Select(BitConverter.SingleToInt32Bits)));
        Assert.That(new KeptLogProbs("one", store).Find([1]), Is.Null);
        Assert.That(new KeptLogProbs("two", store).Find([1, 2]), Is.Null);
    }

    private IReadOnlyList<ResponseLogProb> Ask(
        Counting policy, ScoreRequest[] requests, string identity = "one", Action<int, int>? progress = null, CancellationToken stop = default) =>
        Ask(() => policy, requests, identity, progress, stop);

    private IReadOnlyList<ResponseLogProb> Ask(
        Func<IPolicy> open, ScoreRequest[] requests, string identity = "one", Action<int, int>? progress = null, CancellationToken stop = default)
    {
        using var store = new AnswerStore(Path.Combine(_folder, "generated.db"));
        return new CachedPolicy("start", identity, open, store, progress).LogProbs(requests, stop);
    }

    private sealed class Counting : IPolicy
    {
        public List<string> Asked { get; } = [];

        public string? DiesAt { get; set; }

        public double? Fixed { get; init; }

        public string Name => "counting";

        public static double LogProb(ScoreRequest request) => -(double)(request.Prompt.LastContent[0] * 1000 + request.Response.LastContent[0]);

        public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
        {
            Asked.Add($"{requests[0].Prompt.LastContent}: {string.Join(' ', requests.Select(r => r.Response.LastContent))}");
            if (requests[0].Prompt.LastContent == DiesAt) throw new IOException("killed");
            return [.. requests.Select(r => new ResponseLogProb(Fixed ?? LogProb(r), 3))];
        }
    }
}
