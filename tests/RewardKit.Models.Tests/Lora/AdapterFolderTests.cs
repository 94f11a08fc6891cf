using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Lora;

/// <summary>Adapters on disk, in the layout that PEFT writes (huggingface/peft, utils/save_and_load.py and tuners/lora/config.py).</summary>
public class AdapterFolderTests
{
    private const string Prefix = "base_model.model.";

    private static readonly string Base = Files.Data("models/tiny_llama_with_tokenizer");

    private static readonly PackedItem[] Items = [new([1, 3], [[4, 5, 2], [6]]), new([7, 1], [[2]])];

    private static readonly LoraOptions Options = new() { Rank = 2, Alpha = 3, Targets = ["q_proj", "down_proj"], Dropout = 0.1 };

    private static RewardModel Trained(LoraOptions? options = null, string? folder = null, RewardHead? head = null)
    {
        var model = RewardModel.Create(new() { Folder = folder ?? Base, Lora = options ?? Options }, head ?? new(), 1);
        using var _ = no_grad();
        foreach (var (name, parameter) in model.named_parameters().Where(p => p.parameter.requires_grad)) RandomWeights.Uniform(parameter, 0.5, 3, name);
        return model;
    }

    private static PairEncoder Encoder(string folder) => PairEncoder.Create(new() { Folder = folder });

