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
module Data =
    let private fileNames split = [ $"{split}.jsonl.gz"; $"{split}.jsonl" ]

    /// One file in the form of Anthropic's HH-RLHF: a JSON object a line with `chosen` and `rejected`, each a whole
    /// dialogue; `.jsonl` or `.jsonl.gz`.
    let hhRlhfFile (path: string) : PairData =
        let path = Script.path path

        if not (File.Exists path) then
            raise (
                RewardKitException.Input
                    $"There is no data file {path}. Name a .jsonl or .jsonl.gz file, relative to the script."
            )

        PairData path

    /// A folder with `train.jsonl.gz` and `test.jsonl.gz` (or `.jsonl`) in the form of Anthropic's HH-RLHF.
    let hhRlhf (folder: string) : PairSplits =
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
