using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace RewardKit.Cli.Tests;

/// <summary>What is wrong with an experiment is told in one message, before anything is trained or written.</summary>
public class BadInputTests : ExperimentFixture
{
    [Test]
    public void A_missing_data_folder() => Refused(
        2,
        $"There is no data folder {PathOf("nowhere")}. Name one with train.jsonl.gz and test.jsonl.gz, relative to the script."
        + At("Data.hhRlhf"),
        "--", $"data={PathOf("nowhere")}");

    [Test]
    public void A_missing_data_file()
    {
        WritePairs(PathOf("data"));
        File.Delete(PathOf("data/test.jsonl"));
        Refused(
            2,
            $"The data folder {PathOf("data")} has no test.jsonl.gz or test.jsonl."
            + At("Data.hhRlhf"),
            "--", $"data={PathOf("data")}");
    }

    [TestCase("train", 3, """{"chosen": "a", "rejec""", "(3,23): not valid JSON: Expected end of string, but instead reached end of data", "\n     |                       ^")]
    [TestCase("test", 2, """{"chosen": "a"}""", "(2): the object has no key \"rejected\"; it has \"chosen\"", "")]
    public void A_malformed_line(string split, int line, string text, string reason, string marks)
    {
        WritePairs(PathOf("data"));
        var file = PathOf($"data/{split}.jsonl");
        var lines = File.ReadAllLines(file);
        lines[line - 1] = text;
        File.WriteAllLines(file, lines);
        Refused(2, $"{file}{reason}.\n   {line} | {text}{marks}{AtRun}", "--", $"data={PathOf("data")}");
    }

    [Test]
    public void An_unknown_plugin() => Refused(
        2,
        "The arm \"second\" cannot be run. There is no loss \"haf-rn\". Did you mean \"haf-rm\"? "
        + $"Installed: bradley-terry, cd-fudge, cream, critic-rm, crome, data-smoothing, dpo, ensemble, gen-arm, haf-rm, mmd, odin, pairwise, process-reward, sft, simpo.{AtRun}",
        "--", "second=haf-rn");

    [TestCase("-1", "-1")]
    [TestCase("1e4", "10000")]
    [TestCase("NaN", "NaN")]
    public void An_option_out_of_range(string value, string shown) => Refused(
        2,
        $"The arm \"second\" cannot be run. The loss \"haf-rm\": option \"alpha\" is {shown}, but must be a number from 0 to 1000.{AtRun}",
        "--", $"alpha={value}");

    [Test]
    public void An_option_that_the_plugin_lacks() => Refused(
        2,
        $"The arm \"second\" cannot be run. The loss \"crome\" has no option \"alpha\". Its options: tieWeight, form, vocabulary.{AtRun}",
        "--", "second=crome", "alpha=1");

    [Test]
    public void An_option_of_the_wrong_type_and_a_function_that_is_not_there()
    {
        Write("typo.fsx", """
            #load "rewardkit.fsx"
            open RewardKit
            let loss = Loss.hafRm (alpha = "much")
            let other = Loss.hafRn ()
            """);
        var outcome = Call("run", "typo.fsx");
        Assert.That(outcome.Error, Does.Match(
            @"^typo\.fsx\(3,32\): error FS0001: .*'float'.*'string'.*\n(?s:.*)\n\ntypo\.fsx\(4,18\): error FS0039: .*'hafRn'.*\n"));
        Assert.That(outcome.Error, Does.Contain("   4 | let other = Loss.hafRn ()\n     |                  ^^^^^\nDid you mean \"hafRm\"? Installed: "));
        Assert.That((outcome.ExitCode, outcome.Output), Is.EqualTo((2, "")));
    }

    [Test]
    public void A_plugin_folder_without_a_manifest()
    {
        Directory.CreateDirectory(PathOf("empty"));
        Refused(
            2,
            $"{PathOf("empty")} holds no plugin: neither it nor a folder in it has a plugin.json. "
            + "Building a plugin project writes one; copy its whole output folder.\n",
            "--plugins", "empty");

        CopyPlugin();
        File.Delete(PathOf("mine/plugin.json"));
        Refused(
            2,
            $"{PathOf("mine")} is no plugin folder: it has no plugin.json. "
            + "Building a plugin project writes one; copy its whole output folder.\n",
            "--plugins", "mine");
    }

