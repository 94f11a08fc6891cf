using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>Pairwise models: texts, labels, scores, and what is saved of them.</summary>
public class PairScorerTests
{
    private static readonly PairText Text = new() { First = "T", Second = "S", Tie = "B" };

    private static readonly ModelSpec Spec = new() { Folder = Files.Stories, Pairs = Text };

    private static readonly PairRequest[] Requests =
    [
        Request("What did Lily see?", "She saw a big dog.", "No."), Request("What did Lily see?", "A cat.", "She saw a big dog."),
        Request("Who is Tim?", "Tim is a little boy who likes to play.", "A friend of Lily."), Request("Who is Tim?", "No.", "No."),
    ];

    private static PairRequest Request(string prompt, string first, string second) =>
        new(Conversation.User(prompt), Conversation.Assistant(first), Conversation.Assistant(second));

    [Test]
    public void The_text_is_the_published_layout_in_one_user_turn()
    {
        var encoder = PairEncoder.Create(Spec);
        var prompt = new Conversation([new("user", "Hi."), new("assistant", "Yes?"), new("user", "Why?")]);
        var pair = encoder.EncodePair(prompt, Conversation.Assistant("So."), Conversation.Assistant("No, {first}."));
        const string Context = "Human: [CONTEXT] \n\n<turn> user\n Hi.\n<turn> assistant\n Yes?\n<turn> user\n Why?\n";
        Assert.Multiple(() =>
        {
            Assert.That(encoder.Tokenizer.Decode(pair.InOrder), Is.EqualTo(Context + " [RESPONSE A] So. [RESPONSE B] No, {first}. \n\n\nAssistant:"));
            Assert.That(encoder.Tokenizer.Decode(pair.Exchanged), Is.EqualTo(Context + " [RESPONSE A] No, {first}. [RESPONSE B] So. \n\n\nAssistant:"));
            Assert.That(pair.First.Ids, Is.EqualTo(encoder.Tokenizer.Encode("So.")));
        });
    }

    [Test]
    public void A_long_pair_is_cut_alike_in_both_orders_and_fits_the_context()
    {
        var encoder = PairEncoder.Create(Spec with { MaxPromptTokens = 12, MaxResponseTokens = 8 });
        const string Story = "Once upon a time there was a little friend who had a big happy day with her mom";
        var pair = encoder.EncodePair(Conversation.User(Story), Conversation.Assistant(Story), Conversation.Assistant("No."));
        var text = encoder.Tokenizer.Decode(pair.InOrder);
        Assert.Multiple(() =>
        {
            Assert.That((pair.Context.Truncated, pair.First.Truncated, pair.Second.Truncated), Is.EqualTo((true, true, false)));
            Assert.That((pair.Context.Ids.Length, pair.First.Ids.Length), Is.EqualTo((12, 8)));
            Assert.That(text, Does.Contain("with her mom\n [RESPONSE A] Once upon").And.Contain("[RESPONSE B] No. "));
            Assert.That(encoder.Tokenizer.Decode(pair.Exchanged), Does.Contain("with her mom\n [RESPONSE A] No. [RESPONSE B] Once upon"));
            Assert.That(text, Does.Not.Contain("big happy day with her mom [RESPONSE B]"));
        });
        var whole = PairEncoder.Create(Spec);
        var long_ = string.Join(' ', Enumerable.Repeat(Story, 40));
        var most = whole.EncodePair(Conversation.User(long_), Conversation.Assistant(long_), Conversation.Assistant(long_));
        Assert.That(Math.Max(most.InOrder.Length, most.Exchanged.Length), Is.LessThanOrEqualTo(512).And.GreaterThan(480));
    }

    [Test]
    public void Limits_that_leave_no_room_for_two_responses_are_refused() => Assert.That(
        () => PairEncoder.Create(Spec with { MaxPromptTokens = 256, MaxResponseTokens = 256 }),
        Throws.TypeOf<RewardKitException>().With.Message.Contains("two responses"));

    [Test]
    public void Labels_are_the_first_token_of_the_reply_and_just_that()
    {
        var tokenizer = Tokenizer.Load(Spec.Folder!);
        var labels = PairEncoder.Create(Spec).PairLabels(needTie: true);
        Assert.That(labels, Is.EqualTo(new PairLabels(tokenizer.TokenToId("▁T")!.Value, tokenizer.TokenToId("▁S")!.Value, tokenizer.TokenToId("▁B"))));
        Refused(Text with { First = "A" }, "The label \"A\" of a pairwise model is 2 tokens");
        Refused(Text with { Second = "T" }, "the same token");
        Refused(Text with { First = "" }, "is empty");
        Refused(Text with { Layout = "{context}{first}" }, "must have {second} exactly once");
        Assert.That(PairEncoder.Create(Spec with { Pairs = Text with { Tie = "Same" } }).PairLabels(needTie: false).Tie, Is.Null);

        static void Refused(PairText text, string why) => Assert.That(
            () => PairEncoder.Create(Spec with { Pairs = text }).PairLabels(needTie: true), Throws.TypeOf<RewardKitException>().With.Message.Contains(why));
    }

    [Test]
    public void Odds_are_those_of_each_text_alone_averaged_over_both_orders()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var model = RewardModel.Create(Spec, new(), 0);
        var encoder = PairEncoder.Create(Spec);
        var labels = model.PairLabels!.Value;

