namespace RewardKit

open System.IO
open RewardKit.Training.Data

/// A dataset's two parts. They name files; nothing is read before it is needed.
type PairSplits =
    {
        /// The pairs to train on.
        Train: PairData
        /// The held-out pairs.
        Test: PairData
    }

/// Preference data. Paths are relative to the script.
[<AbstractClass; Sealed>]
type Data =
    static member private existing(path: string) =
        let path = Script.path path

        if not (File.Exists path) then
            raise (RewardKitException.Input $"There is no data file {path}. Name a file, relative to the script.")

        path

    /// One file in the form of Anthropic's HH-RLHF: a JSON object a line with `chosen` and `rejected`, each a whole
    /// dialogue; `.jsonl` or `.jsonl.gz`.
    static member hhRlhfFile(path: string) : PairData = PairData(Data.existing path)

    /// A folder with `train.jsonl.gz` and `test.jsonl.gz` (or `.jsonl`) in the form of Anthropic's HH-RLHF.
    static member hhRlhf(folder: string) : PairSplits =
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
                | Some path -> PairData path
                | None ->
                    let expected = String.concat " or " (fileNames name)
                    raise (RewardKitException.Input $"The data folder {folder} has no {expected}.")

        { Train = split "train"; Test = split "test" }

    /// <summary>
    /// Pairs from JSON Lines, a JSON array or CSV (each also gzip), in the layout that the first record shows: prompt, chosen
    /// and rejected (texts or messages), chosen and rejected conversations, HH-RLHF, UltraFeedback, or scored responses.
    /// Copies of a pair are left out. A column is named only where it is called otherwise.
    /// </summary>
    /// <param name="path">The file, relative to the script.</param>
    /// <param name="prompt">The column of the prompt; default: prompt, question or conversations.</param>
    /// <param name="chosen">The column of the better response, or of the conversation with it; default: chosen.</param>
    /// <param name="rejected">The column of the worse response; default: rejected.</param>
    /// <param name="margin">The column that says by how much the chosen response is better; default: margin, where there is one.</param>
    /// <param name="label">The column of the probability that the chosen response is better; default: soft_label.</param>
    /// <param name="tie">The column that says whether neither is better; default: tie.</param>
    /// <param name="response">The column of one of several responses to a prompt; default: response.</param>
    /// <param name="score">The column of that response's score; default: score.</param>
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
            ?score: string
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
                Score = Option.toObj score
            )

        PairData(Data.existing path, Reading = PairReading(Columns = columns))

    /// <summary>
    /// Divides pairs by a hash of the prompt, so that no prompt is in both parts:
    /// <c>Data.pairs "pairs.jsonl" |> Data.split (0.9, seed = 1)</c>.
    /// </summary>
    /// <param name="fraction">The share of the prompts to train on, between 0 and 1.</param>
    /// <param name="seed">Another seed, another division; default 1.</param>
    static member split(fraction: float, ?seed: int) : PairData -> PairSplits =
        if not (fraction > 0.0 && fraction < 1.0) then
            raise (RewardKitException.Input $"Data.split: fraction = {fraction} is out of range; it must be between 0 and 1.")

        fun data ->
            if isNull data.Reading then
                raise (RewardKitException.Input "Data.split divides what Data.pairs reads; name the file with it.")

            if not (isNull data.Reading.Part) then
                raise (RewardKitException.Input $"Data.split: {data.Path} is split already.")

            let part first =
                let reading =
                    PairReading(Columns = data.Reading.Columns, Part = PairPart(fraction, defaultArg seed 1, first))

                PairData(data.Path, Reading = reading)

            { Train = part true; Test = part false }
