using RewardKit.Models.Tokenization;
using RewardKit.Torch;

namespace RewardKit.Models.Tests;

public class ScorerTests
{
    private static readonly ModelSpec Spec = new() { Folder = Files.Stories };

    private static readonly ScoreRequest[] Requests =
    [
        .. Pair("Tell me about Lily.", "She was a little girl.", "No."),
        .. Pair("And then?", "They went to the park and played with a big red ball all day long.", ""),
        .. Pair("Tell me about Lily.", "A dog.", "She was a little girl."),
    ];

    private static ScoreRequest[] Pair(string prompt, string chosen, string rejected) =>
    [
        new(Conversation.User(prompt), Conversation.Assistant(chosen)), new(Conversation.User(prompt), Conversation.Assistant(rejected)),
    ];

    [Test]
    public void A_score_depends_on_its_text_alone()
    {
        using var model = RewardModel.Create(Spec, new(), 5);
        var encoder = PairEncoder.Create(Spec);
        var scorer = new Scorer("stories", model, encoder);

        var all = scorer.Score(Requests);
        var single = Requests.Select(request => scorer.Score([request])[0]).ToArray();
        var backwards = scorer.Score([.. Requests.Reverse()]).Reverse().ToArray();
        var smallBatches = new Scorer("stories", model, encoder, batchTokens: 1).Score(Requests);

        Assert.Multiple(() =>
        {
            Assert.That(all[5], Is.EqualTo(all[0]).Within(1e-5), "the same text with another partner");
            Assert.That(all.Take(5), Is.Unique);
            Assert.That(single, Is.EqualTo(all).Within(1e-5));
            Assert.That(backwards, Is.EqualTo(all).Within(1e-5));
            Assert.That(smallBatches, Is.EqualTo(all).Within(1e-5));
        });
    }

    [Test]
    public void Scores_survive_a_save()
    {
        using var folder = new TempFolder();
        using var model = RewardModel.Create(Spec, new(), 5);
        var before = new Scorer("a", model, PairEncoder.Create(Spec)).Score(Requests);

        model.Save(folder["rm"], PairEncoder.Create(Spec));
        using var loaded = RewardModel.Load(folder["rm"]);
        var after = new Scorer("b", loaded, PairEncoder.Create(new ModelSpec { Folder = folder["rm"] })).Score(Requests);

        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void Nothing_gives_nothing_and_progress_reaches_the_end()
    {
        using var model = RewardModel.Create(Spec, new(), 5);
        var told = new List<(int, int)>();
        var scorer = new Scorer("stories", model, PairEncoder.Create(Spec), batchTokens: 1) { Progress = (done, total) => told.Add((done, total)) };

        Assert.That(scorer.Score([]), Is.Empty);
        scorer.Score(Requests);

        Assert.That(told, Is.EqualTo(((int, int)[])[(2, 6), (4, 6), (6, 6)]));
    }

    [Test]
    public void Scoring_can_be_stopped_and_leaves_no_tensor_alive()
    {
        using var model = RewardModel.Create(Spec, new(), 5);
        var scorer = new Scorer("stories", model, PairEncoder.Create(Spec), batchTokens: 1);
        scorer.Score(Requests);
        var before = LiveTensors.Count;

        scorer.Score(Requests);
        Assert.That(() => scorer.Score(Requests, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    [Test]
    public void At_a_place_the_reward_is_that_of_a_text_that_ends_there()
    {
        // Without an end token, a response that ends at the place is the beginning of the longer one.
        using var model = RewardModel.Create(Spec, new(), 5);
        var encoder = PairEncoder.Create(Spec with { Template = "text" });
        var scorer = new Scorer("stories", model, encoder);
        const string text = "She was a little girl.\nThey went to the park.";
        var prompt = Conversation.User("Tell me about Lily. ");

        var at = scorer.ScoreAt([new(prompt, Conversation.Assistant("No."), [3]), new(prompt, Conversation.Assistant(text), [7, 22, text.Length]), new(prompt, Conversation.Assistant("No."), [])]);
        var ending = new[] { text[..7], text[..22], text }.Select(part => scorer.Score([new(prompt, Conversation.Assistant(part))])[0]).ToArray();
        var small = new Scorer("stories", model, encoder, batchTokens: 1).ScoreAt([new(prompt, Conversation.Assistant(text), [7, 22, text.Length])]);

        Assert.Multiple(() =>
        {
            Assert.That(encoder.Template.AppendsEndToken, Is.False);
            Assert.That(at.Select(rewards => rewards.Count), Is.EqualTo((int[])[1, 3, 0]));
            Assert.That(at[1], Is.EqualTo(ending).Within(1e-5));
            Assert.That(at[1], Is.Unique);
            Assert.That(small[0], Is.EqualTo(at[1]).Within(1e-5));
        });
    }

    [Test]
    public void A_place_behind_the_cut_has_the_reward_of_the_cut_response()
    {
        var spec = Spec with { MaxResponseTokens = 6 };
        using var model = RewardModel.Create(spec, new(), 5);
        var scorer = new Scorer("stories", model, PairEncoder.Create(spec));
        var request = Requests[2];
        var at = scorer.ScoreAt([new(request.Prompt, request.Response, [4, request.Response.LastContent.Length])])[0];
        Assert.That(at[1], Is.EqualTo(scorer.Score([request])[0]).Within(1e-6).And.Not.EqualTo(at[0]));
    }
}