    private static (float[] Rewards, float[] LogProbs) Run(RewardModel model)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch(Items);
        var output = model.Forward(batch, ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs);
        return (output.Rewards!.data<float>().ToArray(), output.ResponseLogProbs!.data<float>().ToArray());
    }

    private static JsonObject Json(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();

    [TestCase(false)]
    [TestCase(true)]
    public void A_saved_adapter_loads_to_the_same_bits(bool bias)
    {
        using var folder = new TempFolder();
        using var model = Trained(head: new(Bias: bias));
        var before = Run(model);

        model.Save(folder["adapter"], Encoder(Base));
        model.Save(folder["adapter"], Encoder(Base));
        using var loaded = RewardModel.Load(folder["adapter"]);
        using var created = RewardModel.Create(new() { Folder = folder["adapter"] }, new(ZeroInit: true), 7);
        using var language = CausalModel.Create(new() { Folder = folder["adapter"] }, 7);

        Assert.Multiple(() =>
        {
            Assert.That(Run(loaded), Is.EqualTo(before));
            Assert.That(Run(created), Is.EqualTo(before));
            Assert.That(loaded.Adapters.OptionsOf("default") with { Targets = Options.Targets }, Is.EqualTo(Options));
            Assert.That(loaded.Adapters.OptionsOf("default").Targets, Is.EqualTo(Options.Targets));
            Assert.That(language.Adapters.Active, Is.EqualTo("default"));
            Assert.That(Encoder(folder["adapter"]).EncodePrompt(Conversation.User("hello")).Ids, Is.EqualTo(Encoder(Base).EncodePrompt(Conversation.User("hello")).Ids));
            Assert.That(Directory.GetFileSystemEntries(folder.Path), Has.Length.EqualTo(1), "nothing is left beside");
        });
    }

    [Test]
    public void Names_and_keys_are_those_of_PEFT()
    {
        using var folder = new TempFolder();
        using (var model = Trained()) model.Save(folder["adapter"], Encoder(Base));

        using var reader = SafetensorsReader.Open(Path.Combine(folder["adapter"], "adapter_model.safetensors"));
        var layers = new ModelConfigFacts(Base).Layers;
        string[] names =
        [
            .. Enumerable.Range(0, layers).SelectMany(i => (string[])
            [
                $"base_model.model.model.layers.{i}.self_attn.q_proj.lora_A.weight", $"base_model.model.model.layers.{i}.self_attn.q_proj.lora_B.weight",
                $"base_model.model.model.layers.{i}.mlp.down_proj.lora_A.weight", $"base_model.model.model.layers.{i}.mlp.down_proj.lora_B.weight",
            ]),
            "base_model.model.score.weight",
        ];
        Assert.That(reader.Entries.Select(e => e.Name), Is.EquivalentTo(names));
        Assert.That(reader.Find("base_model.model.model.layers.0.mlp.down_proj.lora_A.weight")!.Shape, Is.EqualTo((long[])[2, 10]));
        Assert.That(reader.Find("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight")!.Shape, Is.EqualTo((long[])[8, 2]));
        Assert.That(reader.Find("base_model.model.score.weight")!.Shape, Is.EqualTo((long[])[1, 8]));
        Assert.That(reader.Entries.Select(e => e.Type), Is.All.EqualTo(ScalarType.Float32));

        var expected = JsonNode.Parse("""
            {
              "alpha_pattern": {}, "auto_mapping": null, "bias": "none", "fan_in_fan_out": false, "inference_mode": true,
              "init_lora_weights": true, "layers_pattern": null, "layers_to_transform": null, "lora_alpha": 3, "lora_dropout": 0.1,
              "modules_to_save": ["score"], "peft_type": "LORA", "r": 2, "rank_pattern": {}, "revision": null,
              "target_modules": ["q_proj", "down_proj"], "task_type": "SEQ_CLS", "use_rslora": false
            }
            """)!.AsObject();
        expected["base_model_name_or_path"] = Path.GetFullPath(Base);
        Assert.That(JsonNode.DeepEquals(Json(Path.Combine(folder["adapter"], "adapter_config.json")), expected));
        Assert.That(Directory.EnumerateFiles(folder["adapter"]).Select(Path.GetFileName), Is.SupersetOf((string[])["tokenizer.json", "tokenizer_config.json", "README.md"])
            .And.Not.Contain("model.safetensors"));
        Assert.That(File.ReadAllText(Path.Combine(folder["adapter"], "README.md")), Does.Contain("library_name: peft").And.Contain("rank 2 (alpha 3)"));
    }

    [Test]
    public void All_linear_is_written_as_the_names_that_it_stood_for()
    {
        using var folder = new TempFolder();
        using (var model = Trained(new() { Rank = 1 })) model.Save(folder["all"], Encoder(Base));
        using (var model = Trained(new() { Rank = 1, TargetPattern = ".*_proj" })) model.Save(folder["pattern"], Encoder(Base));

        Assert.That(Json(Path.Combine(folder["all"], "adapter_config.json"))["target_modules"]!.ToJsonString(),
            Is.EqualTo("""["down_proj","gate_proj","k_proj","o_proj","q_proj","up_proj","v_proj"]"""));
        Assert.That(Json(Path.Combine(folder["pattern"], "adapter_config.json"))["target_modules"]!.ToString(), Is.EqualTo(".*_proj"));
        using var loaded = RewardModel.Load(folder["pattern"]);
        Assert.That(loaded.Adapters.Active, Is.EqualTo("default"));
    }

    // The reference: the base with W + B A · alpha / rank written into its file by plain loops, and the adapter's head.
    [TestCase(false, 2.0)]
    [TestCase(true, 2.8284271247461903)]
    public void A_folder_that_PEFT_wrote_gives_the_base_with_its_weights_changed(bool stabilized, double scale)
    {
        using var scope = NewDisposeScope();
        using var adapter = Foreign(rslora: stabilized);
        using var changed = TempFolder.CopyOf(Base);
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(Base)) tensors = reader.Entries.ToDictionary(e => e.Name, e => reader.Read(e.Name));
        using (var reader = SafetensorsReader.Open(adapter["adapter_model.safetensors"]))
        {
            foreach (var target in reader.Entries.Where(e => e.Name.Contains("lora_A")).Select(e => e.Name))
            {
                var (a, b) = (reader.Read(target), reader.Read(target.Replace("lora_A", "lora_B")));
                var name = target[Prefix.Length..].Replace(".lora_A", "");
                var w = tensors[name].data<float>().ToArray();
                var (rank, inputs) = ((int)a.shape[0], (int)a.shape[1]);
                var (left, right) = (b.data<float>().ToArray(), a.data<float>().ToArray());
                for (var i = 0; i < w.Length; i++)
                    for (var k = 0; k < rank; k++) w[i] += (float)(scale * left[i / inputs * rank + k] * right[k * inputs + i % inputs]);
                tensors[name] = tensor(w, tensors[name].shape);
            }
            tensors["score.weight"] = reader.Read(Prefix + "score.weight");
        }
        SafetensorsWriter.Write(changed["model.safetensors"], tensors);

        using var expected = RewardModel.Load(changed.Path);
        using var model = RewardModel.Load(adapter.Path);
        using var named = RewardModel.Load(Path.Combine(adapter.Path, "."));

        Assert.That(Run(model).Rewards, Is.EqualTo(Run(expected).Rewards).Within(1e-5));
        Assert.That(Run(model).LogProbs, Is.EqualTo(Run(expected).LogProbs).Within(1e-5));
        Assert.That(Run(named), Is.EqualTo(Run(model)));
        Assert.That(Encoder(adapter.Path).Tokenizer.Folder, Is.EqualTo(Base), "an adapter without a tokenizer has its base's");
    }

    [Test]
    public void A_merged_model_is_saved_whole_with_the_adapters_head()
    {
        using var folder = new TempFolder();
        using var model = Trained();
        var adapted = Run(model);
        model.Adapters.Merge(keepBase: false);

        model.Save(folder["merged"], Encoder(Base));
        using var loaded = RewardModel.Load(folder["merged"]);
        using var reader = SafetensorsReader.Open(folder["merged"]);

        Assert.That(Run(loaded), Is.EqualTo(Run(model)));
        Assert.That(Run(loaded).Rewards, Is.EqualTo(adapted.Rewards).Within(1e-5));
        Assert.That(reader.Entries.Select(e => e.Name), Has.None.Contain("lora").And.None.Contain("adapter"));
        Assert.That(File.Exists(Path.Combine(folder["merged"], "adapter_config.json")), Is.False);
    }

    [Test]
    public void An_adapter_on_a_trained_reward_model_leaves_its_head_to_the_base()
    {
        using var folder = new TempFolder();
        using (var trained = RewardModel.Create(new() { Folder = Base }, new(), 5)) trained.Save(folder["rm"], Encoder(Base));
        using var plain = RewardModel.Load(folder["rm"]);
        using var model = Trained(folder: folder["rm"]);
        model.Save(folder["adapter"], Encoder(Base));
        using var loaded = RewardModel.Load(folder["adapter"]);

        Assert.That(Run(loaded), Is.EqualTo(Run(model)));
        using (loaded.DisableAdapters()) Assert.That(Run(loaded), Is.EqualTo(Run(plain)));
    }

    [Test]
    public void A_pairwise_models_adapter_has_no_head_and_keeps_its_labels()
    {
        using var folder = new TempFolder();
        using var model = RewardModel.Create(new() { Folder = Base, Lora = Options, LabelTokens = new(4, 6) }, new(), 1);
        model.Save(folder["adapter"], Encoder(Base));
        using var loaded = RewardModel.Load(folder["adapter"]);

        Assert.That(loaded.Labels, Is.EqualTo((4, 6)));
        Assert.That(Run(loaded), Is.EqualTo(Run(model)));
        var config = Json(Path.Combine(folder["adapter"], "adapter_config.json"));
        Assert.That((config["task_type"]!.ToString(), config["modules_to_save"]), Is.EqualTo(("CAUSAL_LM", (JsonNode?)null)));
    }

    [TestCase("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "peft_type is \"IA3\"")]
    [TestCase("\"use_dora\": false", "\"use_dora\": true", "use_dora is true")]
    [TestCase("\"bias\": \"none\"", "\"bias\": \"all\"", "bias is \"all\"")]
    [TestCase("\"r\": 2", "\"r\": 0", "rank is 0")]
    [TestCase("\"r\": 2", "\"r\": \"two\"", "r is \"two\"")]
    [TestCase("\"r\": 2", "\"s\": 2", "r is missing")]
    [TestCase("\"r\": 2", "\"r\": 3", "layers.0.self_attn.q_proj.lora_A.weight has shape [2, 8], expected [3, 8]")]
    [TestCase("\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 4}", "rank_pattern")]
    [TestCase("\"layers_to_transform\": null", "\"layers_to_transform\": [0]", "layers_to_transform")]
    [TestCase("\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\"", "pissa")]
    [TestCase("[\"classifier\", \"score\"]", "[\"embed_tokens\"]", "modules_to_save has \"embed_tokens\"")]
    [TestCase("\"target_modules\": [", "\"target_modules\": [\"c_attn\", ", "\"c_attn\"")]
    [TestCase("\"target_modules\": [", "\"target_modules\": [\"k_proj\", ", "k_proj.lora_A.weight is missing, expected with shape [2, 8]")]
    [TestCase("\"q_proj\", ", "", "q_proj.lora_A.weight with shape [2, 8] has no place")]
    [TestCase("{", "[", "adapter_config.json")]
    public void What_is_not_supported_or_does_not_fit_is_named(string old, string @new, string named)
    {
        using var adapter = Foreign();
        adapter.Replace("adapter_config.json", old, @new);

        Assert.That(() => RewardModel.Load(adapter.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains(named)
            .And.Message.Contains("adapter_config.json").And.Property(nameof(RewardKitException.ExitCode)).EqualTo(2));
    }

    [Test]
    public void Another_base_is_refused()
    {
        using var folder = new TempFolder();
        using (var model = Trained()) model.Save(folder["adapter"], Encoder(Base));
        using (var other = RewardModel.Create(new() { Folder = Base }, new(), 5)) other.Save(folder["other"], Encoder(Base));

        Assert.That(() => RewardModel.Load(folder["adapter"], null, null), Throws.Nothing);
        Assert.That(
            () => RewardModel.Create(new() { Folder = folder["adapter"], Base = folder["other"] }, new(), 0),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("trained on other weights").And.Message.Contains(folder["other"]));
        using var foreign = Foreign();
        Assert.That(
            () => RewardModel.Create(new() { Folder = foreign.Path, Base = Files.Stories }, new(), 0),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("q_proj.lora_A.weight has shape [2, 8], expected [2, 64]"));
        Assert.That(
            () => RewardModel.Create(new() { Folder = foreign.Path, Base = folder["nowhere"] }, new(), 0),
            Throws.TypeOf<RewardKitException>().With.Message.Contains(folder["nowhere"]));
    }

    [Test]
    public void A_base_that_is_gone_or_an_adapter_itself_is_told_with_what_to_do()
    {
        using var folder = new TempFolder();
        using var adapter = Foreign();
        adapter.Replace("adapter_config.json", Base, "meta-llama/Llama-2-7b");
        Assert.That(() => RewardModel.Load(adapter.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("\"meta-llama/Llama-2-7b\"").And.Message.Contains("--base"));
        using var named = RewardModel.Create(new() { Folder = adapter.Path, Base = Base }, new(), 0);
        Assert.That(named.Adapters.Active, Is.EqualTo("default"));

        using var second = Foreign();
        second.Replace("adapter_config.json", Base, adapter.Path);
        Assert.That(() => RewardModel.Load(second.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("merge-adapter"));
        Assert.That(() => RewardModel.Create(new() { Folder = second.Path, Lora = new() }, new(), 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("a second one"));
        File.Delete(second["adapter_model.safetensors"]);
        second.Write("adapter_model.bin", "");
        second.Replace("adapter_config.json", adapter.Path, Base);
        Assert.That(() => RewardModel.Load(second.Path), Throws.TypeOf<RewardKitException>().With.Message.Contains("adapter_model.bin"));
    }

    [Test]
    public void An_adapter_beside_its_base_is_found_by_a_relative_name()
    {
        using var folder = new TempFolder();
        using var foreign = Foreign();
        foreach (var (from, to) in new[] { (Base, "base"), (foreign.Path, "adapter") })
        {
            Directory.CreateDirectory(folder[to]);
            foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(folder[to], Path.GetFileName(file)));
        }
        var config = Path.Combine(folder["adapter"], "adapter_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace(Base, "../base"));

        using var model = RewardModel.Load(folder["adapter"]);
        Assert.That(model.Adapters.Active, Is.EqualTo("default"));
    }

    /// <summary>A folder as PEFT's save_pretrained writes it for a sequence classifier: no config.json, no tokenizer.</summary>
    private static TempFolder Foreign(bool rslora = false)
    {
        var folder = new TempFolder();
        folder.Write("adapter_config.json", $$"""
            {
              "alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": "{{Base}}", "bias": "none", "eva_config": null,
              "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true,
              "layer_replication": null, "layers_pattern": null, "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 4,
              "lora_bias": false, "lora_dropout": 0.05, "megatron_config": null, "megatron_core": "megatron.core",
              "modules_to_save": ["classifier", "score"], "peft_type": "LORA", "r": 2, "rank_pattern": {}, "revision": null,
              "target_modules": ["q_proj", "up_proj"], "task_type": "SEQ_CLS", "use_dora": false, "use_rslora": {{(rslora ? "true" : "false")}}
            }
            """);
        using var scope = NewDisposeScope();
        var random = new Random(2);
        Tensor Values(long rows, long columns) => tensor(Enumerable.Range(0, (int)(rows * columns)).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray(), [rows, columns]);
        var tensors = new Dictionary<string, Tensor> { [Prefix + "score.weight"] = Values(1, 8) };
        for (var i = 0; i < new ModelConfigFacts(Base).Layers; i++)
            foreach (var (name, rows) in new[] { ("self_attn.q_proj", 8), ("mlp.up_proj", 10) })
            {
                tensors[$"{Prefix}model.layers.{i}.{name}.lora_A.weight"] = Values(2, 8);
                tensors[$"{Prefix}model.layers.{i}.{name}.lora_B.weight"] = Values(rows, 2);
            }
        SafetensorsWriter.Write(folder["adapter_model.safetensors"], tensors);
        return folder;
    }

    private sealed record ModelConfigFacts(string Folder)
    {
        public int Layers => (int)Json(Path.Combine(Folder, "config.json"))["num_hidden_layers"]!;
    }
}
