using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>A language model as a policy: its log-probabilities, and the folder that such a model is saved to.</summary>
public class PolicyTests
{
    private static readonly ModelSpec Spec = new() { Folder = Files.Stories, MaxPromptTokens = 200, MaxResponseTokens = 100 };

    private static readonly ScoreRequest[] Requests =
    [
        Of("Tell me about Lily.", "She was a little girl."), Of("Tell me about Lily.", "No."), Of("Tell me about Lily.", "A dog that ran all day long."),
        Of("And then?", "They went to the park and played with a big red ball."), Of("And then?", ""), Of("Tell me about Lily.", "No."),
    ];

    private static ScoreRequest Of(string prompt, string response) => new(Conversation.User(prompt), Conversation.Assistant(response));

    [Test]
    public void A_log_probability_is_the_sum_over_the_responses_tokens()
    {
        using var scope = NewDisposeScope();
        using var model = CausalModel.Create(Spec, 0);
        var encoder = PairEncoder.Create(Spec);

        var found = new Policy("stories", model, encoder).LogProbs(Requests);

        foreach (var (request, logProb) in Requests.Zip(found))
        {
            int[] prompt = encoder.EncodePrompt(request.Prompt).Ids, response = encoder.EncodeResponse(request.Prompt, request.Response).Ids;
            using var text = new PackedBatch([new([.. prompt, .. response], [[]])]);
            var logProbs = model.Logits(text).to(ScalarType.Float64).log_softmax(-1);
            var sum = response.Select((token, i) => logProbs[prompt.Length + i - 1, token].item<double>()).Sum();
            Assert.That(logProb.LogProb, Is.EqualTo(sum).Within(1e-5 * response.Length), request.Response.LastContent);
            Assert.That(logProb.Tokens, Is.EqualTo(response.Length));
            Assert.That(logProb.PerToken, Is.EqualTo(logProb.LogProb / response.Length));
        }
    }

    [Test]
    public void Responses_that_share_a_prompt_have_the_numbers_that_they_have_alone()
    {
        using var model = CausalModel.Create(Spec, 0);
        var policy = new Policy("stories", model, PairEncoder.Create(Spec));

        var together = policy.LogProbs(Requests);
        var alone = Requests.Select(request => policy.LogProbs([request])[0]).ToArray();
        var inSeveralPasses = new Policy("stories", model, PairEncoder.Create(Spec), batchTokens: 30).LogProbs(Requests);

        Assert.Multiple(() =>
        {
            Assert.That(together.Select(l => l.LogProb), Is.EqualTo(alone.Select(l => l.LogProb)).Within(1e-4));
            Assert.That(together.Select(l => l.PerToken), Is.EqualTo(alone.Select(l => l.PerToken)).Within(1e-5));
            Assert.That(inSeveralPasses.Select(l => l.PerToken), Is.EqualTo(alone.Select(l => l.PerToken)).Within(1e-5));
            Assert.That(together.Select(l => l.Tokens), Is.EqualTo(alone.Select(l => l.Tokens)));
            Assert.That(policy.LogProbs([]), Is.Empty);
        });
    }

    [Test]
    public void A_prompts_responses_have_the_same_bits_in_any_company()
    {
        using var model = CausalModel.Create(Spec, 0);
        var policy = new Policy("stories", model, PairEncoder.Create(Spec));
        ScoreRequest[] long_ = [Of("What is the longest story of all?", string.Join(' ', Enumerable.Repeat("and then", 40)))];

        var expected = policy.LogProbs(Requests[..3]);

        Assert.That(policy.LogProbs([.. long_, .. Requests, .. long_]).Skip(1).Take(3), Is.EqualTo(expected));
        Assert.That(policy.LogProbs(Requests[..3]), Is.EqualTo(expected));
    }

    [Test]
    public void It_stops_between_prompts_and_leaves_no_tensor()
    {
        using var model = CausalModel.Create(Spec, 0);
        var policy = new Policy("stories", model, PairEncoder.Create(Spec));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.That(() => policy.LogProbs(Requests, stop.Token), Throws.InstanceOf<OperationCanceledException>());

        policy.LogProbs(Requests); // The table of positions is made once.
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        policy.LogProbs(Requests);
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }

    [Test]
    public void What_trains_a_policy_reads_log_probabilities_and_no_reward() => Assert.Multiple(() =>
    {
        Assert.That(ModelSpec.TrainsPolicy(ForwardNeeds.ResponseLogProbs));
        Assert.That(ModelSpec.TrainsPolicy(ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs));
        Assert.That(ModelSpec.TrainsPolicy(ForwardNeeds.LastTurnLogProbs));
        foreach (var reward in (ForwardNeeds[])[ForwardNeeds.Rewards, ForwardNeeds.TokenRewards, ForwardNeeds.Heads, ForwardNeeds.Features, ForwardNeeds.Preferences])
            Assert.That(ModelSpec.TrainsPolicy(ForwardNeeds.ResponseLogProbs | reward), Is.False, $"{reward}");
    });