        var odds = new PairScorer("pairs", model, encoder).Compare(Requests);
        var orders = new PairScorer("pairs", model, encoder).CompareOrders(Requests);
        foreach (var ((prompt, first, second), found, views) in Requests.Zip(odds, orders))
        {
            var pair = encoder.EncodePair(prompt, first, second);
            if (!first.Equals(second))
                Assert.That(new[] { views.FirstShownFirst, -views.SecondShownFirst }, Is.EqualTo(new[] { pair.InOrder, pair.Exchanged }.Select(Probability).Select(p => Math.Log(p / (1 - p)))).Within(1e-4));
            var p = (Probability(pair.InOrder) + 1 - Probability(pair.Exchanged)) / 2;
            Assert.That(found, Is.EqualTo(Math.Log(p / (1 - p))).Within(1e-5));
        }
        Assert.That(odds[3], Is.Zero, "the same response twice");
        var exchanged = new PairScorer("pairs", model, encoder, batchTokens: 1).Compare([.. Requests.Select(r => r with { First = r.Second, Second = r.First })]);
        Assert.That(exchanged, Is.EqualTo(odds.Select(o => -o)).Within(1e-5), "the order of asking plays no part");

        double Probability(int[] ids)
        {
            var last = model.Logits(new PackedBatch([new(ids, [[]])]))[ids.Length - 1];
            return 1 / (1 + Math.Exp(last[labels.Second].item<float>() - last[labels.First].item<float>()));
        }
    }

    [Test]
    public void Replies_are_log_probabilities_over_the_whole_vocabulary()
    {
        using var scope = NewDisposeScope();
        using var model = RewardModel.Create(Spec, new(), 0);
        int[] ids = PairEncoder.Create(Spec).EncodePair(Requests[0].Prompt, Requests[0].First, Requests[0].Second).InOrder;
        using var batch = new PackedBatch([new(ids, [[]])]);
        var labels = model.PairLabels!.Value;

        var replies = model.Forward(batch, ForwardNeeds.Preferences | ForwardNeeds.TiePreference).Preferences!;

        var expected = model.Logits(batch)[ids.Length - 1].log_softmax(-1);
        Assert.That(replies.detach().data<float>().ToArray(), Is.EqualTo(
            new[] { labels.First, labels.Second, labels.Tie!.Value }.Select(id => expected[id].item<float>())).Within(1e-5));
        replies.sum().backward();
        Assert.That(model.get_parameter("model.embed_tokens.weight")!.grad!.abs().sum().item<float>(), Is.Positive);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Saved_and_loaded_it_scores_the_same(bool lora)
    {
        using var folder = new TempFolder();
        var spec = lora ? Spec with { Lora = new() { Rank = 2 } } : Spec;
        using var model = RewardModel.Create(spec, new(), 0);
        using (no_grad())
            foreach (var (_, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad)) parameter.add_(0.01);
        var encoder = PairEncoder.Create(spec);
        model.Save(folder["pm"], encoder);

        using var loaded = RewardModel.Load(folder["pm"]);
        var again = PairEncoder.Create(new ModelSpec { Folder = folder["pm"] });

        Assert.That(again.Pairs, Is.EqualTo(Text));
        Assert.That((again.MaxPromptTokens, again.MaxResponseTokens), Is.EqualTo((encoder.MaxPromptTokens, encoder.MaxResponseTokens)));
        Assert.That(loaded.PairLabels, Is.EqualTo(model.PairLabels));
        Assert.That(new PairScorer("b", loaded, again).Compare(Requests), Is.EqualTo(new PairScorer("a", model, encoder).Compare(Requests)));
        var summary = ModelSummary.Of(folder["pm"]);
        Assert.That(summary.Kind, Does.EndWith("pairwise preference model"));
        Assert.That(summary.RewardHead, Does.Contain("\"T\" and \"S\""));
        Assert.That(File.ReadAllText(Path.Combine(folder["pm"], "README.md")), Does.Contain("pairwise preference model"));
    }

    [Test]
    public void A_scalar_model_can_start_from_a_pairwise_one_and_the_other_way_round()
    {
        using var folder = new TempFolder();
        using var model = RewardModel.Create(Spec, new(), 0);
        model.Save(folder["pm"], PairEncoder.Create(Spec));
        var start = new ModelSpec { Folder = folder["pm"] };

        using var scalar = RewardModel.Create(start.For(ForwardNeeds.Rewards), new(), 0);
        scalar.Save(folder["rm"], PairEncoder.Create(start.For(ForwardNeeds.Rewards)));
        using var loaded = RewardModel.Load(folder["rm"]);
        Assert.That((loaded.HasScalarHead, loaded.PairLabels), Is.EqualTo((true, (PairLabels?)null)));
        Assert.That(start.For(ForwardNeeds.Preferences).Pairs, Is.EqualTo(Text), "as the folder was trained");
        Assert.That(new ModelSpec { Folder = Spec.Folder }.For(ForwardNeeds.Preferences).Pairs, Is.EqualTo(new PairText()), "as published");

        using var pairwise = RewardModel.Create(new ModelSpec { Folder = folder["rm"], Pairs = Text }, new(), 0);
        Assert.That((pairwise.HasScalarHead, pairwise.PairLabels), Is.EqualTo((false, model.PairLabels)));
        Assert.That(() => new Scorer("pairs", pairwise, PairEncoder.Create(start)).Score([new(Conversation.User("a"), Conversation.Assistant("b"))]),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("no reward for one alone"));
    }
}
