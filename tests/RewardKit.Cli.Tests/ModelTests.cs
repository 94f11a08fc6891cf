using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class ModelTests : CommandFixture
{
    private static string Stories => Path.Combine(RepositoryRoot, "scripts", "models", "stories260K");

    private Outcome Done(params string[] arguments)
    {
        var outcome = Call(arguments);
        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((0, "")));
        return outcome;
    }

    private void Refused(string[] arguments, params string[] said)
    {
        var outcome = Call(arguments);
        Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")), outcome.Error);
        foreach (var text in said) Assert.That(outcome.Error, Does.Contain(text));
        Assert.That(Directory.Exists(PathOf("out")), Is.False);
    }

    [Test]
    public void A_model_is_shown_to_people_and_to_programs()
    {
        var text = Done("model", "inspect", Stories).Output;
        Assert.That(text, Does.StartWith($"{Stories}: language model\n")
            .And.Match(@"architecture +LlamaForCausalLM").And.Match("5 layers, 64 wide, MLP 172, 8 heads, 4 key-value heads")
            .And.Match("vocabulary 512, context 512").And.Match(@"parameters +260,032 \(F32\)").And.Match(@"language head +the embeddings")
            .And.Match(@"reward head +none").And.Match(@"tokenizer +512 tokens").And.Match(@"template +none"));

        using var json = JsonDocument.Parse(Done("model", "inspect", Stories, "--json").Output);
        Assert.That(json.RootElement.GetProperty("parameters").GetInt64(), Is.EqualTo(260032));
        Assert.That(json.RootElement.GetProperty("shape").GetProperty("layers").GetInt32(), Is.EqualTo(5));
        Assert.That(json.RootElement.GetProperty("adapter").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [TestCase("\"num_labels\": 2", "num_labels is 2, expected 1. A reward model has exactly one output")]
    [TestCase("\"num_labels\": 1", "no score.weight here, although config.json names LlamaForSequenceClassification: the trained head was lost")]
    public void A_classifier_of_which_no_reward_model_can_be_made_says_why(string labels, string said)
    {
        var config = File.ReadAllText(Path.Combine(Stories, "config.json"));
        Write("model/config.json", config.Replace("LlamaForCausalLM", "LlamaForSequenceClassification").Replace("\"use_cache\": true", $"\"use_cache\": true, {labels}"));
        File.Copy(Path.Combine(Stories, "model.safetensors"), PathOf("model/model.safetensors"));

        var text = Done("model", "inspect", "model").Output;

        Assert.That(text, Does.StartWith("model: sequence classifier that is no reward model\n").And.Match(@"reward head +none").And.Contain(said));
    }

    [Test]
    public void A_model_is_converted()
    {
        var line = Done("model", "convert", Stories, "out", "--dtype", "bf16", "--max-shard-size", "200KB").Output;
        Assert.That(line, Does.Match(@"^out: language model, 260,032 parameters \(BF16\), 52\d\.\d KB in 3 files\n$"));
        Assert.That(File.Exists(PathOf("out/tokenizer.json")));
        Assert.That(Call("model", "convert", Stories, "out").Error, Does.Contain("out: exists already"));
    }

    [Test]
    public void Models_are_merged_by_a_plugin()
    {
        var plugins = Path.Combine(RepositoryRoot, "artifacts", "fixtures", "plugins", "Steering");
        var line = Done("model", "merge", "linear", Stories, Stories + "=0.5", "--out", "out", "--set", "scale=2", "--plugins", plugins).Output;
        Assert.That(line, Is.EqualTo("out: language model, 260,032 parameters (F32), 1.0 MB in model.safetensors\n"));

        Assert.That(Call("model", "merge", "linear", "out", "--out", "out", "--plugins", plugins).Error, Does.Contain("out: exists already"));
        Directory.Delete(PathOf("out"), recursive: true);
        Refused(["model", "merge", "linear", Stories, "--out", "out", "--set", "scale=20", "--plugins", plugins], "option \"scale\" is 20", "from 0.1 to 10");
        Refused(["model", "merge", "linear", Stories, "--out", "out", "--set", "scale", "--plugins", plugins], "\"scale\" sets no option", "scale=1");
        Refused(["model", "merge", "liner", Stories, "--out", "out", "--plugins", plugins], "There is no merger \"liner\". Did you mean \"linear\"?");
        Refused(["model", "merge", "linear", Stories + "=much", "--out", "out", "--plugins", plugins], "expected a folder and its weight");
    }

    [Test]
    public void An_adapter_is_shown_and_merged()
    {
        WriteAdapter();
        var text = Done("model", "inspect", "adapter").Output;
        Assert.That(text, Does.StartWith("adapter: LoRA adapter of a reward model\n").And.Match(@"adapter +rank 1, alpha 2, dropout 0")
            .And.Contain("on layers.0.self_attn.q_proj").And.Contain(Stories).And.Contain("base_model.model.score.weight [1, 64], no bias"));

        var line = Done("model", "merge-adapter", "adapter", "out").Output;
        Assert.That(line, Does.StartWith("out: reward model, 260,096 parameters (F32)"));
        Assert.That(Done("model", "inspect", "out").Output, Does.Contain("LlamaForSequenceClassification").And.Contain("score.weight [1, 64], no bias"));
    }

    [Test]
    public void An_adapter_whose_base_is_elsewhere_takes_it_from_the_command_line()
    {
        WriteAdapter(@base: "meta-llama/Llama-2-7b");
        Assert.That(Done("model", "inspect", "adapter").Output, Does.Contain("meta-llama/Llama-2-7b (not found here"));
        Refused(["model", "merge-adapter", "adapter", "out"], "meta-llama/Llama-2-7b", "--base");
        Done("model", "merge-adapter", "adapter", "out", "--base", Stories);
    }

    [Test]
    public void Bad_input_is_told_by_name()
    {
        Refused(["model", "inspect", "nowhere"], "nowhere: there is no such model folder");
        Refused(["model", "convert", Stories, "out", "--dtype", "int4"], "--dtype is \"int4\"", "f32, bf16 or f16");
        Refused(["model", "convert", Stories, "out", "--max-shard-size", "big"], "--max-shard-size is \"big\"", "2GB");
        Refused(["model", "merge-adapter", Stories, "out"], "no adapter here", "adapter_config.json");
        WriteAdapter();
        Refused(["model", "convert", "adapter", "out"], "holds an adapter", "merge-adapter");
        Write("adapter/adapter_model.safetensors", "no tensors");
        Refused(["model", "merge-adapter", "adapter", "out"], "adapter_model.safetensors", "well-formed");
    }

    /// <summary>A rank-1 adapter on the first layer's q_proj, as PEFT writes it: the format is simple enough to write by hand.</summary>
    private void WriteAdapter(string? @base = null)
    {
        Write("adapter/adapter_config.json", JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["base_model_name_or_path"] = @base ?? Stories,
            ["bias"] = "none",
            ["lora_alpha"] = 2,
            ["lora_dropout"] = 0.0,
            ["modules_to_save"] = (string[])["classifier", "score"],
            ["peft_type"] = "LORA",
            ["r"] = 1,
            ["target_modules"] = (string[])["layers.0.self_attn.q_proj"],
            ["task_type"] = "SEQ_CLS",
        }));
        const string layer = "base_model.model.model.layers.0.self_attn.q_proj.";
        (string Name, int[] Shape)[] tensors = [(layer + "lora_A.weight", [1, 64]), (layer + "lora_B.weight", [64, 1]), ("base_model.model.score.weight", [1, 64])];
        var header = JsonSerializer.SerializeToUtf8Bytes(tensors.Index().ToDictionary(
            t => t.Item.Name, t => new { dtype = "F32", shape = t.Item.Shape, data_offsets = (int[])[t.Index * 256, t.Index * 256 + 256] }));
        using var file = File.Create(PathOf("adapter/adapter_model.safetensors"));
        using var writer = new BinaryWriter(file);
        writer.Write((long)header.Length);
        writer.Write(header);
        for (var i = 0; i < 192; i++) writer.Write(i / 200f);
    }
}
