using System.CommandLine;
using System.Globalization;
using RewardKit.Models;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit model inspect|convert|merge-adapter|merge</c>.</summary>
internal static class ModelCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create() => new CommandWithExamples(
        "model",
        "Shows model folders, and makes others out of them.",
        "rewardkit model inspect scripts/models/stories260K",
        "rewardkit model merge linear models/reward=0.65 models/math=0.35 --out models/merged")
    {
        Inspect(), Convert(), MergeAdapter(), ModelMergeCommand.Create(),
    };

    private static Command Inspect()
    {
        var folder = new Argument<string>("FOLDER") { Description = "A model in Hugging Face's layout, or an adapter in PEFT's." };
        var json = Json.Option();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "inspect",
            """
            Shows what a model folder holds: architecture, sizes, heads, tokenizer, template, adapter. Reads headers alone, so
            that the largest model takes no longer than the smallest.
            """,
            "rewardkit model inspect scripts/models/stories260K",
            "rewardkit model inspect runs/quickstart/haf-rm/seed-1/checkpoint --json")
        {
            folder, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var summary = ModelSummary.Of(parsed.GetRequiredValue(folder));
            if (parsed.GetValue(json)) Json.Print(summary);
            else Print(summary);
        }));
        return command;
    }

    private static Command Convert()
    {
        var folder = new Argument<string>("FOLDER") { Description = "The model, in Hugging Face's layout." };
        var output = new Argument<string>("OUT") { Description = "The folder to write; it must not exist." };
        var (dtype, shard, verbose) = (Dtype("Default: as they are."), MaxShardSize(), Shared.Verbose());
        var command = new CommandWithExamples(
            "convert",
            "Writes a model once more, with weights of another type or in files of another size. One tensor is in memory at a time.",
            "rewardkit model convert models/llama-3-8b models/llama-3-8b-bf16 --dtype bf16 --max-shard-size 2GB")
        {
            folder, output, dtype, shard, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var target = parsed.GetRequiredValue(output);
            ModelTools.Convert(parsed.GetRequiredValue(folder), target, Options(parsed, dtype, shard));
            Console.WriteLine(Line(ModelSummary.Of(target)));
        }));
        return command;
    }

    private static Command MergeAdapter()
    {
        var adapter = new Argument<string>("ADAPTER") { Description = "A LoRA adapter in PEFT's layout." };
        var output = new Argument<string>("OUT") { Description = "The folder to write; it must not exist." };
        var @base = new Option<string?>("--base") { Description = "The base model's folder. Default: the one that the adapter names.", HelpName = "FOLDER" };
        var (dtype, shard, verbose) = (Dtype("Default: the base's."), MaxShardSize(), Shared.Verbose());
        var command = new CommandWithExamples(
            "merge-adapter",
            """
            Writes a LoRA adapter into its base model: a whole model with the adapter's reward head, that any Hugging Face
            loader reads. In float32 its scores are the adapter's; narrower types round the changed weights.
            """,
            "rewardkit model merge-adapter runs/lora/bradley-terry/seed-1/checkpoint models/merged",
            "rewardkit model merge-adapter adapter merged --base models/llama-3-8b --dtype f32")
        {
            adapter, output, @base, dtype, shard, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var target = parsed.GetRequiredValue(output);
            ModelTools.MergeAdapter(parsed.GetRequiredValue(adapter), target, parsed.GetValue(@base), Options(parsed, dtype, shard));
            Console.WriteLine(Line(ModelSummary.Of(target)));
        }));
        return command;
    }

    internal static Option<string?> Dtype(string otherwise) =>
        new("--dtype") { Description = $"The weights' type: f32, bf16 or f16. {otherwise}", HelpName = "TYPE" };

    internal static Option<string> MaxShardSize() => new("--max-shard-size")
    {
        Description = "The most that one weights file holds, as 500MB or 2GB.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => "5GB",
    };

    internal static SaveOptions Options(ParseResult parsed, Option<string?> dtype, Option<string> shard) => new()
    {
        Dtype = parsed.GetValue(dtype) switch
        {
            null => null,
            "f32" or "float32" => "float32",
            "bf16" or "bfloat16" => "bfloat16",
            "f16" or "float16" => "float16",
            var other => throw RewardKitException.Input($"--dtype is \"{other}\"; expected f32, bf16 or f16."),
        },
        ShardBytes = Bytes(parsed.GetRequiredValue(shard)),
    };

    private static long Bytes(string size)
    {
        foreach (var (unit, factor) in new[] { ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12) })
            if (size.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(size[..^2], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * factor is >= 1 and < 1e18)
                return (long)(number * factor);
        throw RewardKitException.Input($"--max-shard-size is \"{size}\"; expected a number with KB, MB, GB or TB, as 2GB.");
    }

    internal static string Line(ModelSummary summary) =>
        $"{summary.Folder}: {summary.Kind}, {Count(summary.Parameters)} parameters ({Types(summary)}), {Size(summary.Bytes)} in {Files(summary)}";

    private static void Print(ModelSummary summary)
    {
        Console.WriteLine($"{summary.Folder}: {summary.Kind}");
        Row("architecture", summary.Architecture);
        Row("", summary.Shape.Count == 0 ? null
            : $"{summary.Shape["layers"]} layers, {summary.Shape["hidden"]} wide, MLP {summary.Shape["intermediate"]}, {summary.Shape["heads"]} heads, "
                + $"{summary.Shape["keyValueHeads"]} key-value heads");
        Row("", summary.Shape.Count == 0 ? null : $"vocabulary {summary.Shape["vocabulary"]}, context {summary.Shape["context"]}");
        Row("parameters", $"{Count(summary.Parameters)} ({Types(summary)})");
        Row("files", $"{Size(summary.Bytes)} in {Files(summary)}");
        if (summary.Adapter is { } adapter)
        {
            Row("adapter", FormattableString.Invariant($"rank {adapter.Rank}, alpha {adapter.Alpha}, dropout {adapter.Dropout}{(adapter.RankStabilized ? ", rank-stabilized" : null)}"));
            Row("", $"on {string.Join(", ", adapter.Targets)}");
            Row("base", adapter.Base ?? $"{adapter.BaseName ?? "not named"} (not found here; name its folder with --base when merging)");
        }
        else
        {
            Row("language head", summary.LanguageHead ?? "none: no log-probabilities");
        }
        Row("reward head", summary.RewardHead ?? "none");
        Row("", summary.HeadProblem);
        var texts = summary.Texts;
        Row("tokenizer", texts.Tokens is { } tokens ? $"{tokens} tokens, from {texts.Tokenizer}" : $"none: {texts.Problem}");
        Row("", texts.Tokens is null ? null : $"begin {texts.Begin ?? "none"}{(texts.AddsBegin ? " (added)" : "")}, end {texts.End ?? "none"}, pad {texts.Pad ?? "none"}");
        Row("template", texts.Template is { } template ? $"{template} (trained with)" : texts.ChatTemplate ? "the tokenizer's own" : "none");
        Row("limits", texts.MaxPromptTokens is { } prompt ? $"prompts {prompt} tokens, responses {texts.MaxResponseTokens} tokens (trained with)" : null);
    }

    private static void Row(string name, string? text)
    {
        if (text is not null) Console.WriteLine($"  {name,-14} {text}");
    }

    private static string Types(ModelSummary summary) =>
        summary.ParametersByType is { Count: 1 } one ? one.Keys.Single() : string.Join(", ", summary.ParametersByType.Select(t => $"{Count(t.Value)} {t.Key}"));

    private static string Files(ModelSummary summary) => summary.Files is [var only] ? only : $"{summary.Files.Count} files";

    private static string Count(long number) => number < 1_000_000 ? number.ToString("N0", CultureInfo.InvariantCulture)
        : number < 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{number / 1e6:0.0} million")
        : string.Create(CultureInfo.InvariantCulture, $"{number / 1e9:0.00} billion");

    private static string Size(long bytes) => bytes < 1_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} KB")
        : bytes < 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB");
}
