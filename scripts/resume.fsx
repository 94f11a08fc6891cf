// A training that is killed goes on where it was, to the same weights, bit for bit. This script shows it on itself: it starts itself
// as another process, kills that in the midst of training without warning, starts it again, and compares what is left with a training
// that nobody disturbed.
//
//     artifacts/rewardkit run scripts/resume.fsx
//     artifacts/rewardkit run scripts/resume.fsx -- small    on very little, in seconds: does all work?
//
// What to copy is one line, `checkpoints`; without it there is a checkpoint every ten minutes. To go on is to give the same command
// again, after a crash, Ctrl-C or a lost machine; what was finished is found again and not repeated.
//
// Killed after step 6 it goes on from the checkpoint of step 4 of 81, and the SHA-256 of the weights is the same. Half a minute of
// processor time.

#load "rewardkit.fsx"

open System
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open System.Threading
open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

let training' =
    experiment "resumed" {
        model (
            Model.llama (
                tokenizer = "models/bpe-2k-tokenizer",
                hiddenSize = 32,
                intermediateSize = 88,
                layers = 2,
                heads = 4,
                maxPromptTokens = 64,
                maxResponseTokens = 192
            )
        )

        train pairs.Train
        training (Training.settings (epochs = (if Script.small then 6 else 1), batchSize = 16, learningRate = 2e-3))
        checkpoints (Checkpoints.every (steps = 4, keep = 2))
        arm "bradley-terry" [ Loss.bradleyTerry () ]
        evaluate [ Evaluate.pairAccuracy pairs.Test ]
        seeds [ 1 ]
    }

/// What the script calls itself with.
let part = Script.flag "part"

/// Where the process that is killed works, so that it finds nothing of the other.
let folder = Path.Combine(Script.runs, "killed")

/// The run's folder while it trains, with a line of metrics.jsonl a step.
let metrics =
    Path.Combine(folder, "runs", Path.GetFileName training'.OutputFolder, "bradley-terry", "seed-1.partial", "metrics.jsonl")

let steps () = if File.Exists metrics then (File.ReadAllLines metrics).Length else 0

let start () =
    let script = Path.Combine(__SOURCE_DIRECTORY__, __SOURCE_FILE__)
    let arguments = [ "run"; script; "--"; "part"; if Script.small then "small" ]
    Process.Start(ProcessStartInfo(Environment.ProcessPath, arguments, WorkingDirectory = folder, RedirectStandardOutput = true))

let weights (folder: string) =
    let file = Path.Combine(folder, "bradley-terry", "seed-1", "checkpoint", "model.safetensors")
    Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes file))

if part then
    training' |> Experiment.run |> ignore
else
    if Directory.Exists folder then
        Directory.Delete(folder, true)

    Directory.CreateDirectory folder |> ignore
    let killed = start ()

    while steps () < 6 && not killed.HasExited do
        Thread.Sleep 5

    killed.Kill()
    killed.WaitForExit()
    printfn $"killed after step {steps ()}"

    let resumed = start ()
    let told = resumed.StandardOutput.ReadToEnd()
    resumed.WaitForExit()

    if resumed.ExitCode <> 0 then
        failwith $"The training did not go on: {told}"

    for line in told.Split '\n' |> Array.filter (fun line -> line.Contains "step") do
        printfn $"{line.Trim()}"

    let undisturbed = training' |> Experiment.run
    let one, other = weights undisturbed.Spec.OutputFolder, weights (Path.Combine(folder, "runs", Path.GetFileName training'.OutputFolder))
    printfn $"undisturbed: {one[..15]}\nkilled:      {other[..15]}"

    if one <> other then
        failwith "The weights differ."

    printfn "the same weights, bit for bit"