    [Test]
    public void A_policy_is_saved_as_a_plain_language_model_and_is_one_again()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var encoder = PairEncoder.Create(Spec);
        using var model = RewardModel.Create(Spec.For(ForwardNeeds.ResponseLogProbs), new(), 1);
        Move(model);
        var expected = new Policy("moved", model, encoder).LogProbs(Requests);

        model.Save(folder["policy"], encoder);

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["policy"], "config.json")))!.AsObject();
        using var reader = SafetensorsReader.Open(folder["policy"]);
        using var plain = CausalModel.Create(new() { Folder = folder["policy"] }, 0);
        using var loaded = RewardModel.Load(folder["policy"]);
        var reopened = PairEncoder.Create(new ModelSpec { Folder = folder["policy"] });
        Assert.Multiple(() =>
        {
            Assert.That(config["architectures"]!.ToJsonString(), Is.EqualTo("[\"LlamaForCausalLM\"]"));
            Assert.That(config.ContainsKey("num_labels"), Is.False);
            Assert.That(reader.Entries.Select(e => e.Name), Has.None.StartsWith("score"));
            Assert.That(File.ReadAllText(Path.Combine(folder["policy"], "README.md")), Does.Contain("# Language model").And.Not.Contain("reward-model"));
            Assert.That(loaded.IsPolicy);
            Assert.That(new Policy("plain", plain, reopened).LogProbs(Requests), Is.EqualTo(expected));
            Assert.That(new Policy("loaded", loaded, reopened).LogProbs(Requests), Is.EqualTo(expected));
        });
    }

    [Test]
    public void A_policys_adapter_is_saved_without_a_head_and_is_one_again()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var encoder = PairEncoder.Create(Spec);
        using var model = RewardModel.Create((Spec with { Lora = new() { Rank = 2 } }).For(ForwardNeeds.ResponseLogProbs), new(), 1);
        Move(model);
        var expected = new Policy("moved", model, encoder).LogProbs(Requests);

        model.Save(folder["adapter"], encoder);

        using var reader = SafetensorsReader.Open(Path.Combine(folder["adapter"], "adapter_model.safetensors"));
        using var loaded = RewardModel.Load(folder["adapter"]);
        using var plain = CausalModel.Create(new() { Folder = folder["adapter"] }, 0);
        var reopened = PairEncoder.Create(new ModelSpec { Folder = folder["adapter"] });
        Assert.Multiple(() =>
        {
            Assert.That(reader.Entries.Select(e => e.Name), Is.Not.Empty.And.None.Contains("score"));
            Assert.That(File.ReadAllText(Path.Combine(folder["adapter"], "adapter_config.json")), Does.Contain("CAUSAL_LM"));
            Assert.That(loaded.IsPolicy);
            Assert.That(new Policy("loaded", loaded, reopened).LogProbs(Requests), Is.EqualTo(expected));
            Assert.That(new Policy("plain", plain, reopened).LogProbs(Requests), Is.EqualTo(expected));
        });
    }

    [Test]
    public void A_policy_has_no_reward_and_says_so()
    {
        using var model = RewardModel.Create(Spec.For(ForwardNeeds.ResponseLogProbs), new(), 1);
        var scorer = new Scorer("policy", model, PairEncoder.Create(Spec));
        Assert.That(() => scorer.Score(Requests), Throws.TypeOf<RewardKitException>().With.Message.Contains("trained as a policy").And.Message.Contains("implicit reward"));
    }

    [Test]
    public void A_policy_can_go_on_as_a_reward_model_and_a_reward_model_as_a_policy()
    {
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        var encoder = PairEncoder.Create(Spec);
        using (var policy = RewardModel.Create(Spec.For(ForwardNeeds.ResponseLogProbs), new(), 1)) policy.Save(folder["policy"], encoder);
        using var rewarding = RewardModel.Create(new ModelSpec { Folder = folder["policy"] }.For(ForwardNeeds.Rewards), new(), 1);
        rewarding.Save(folder["reward"], encoder);
        using var again = RewardModel.Create(new ModelSpec { Folder = folder["reward"] }.For(ForwardNeeds.ResponseLogProbs), new(), 1);
        using var loaded = RewardModel.Load(folder["reward"]);
        Assert.Multiple(() =>
        {
            Assert.That((rewarding.IsPolicy, rewarding.HasScalarHead), Is.EqualTo((false, true)));
            Assert.That((again.IsPolicy, again.HasScalarHead), Is.EqualTo((true, false)));
            Assert.That((loaded.IsPolicy, loaded.HasScalarHead), Is.EqualTo((false, true)));
        });
    }

    // Weights that are no longer those of the folder it came from.
    private static void Move(RewardModel model)
    {
        using var _ = no_grad();
        foreach (var (name, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad))
        {
            using var change = empty_like(parameter);
            RandomWeights.Uniform(change, 0.02, 3, name);
            parameter.add_(change);
        }
    }
}
