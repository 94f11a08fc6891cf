namespace RewardKit

open System.IO
open RewardKit.Hosting.Experiments
open RewardKit.Models
open RewardKit.Models.Tokenization

/// The two tokens of a reward without a head: LabelTokens ("Yes", "No") by their texts, each one token long, or LabelTokens (65, 66) by
/// their ids. The reward is the first one's logit less the second's.
type LabelTokens = RewardKit.Models.LabelTokens

/// The model each run starts from. Paths are relative to the script.
[<AbstractClass; Sealed>]
type Model =

    static member private existing(what: string, folder: string) =
        let folder = Script.path folder

        if not (Directory.Exists folder) then
            raise (RewardKitException.Input $"There is no {what} folder {folder}. Name one relative to the script.")

        folder

    /// <summary>A model in a Hugging Face folder: config.json, *.safetensors, tokenizer.json.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tokenizer">A folder with another tokenizer; default: the model's own.</param>
    /// <param name="template">
    /// The chat template's name; default: the tokenizer's own, else "plain". "text" is for models of texts that are no dialogues: a
    /// response goes on from its prompt.
    /// </param>
    /// <param name="maxPromptTokens">Longer prompts lose tokens on the left; default: what the context leaves.</param>
    /// <param name="maxResponseTokens">Longer responses lose tokens on the right; default: half the context.</param>
    /// <param name="dtype">
    /// The weights' type: "float32", "bfloat16", "float16", or "auto" for that of the files; default: the one that the folder
    /// was trained in by RewardKit, else "float32".
    /// </param>
    /// <param name="labelTokens">
    /// Reads the reward off the language model's own head, as the difference of these two tokens' logits:
    /// LabelTokens ("Yes", "No"); default: what the folder was trained with, else a scalar head.
    /// </param>
    static member load
        (
            folder: string,
            ?tokenizer: string,
            ?template: string,
            ?maxPromptTokens: int,
            ?maxResponseTokens: int,
            ?dtype: string,
            ?labelTokens: LabelTokens
        ) : ModelSpec =
        let model =
            ModelSpec(
                Folder = Model.existing ("model", folder),
                Tokenizer = (tokenizer |> Option.map (fun t -> Model.existing ("tokenizer", t)) |> Option.toObj),
                Template = Option.toObj template,
                MaxPromptTokens = Option.toNullable maxPromptTokens,
                MaxResponseTokens = Option.toNullable maxResponseTokens,
                Dtype = Option.toObj dtype,
                LabelTokens = Option.toObj labelTokens
            )

        model.Check "Model.load"
        model

    /// <summary>
    /// Trains a low-rank adapter instead of the model's own weights: <c>Model.load "folder" |> Model.lora (rank = 8)</c>.
    /// What is saved is the adapter with the reward head, in PEFT's layout.
    /// </summary>
    /// <param name="rank">The rank, at least 1; default 8.</param>
    /// <param name="alpha">The scale is this divided by the rank; default 16.</param>
    /// <param name="dropout">The share of a layer's inputs that the adapter does not see in training, in [0, 1); default 0.</param>
    /// <param name="targets">Names of linear layers, as [ "q_proj"; "v_proj" ]; default: all but the output heads.</param>
    /// <param name="pattern">Instead of targets: a regular expression that a layer's whole name fits.</param>
    /// <param name="rankStabilized">Divides alpha by the root of the rank instead; default false.</param>
    static member lora
        (
            ?rank: int,
            ?alpha: float,
            ?dropout: float,
            ?targets: string list,
            ?pattern: string,
            ?rankStabilized: bool
        ) : ModelSpec -> ModelSpec =
        let defaults = LoraOptions()

        let options =
            LoraOptions(
                Rank = defaultArg rank defaults.Rank,
                Alpha = defaultArg alpha defaults.Alpha,
                Dropout = defaultArg dropout defaults.Dropout,
                Targets = (targets |> Option.map List.toArray |> Option.defaultValue (Seq.toArray defaults.Targets)),
                TargetPattern = Option.toObj pattern,
                RankStabilized = defaultArg rankStabilized false
            )

        options.Check "Model.lora"

        fun model ->
            if isNull model.Folder then
                raise (
                    RewardKitException.Input
                        "Model.lora adapts a trained model, and this one has random weights; start from Model.load."
                )

            model.WithLora options

    /// <summary>
    /// How a pairwise model is asked, where a loss trains one (Loss.pairwise, Loss.crome (form = Crome.Form.Pairwise)):
    /// <c>Model.load "folder" |> Model.pairText (first = "1", second = "2")</c>. Default: what the folder was trained with, else
    /// RLHFlow's layout with the labels A and B.
    /// </summary>
    /// <param name="layout">The user turn, with {context}, {first} and {second} once each.</param>
    /// <param name="turn">A turn of the conversation in it, with {content} and, if wanted, {role}.</param>
    /// <param name="first">The reply that the first response is better; one token.</param>
    /// <param name="second">The reply that the second response is better; one token.</param>
    /// <param name="tie">The reply that neither is better, for losses that train it; default "Same".</param>
    static member pairText
        (
            ?layout: string,
            ?turn: string,
            ?first: string,
            ?second: string,
            ?tie: string
        ) : ModelSpec -> ModelSpec =
        let usual = PairText()

        let text =
            PairText(
                Layout = defaultArg layout usual.Layout,
                Turn = defaultArg turn usual.Turn,
                First = defaultArg first usual.First,
                Second = defaultArg second usual.Second,
                Tie = defaultArg tie usual.Tie
            )

        text.Check "Model.pairText"
        fun model -> model.WithPairs text

    /// <summary>
    /// Writes a model to a folder that other programs read: an adapter is merged into its base, anything else is written once more.
    /// <c>adapter |> Model.export ("merged", dtype = "bfloat16")</c>. What was written so already is not written again.
    /// </summary>
    /// <param name="folder">The folder, relative to the script. It must not exist, but for what was exported there before.</param>
    /// <param name="dtype">The weights' type: "float32", "bfloat16" or "float16"; default: as they are.</param>
    /// <param name="shardBytes">The most bytes in one weights file, at least 1; default 5,000,000,000.</param>
    /// <returns>The model in that folder.</returns>
    static member export(folder: string, ?dtype: string, ?shardBytes: int64) : ModelSpec -> ModelSpec =
        let folder = Script.path folder
        let usual = SaveOptions()
        let options = SaveOptions(Dtype = Option.toObj dtype, ShardBytes = defaultArg shardBytes usual.ShardBytes)

        match dtype with
        | None
        | Some("float32" | "bfloat16" | "float16") -> ()
        | Some other -> raise (RewardKitException.Input $"Model.export: the dtype is \"{other}\"; expected float32, bfloat16 or float16.")

        if options.ShardBytes < 1L then
            raise (RewardKitException.Input $"Model.export: shardBytes = {options.ShardBytes} is out of range; it must be at least 1.")

        fun model ->
            if isNull model.Folder then
                raise (RewardKitException.Input "Model.export: a model with random weights has nothing to export; train it first.")

            // What it was made of stands beside the folder, so that the same is not made twice and nothing else is overwritten.
            let mark, files = $"{folder}.source", FileHashes()
            let adapts = not (isNull (ModelSummary.Of(model.Folder).Adapter))
            let source = files.Of(model.Folder, ModelFiles.OfModel model.Folder)
            let made = $"{source} {options.Dtype} {options.ShardBytes}"

            if not (Directory.Exists folder && File.Exists mark && File.ReadAllText mark = made) then
                if File.Exists mark && Directory.Exists folder then
                    Directory.Delete(folder, true)

                if adapts then
                    ModelTools.MergeAdapter(model.Folder, folder, model.Base, options)
                else
                    ModelTools.Convert(model.Folder, folder, options)

                AtomicFile.Write(mark, System.ReadOnlySpan(System.Text.Encoding.UTF8.GetBytes made)) |> ignore

            ModelSpec(Folder = folder)

    /// <summary>A small Llama with random weights.</summary>
    /// <param name="tokenizer">A folder with tokenizer.json.</param>
    /// <param name="hiddenSize">Width of the residual stream; default 128.</param>
    /// <param name="intermediateSize">Width of the MLP; default: 8/3 of hiddenSize, up to a multiple of 32.</param>
    /// <param name="layers">Decoder layers; default 2.</param>
    /// <param name="heads">Query heads; default 4.</param>
    /// <param name="keyValueHeads">Key and value heads, which divide the query heads; default: as many.</param>
    /// <param name="contextLength">Context length in tokens; default 2048.</param>
    /// <param name="ropeTheta">Base of the rotary frequencies; default 10000.</param>
    /// <param name="tieEmbeddings">Whether the language-model head is the embedding matrix; default true.</param>
    /// <param name="initializerRange">Standard deviation of the random weights; default 0.02.</param>
    /// <param name="vocabularySize">Tokens in the vocabulary; default: the tokenizer's.</param>
    /// <param name="template">
    /// The chat template's name; default: the tokenizer's own, else "plain". "text" is for models of texts that are no dialogues: a
    /// response goes on from its prompt.
    /// </param>
    /// <param name="maxPromptTokens">Longer prompts lose tokens on the left; default: what the context leaves.</param>
    /// <param name="maxResponseTokens">Longer responses lose tokens on the right; default: half the context.</param>
    static member llama
        (
            tokenizer: string,
            ?hiddenSize: int,
            ?intermediateSize: int,
            ?layers: int,
            ?heads: int,
            ?keyValueHeads: int,
            ?contextLength: int,
            ?ropeTheta: float,
            ?tieEmbeddings: bool,
            ?initializerRange: float,
            ?vocabularySize: int,
            ?template: string,
            ?maxPromptTokens: int,
            ?maxResponseTokens: int
        ) : ModelSpec =
        let tokenizer = Model.existing ("tokenizer", tokenizer)
        let hidden = defaultArg hiddenSize 128
        let heads = defaultArg heads 4

        let configuration =
            ModelConfig(
                VocabSize =
                    (match vocabularySize with
                     | Some size -> size
                     | None -> Tokenizer.Load(tokenizer).VocabSize),
                HiddenSize = hidden,
                IntermediateSize = defaultArg intermediateSize ((hidden * 8 / 3 + 31) / 32 * 32),
                NumHiddenLayers = defaultArg layers 2,
                NumAttentionHeads = heads,
                NumKeyValueHeads = defaultArg keyValueHeads heads,
                MaxPositionEmbeddings = defaultArg contextLength 2048,
                RopeTheta = defaultArg ropeTheta 10000.0,
                TieWordEmbeddings = defaultArg tieEmbeddings true,
                InitializerRange = defaultArg initializerRange 0.02
            )

        ModelSpec(
            Configuration = configuration,
            Tokenizer = tokenizer,
            Template = Option.toObj template,
            MaxPromptTokens = Option.toNullable maxPromptTokens,
            MaxResponseTokens = Option.toNullable maxResponseTokens
        )
