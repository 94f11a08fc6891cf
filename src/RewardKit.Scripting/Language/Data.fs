namespace RewardKit

open System
open System.Collections.Immutable
open System.IO
open System.Security.Cryptography
open System.Text
open System.Text.Json
open RewardKit.Hosting.Experiments
open RewardKit.Training.Data

/// A dataset's two parts. They name files; nothing is read before it is needed.
type PairSplits =
    {
        /// The pairs to train on.
        Train: PairData
        /// The held-out pairs.
        Test: PairData
    }

/// Which pairs are made of several responses to a prompt.
type Pairing = RewardKit.Training.Data.Pairing

/// Where the labels of a solution's steps come from, where it is graded as a whole.
type StepSource = RewardKit.Training.Data.StepSource

/// Preference data. Paths are relative to the script.
[<AbstractClass; Sealed>]
type Data =
    static member private existing(path: string) =
        let path = Script.path path

        if not (File.Exists path) then
            raise (RewardKitException.Input $"There is no data file {path}. Name a file, relative to the script.")

        path

    // The name says what is in it.
    static member private written(name: string, text: string) =
        let bytes = Encoding.UTF8.GetBytes text
        let hash = Convert.ToHexStringLower(SHA256.HashData bytes)
        let path = Path.Combine(Script.runs, "pairs", $"{FolderName.Of name}-{hash[..7]}.jsonl")

        if not (File.Exists path) then
            AtomicFile.Write(path, ReadOnlySpan bytes) |> ignore

        path

    /// <summary>
    /// One file in the form of Anthropic's HH-RLHF: a JSON object a line with <c>chosen</c> and <c>rejected</c>, each a whole
    /// dialogue; <c>.jsonl</c> or <c>.jsonl.gz</c>.
    /// </summary>
    /// <param name="path">The file, relative to the script.</param>
    /// <param name="keepFaulty">
    /// Whether records without a comparison (an empty response, two equal ones, dialogues that differ earlier or end with the
    /// human's turn) are pairs, too, for Augment.hhCleaning and Evaluate.hhCleaning; default false: they are left out and
    /// counted.
    /// </param>
    static member hhRlhfFile(path: string, ?keepFaulty: bool) : PairData =
        PairFile(Data.existing path, KeepsFaulty = defaultArg keepFaulty false)

    /// <summary>
    /// A folder with <c>train.jsonl.gz</c> and <c>test.jsonl.gz</c> (or <c>.jsonl</c>) in the form of Anthropic's HH-RLHF.
    /// </summary>
    /// <param name="folder">The folder, relative to the script.</param>
    /// <param name="keepFaulty">Whether records without a comparison are pairs, too; default false. See hhRlhfFile.</param>
    static member hhRlhf(folder: string, ?keepFaulty: bool) : PairSplits =
        let fileNames split = [ $"{split}.jsonl.gz"; $"{split}.jsonl" ]
        let folder = Script.path folder

        if not (Directory.Exists folder) then
            raise (
                RewardKitException.Input
                    $"There is no data folder {folder}. Name one with train.jsonl.gz and test.jsonl.gz, \
                      relative to the script."
            )

        let split name =
            fileNames name
            |> List.map (fun file -> Path.Combine(folder, file))
            |> List.tryFind File.Exists
            |> function
                | Some path -> PairFile(path, KeepsFaulty = defaultArg keepFaulty false) :> PairData
                | None ->
                    let expected = String.concat " or " (fileNames name)
                    raise (RewardKitException.Input $"The data folder {folder} has no {expected}.")

        { Train = split "train"; Test = split "test" }

    /// <summary>
    /// Pairs from JSON Lines, a JSON array or CSV (each also gzip), in the layout that the first record shows: prompt, chosen
    /// and rejected (texts or messages), chosen and rejected conversations, HH-RLHF, UltraFeedback, responses with a score or a
    /// label each, in steps with a label each (TRL's prompt, completions, labels), lists of responses with scores or ranks, or
    /// GSM8K's graded solutions. Copies of a pair are left out. A column is named only where it is called otherwise.
    /// </summary>
    /// <param name="path">The file, relative to the script.</param>
    /// <param name="prompt">The column of the prompt; default: prompt, question, problem, instruction or conversations.</param>
    /// <param name="chosen">The column of the better response, or of the conversation with it; default: chosen.</param>
    /// <param name="rejected">The column of the worse response; default: rejected.</param>
    /// <param name="margin">The column that says by how much the chosen response is better; default: margin, where there is one.</param>
    /// <param name="label">
    /// The column of the probability that the chosen response is better, default soft_label; for single responses the column
    /// that says whether one is good, default label; for responses in steps the column with the list of whether each is right
    /// (true, false, a probability, or null where that is not known), default labels.
    /// </param>
    /// <param name="tie">The column that says whether neither is better; default: tie.</param>
    /// <param name="response">The column of one of several responses to a prompt; default: response, completion or messages.</param>
    /// <param name="score">The column of that response's score, or of the list of scores; default: score, in lists overall_score and others.</param>
    /// <param name="responses">The column of the list of responses; default: responses, completions or answers.</param>
    /// <param name="rank">The column of the ranks in such a list, 1 for the best; default: rank or ranks.</param>
    /// <param name="pairing">
    /// Which pairs are made of several responses: Pairing.All (default; any two of different rank), Pairing.Adjacent (those of
    /// neighbouring ranks) or Pairing.BestWorst (one pair a prompt).
    /// </param>
    /// <param name="stepSeparator">What stands between steps; default a new line. Nothing where the pieces are tokens.</param>
    /// <param name="steps">
    /// Of solutions that are graded as a whole, where labels of steps come from: StepSource.Reference (default; right until a
    /// number is neither the question's nor the reference's) or StepSource.Outcome (all steps have the solution's grade).
    /// </param>
    static member pairs
        (
            path: string,
            ?prompt: string,
            ?chosen: string,
            ?rejected: string,
            ?margin: string,
            ?label: string,
            ?tie: string,
            ?response: string,
            ?score: string,
            ?responses: string,
            ?rank: string,
            ?pairing: Pairing,
            ?stepSeparator: string,
            ?steps: StepSource
        ) : PairData =
        let columns =
            PairColumns(
                Prompt = Option.toObj prompt,
                Chosen = Option.toObj chosen,
                Rejected = Option.toObj rejected,
                Margin = Option.toObj margin,
                Label = Option.toObj label,
                Tie = Option.toObj tie,
                Response = Option.toObj response,
                Score = Option.toObj score,
                Responses = Option.toObj responses,
                Rank = Option.toObj rank
            )

        PairFile(
            Data.existing path,
            Reading =
                PairReading(
                    Columns = columns,
                    Pairing = defaultArg pairing Pairing.All,
                    StepSeparator = defaultArg stepSeparator "\n",
                    Steps = defaultArg steps StepSource.Reference
                )
        )

    /// <summary>
    /// Pairs that the script makes itself, each of a prompt, the better and the worse response:
    /// <c>Data.ofPairs "happy" [ "Name a river.", "The Nile.", "Paris." ]</c>. They are written to a file in the script's runs
    /// folder; runs are found again as long as the pairs stay the same.
    /// </summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="pairs">The pairs.</param>
    static member ofPairs (name: string) (pairs: (string * string * string) seq) : PairData =
        let line (prompt: string, chosen: string, rejected: string) =
            JsonSerializer.Serialize(dict [ "prompt", prompt; "chosen", chosen; "rejected", rejected ]) + "\n"

        let text = pairs |> Seq.map line |> String.concat ""

        if text = "" then
            raise (RewardKitException.Input $"Data.ofPairs: \"{name}\" has no pair; give it at least one.")

        PairFile(Data.written (name, text), Reading = PairReading(Columns = PairColumns(), Pairing = Pairing.All))

    /// <summary>
    /// Responses in steps that the script makes itself, each of a prompt and its steps, of which each is right or not:
    /// <c>Data.ofSteps "sums" [ "1 + 2 + 3?", [ "1 + 2 = 3", true; "3 + 3 = 6", true ] ]</c>. A line is a step. Of the responses to a
    /// prompt those that are right throughout are paired with the others. They are written to a file as Data.ofPairs does.
    /// </summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="responses">The responses.</param>
    static member ofSteps (name: string) (responses: (string * (string * bool) list) seq) : PairData =
        let line (prompt: string, steps: (string * bool) list) =
            let completions, labels = List.unzip steps

            JsonSerializer.Serialize(dict [ "prompt", box prompt; "completions", box completions; "labels", box labels ])
            + "\n"

        let text = responses |> Seq.map line |> String.concat ""

        if text = "" then
            raise (RewardKitException.Input $"Data.ofSteps: \"{name}\" has no response; give it at least one.")

        PairFile(Data.written (name, text), Reading = PairReading())

    /// <summary>
    /// Prompts alone, for augmenters that have them answered, as Augment.cream and Augment.selfRewarding: a prompt a record of
    /// JSON Lines, a JSON array or CSV (each also gzip), each once. Responses that stand beside them are not read.
    /// </summary>
    /// <param name="path">The file, relative to the script.</param>
    /// <param name="prompt">
    /// The column of the prompt, a text or messages; default: prompt, question, instruction, messages or conversations. An
    /// answer that ends a list of messages is left out.
    /// </param>
    static member prompts(path: string, ?prompt: string) : PairData =
        PairFile(
            Data.existing path,
            Reading = PairReading(Columns = PairColumns(Prompt = Option.toObj prompt), PromptsOnly = true)
        )

    /// <summary>
    /// Prompts alone that the script makes itself: <c>Data.ofPrompts "rivers" [ "Name a river."; "And a lake?" ]</c>. They are
    /// written to a file in the script's runs folder; runs are found again as long as the prompts stay the same.
    /// </summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="prompts">The prompts, each a single turn.</param>
    static member ofPrompts (name: string) (prompts: string seq) : PairData =
        let line (prompt: string) = JsonSerializer.Serialize(dict [ "prompt", prompt ]) + "\n"
        let text = prompts |> Seq.map line |> String.concat ""

        if text = "" then
            raise (RewardKitException.Input $"Data.ofPrompts: \"{name}\" has no prompt; give it at least one.")

        PairFile(Data.written (name, text), Reading = PairReading(PromptsOnly = true))

    /// <summary>
    /// Divides pairs by a hash of the prompt, so that no prompt is in both parts:
    /// <c>Data.pairs "pairs.jsonl" |> Data.split (0.9, seed = 1)</c>.
    /// </summary>
    /// <param name="fraction">The share of the prompts to train on, between 0 and 1.</param>
    /// <param name="seed">Another seed, another division; default 1.</param>
    static member split(fraction: float, ?seed: int) : PairData -> PairSplits =
        if not (fraction > 0.0 && fraction < 1.0) then
            raise (RewardKitException.Input $"Data.split: fraction = {fraction} is out of range; it must be between 0 and 1.")

        let seed = defaultArg seed 1

        fun data ->
            let rec divided: PairData -> bool =
                function
                | :? PairPart as part -> part.Seed = seed || divided part.Whole
                | :? JoinedPairs as joined -> Seq.exists divided joined.Sources
                | :? MixedPairs as mixed -> mixed.Sources |> Seq.exists (fun source -> divided source.Pairs)
                | _ -> false

            // The same hash again would put all of a part on one side.
            if divided data then
                raise (
                    RewardKitException.Input
                        $"Data.split: {data} is divided with seed {seed} already; give another seed to divide it further."
                )

            let part first = PairPart(data, fraction, seed, first)
            { Train = part true; Test = part false }

    /// <summary>
    /// All pairs of several sources, one after the other: <c>Data.concat [ pairsA; pairsB ]</c>. What an earlier source has is
    /// left out of a later one, and counted.
    /// </summary>
    /// <param name="sources">The sources.</param>
    static member concat(sources: PairData list) : PairData =
        if List.isEmpty sources then
            raise (RewardKitException.Input "Data.concat: there is no source; name at least one.")

        JoinedPairs(ImmutableArray.CreateRange sources)

    /// The pairs themselves, for a script that looks at them or makes others of them: Prompt, Chosen, Rejected and more.
    static member read(pairs: PairData) : PreferenceExample list =
        (PairLoader().Load pairs).Examples |> List.ofSeq

    /// So many of the pairs, drawn by chance: `pairs |> Data.sample 100`. Where there are fewer, they stand more than once.
    static member sample (count: int) (pairs: PairData) : PairData =
        if count < 1 then
            raise (RewardKitException.Input $"Data.sample: the number of pairs is {count}; it must be at least 1.")

        MixedPairs(ImmutableArray.Create(WeightedPairs(pairs, 1.0)), 1, Nullable count)

    /// The pairs as they are, or, where the word small is on the command line, so few of them that a script takes seconds:
    /// `Data.hhRlhf "FOLDER" |> Data.reduced`.
    static member reduced(pairs: PairSplits) : PairSplits =
        if Script.small then
            { Train = pairs.Train |> Data.sample 32; Test = pairs.Test |> Data.sample 16 }
        else
            pairs

    /// <summary>
    /// A mixture of sources by weights: <c>Data.mix ([ pairsA, 0.7; pairsB, 0.3 ], seed = 1)</c>. Which pairs are drawn from a
    /// source that has more than its share, the seed decides; the report says how many came from where. What an earlier
    /// source has is left out of a later one.
    /// </summary>
    /// <param name="sources">The sources with their weights; only the ratio of the weights counts.</param>
    /// <param name="total">
    /// The number of pairs; a source that has fewer than its share is then gone through again. Default: as many as possible
    /// with no pair twice.
    /// </param>
    /// <param name="seed">Another seed, another draw; default 1.</param>
    static member mix(sources: (PairData * float) list, ?total: int, ?seed: int) : PairData =
        if List.isEmpty sources then
            raise (RewardKitException.Input "Data.mix: there is no source; name at least one with its weight.")

        for pairs, weight in sources do
            if not (weight > 0.0 && weight < infinity) then
                raise (RewardKitException.Input $"Data.mix: the weight {weight} of {pairs} is out of range; it must be above 0.")

        match total with
        | Some total when total < 1 ->
            raise (RewardKitException.Input $"Data.mix: total = {total} is out of range; it must be at least 1.")
        | _ -> ()

        let weighted = sources |> List.map WeightedPairs |> ImmutableArray.CreateRange
        MixedPairs(weighted, defaultArg seed 1, Option.toNullable total)