    [Test]
    public void A_plugin_folder_with_a_manifest_cut_off()
    {
        CopyPlugin();
        Write("mine/plugin.json", "{\n  \"name\":");
        var outcome = Call(Run("--plugins", "mine"));
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.StartWith($"{PathOf("mine/plugin.json")}, line 2, is not a plugin manifest: ")
            .And.EndsWith(" Rebuild the plugin.\n   2 |   \"name\":\n     |          ^\n").And.Not.Contain("LineNumber"));
    }

    [Test]
    public void A_corrupt_assembly()
    {
        // Cut off, as a broken copy leaves it: the manifest's hash tells.
        CopyPlugin();
        var assembly = File.ReadAllBytes(PathOf("mine/BradleyTerry.dll"))[..3000];
        File.WriteAllBytes(PathOf("mine/BradleyTerry.dll"), assembly);
        var (found, said) = (Convert.ToHexStringLower(SHA256.HashData(assembly)), Manifest()["sha256"]!.GetValue<string>());
        Refused(
            2,
            $"The arm \"second\" cannot be run. Plugin folder {PathOf("mine")}: BradleyTerry.dll has changed since its manifest was written: "
            + $"its SHA-256 begins with {found[..12]}, the manifest says {said[..12]}. Rebuild the plugin, or copy its whole output folder again.{AtRun}",
            "--plugins", "mine", "--", "second=mine");

        // Corrupt from the start: the hash fits.
        EditManifest(manifest => manifest["sha256"] = found);
        Refused(
            2,
            $"The arm \"second\" cannot be run. Plugin folder {PathOf("mine")}: BradleyTerry.dll is not a .NET assembly, or is damaged. "
            + $"Rebuild the plugin, or copy it again.{AtRun}",
            "--plugins", "mine", "--", "second=mine");
    }

    [Test]
    public void A_plugin_for_a_newer_contract()
    {
        CopyPlugin();
        EditManifest(manifest => manifest["contractVersion"] = 99);
        Refused(
            2,
            $"The arm \"second\" cannot be run. The loss \"mine\" in {PathOf("mine")} was built for contract version 99; this RewardKit runs versions 1 to 6. "
            + $"Upgrade RewardKit, or install an older version of the plugin.{AtRun}",
            "--plugins", "mine", "--", "second=mine");
    }

    [Test]
    public void No_libtorch()
    {
        Environment["REWARDKIT_TORCH_LIBRARY"] = PathOf("nowhere.so");
        Refused(
            1,
            $"REWARDKIT_TORCH_LIBRARY names '{PathOf("nowhere.so")}', but there is no such file. Unset it, or let it name the "
            + "libRewardKitTorch.so that is built here: in RewardKit's repository by `dotnet fsi build.fsx setup`, elsewhere by "
            + "`sh ~/.nuget/packages/rewardkit.torchsharp/0.1.0/native/build.sh --user`.\n");
    }

    [TestCase("is missing, expected with shape [172, 64]")]
    [TestCase("has shape [64, 172], expected [172, 64]")]
    public void A_model_whose_tensors_do_not_fit(string expected)
    {
        const string name = "model.layers.1.mlp.up_proj.weight";
        CopyFolder(Model, PathOf("model"));
        EditTensors(PathOf("model/model.safetensors"), tensors =>
        {
            if (expected.StartsWith("is missing", StringComparison.Ordinal)) tensors.Remove(name);
            else tensors[name]!["shape"] = new JsonArray(64, 172);
        });
        Refused(
            2, $"{PathOf("model/model.safetensors")} does not fit its config.json: {name} {expected}.{AtRun}",
            "--", $"model={PathOf("model")}");
    }

    // A plugin under an id of its own, beside those that are installed.
    private void CopyPlugin()
    {
        CopyFolder(Path.Combine(RepositoryRoot, "artifacts", "plugins", "BradleyTerry"), PathOf("mine"));
        EditManifest(manifest =>
        {
            var loss = manifest["plugins"]!.AsArray().Single(plugin => plugin!["id"]!.GetValue<string>() == "bradley-terry")!.DeepClone();
            loss["id"] = "mine";
            manifest["plugins"] = new JsonArray(loss);
        });
    }

    private JsonNode Manifest() => JsonNode.Parse(File.ReadAllText(PathOf("mine/plugin.json")))!;

    private void EditManifest(Action<JsonNode> edit)
    {
        var manifest = Manifest();
        edit(manifest);
        File.WriteAllText(PathOf("mine/plugin.json"), manifest.ToJsonString());
    }

    // Safetensors: the header's length, the header, the tensors' bytes end to end.
    private static void EditTensors(string file, Action<JsonObject> edit)
    {
        var bytes = File.ReadAllBytes(file);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var tensors = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        edit(tensors);
        using var data = new MemoryStream();
        foreach (var (name, tensor) in tensors)
        {
            if (name == "__metadata__") continue;
            var offsets = tensor!["data_offsets"]!.AsArray();
            var (start, end) = ((int)offsets[0]!, (int)offsets[1]!);
            tensor["data_offsets"] = new JsonArray(data.Length, data.Length + end - start);
            data.Write(bytes, 8 + length + start, end - start);
        }
        var header = System.Text.Encoding.UTF8.GetBytes(tensors.ToJsonString());
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        File.WriteAllBytes(file, [.. prefix, .. header, .. data.ToArray()]);
    }
}
