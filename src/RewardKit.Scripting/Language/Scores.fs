namespace RewardKit

open System
open System.Buffers
open System.IO
open System.Text.Encodings.Web
open System.Text.Json
open RewardKit.Hosting.Decoding
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Scoring
open RewardKit.Training.Data

/// A pair with what its two responses are worth.
type ScoredPair =
    {
        /// The pair: Prompt, Chosen, Rejected, Provenance and more.
        Pair: PreferenceExample
        /// The reward of the chosen response.
        Chosen: float
        /// The reward of the rejected response.
        Rejected: float
    }

/// Rewards of whole sets of pairs, outside of an experiment.
[<AbstractClass; Sealed>]
type Scores =
    /// The rewards of both responses of each pair, as training and evaluation give them: `pairs.Test |> Scores.pairs (Reward.model m)`.
    /// A model's are kept in the script's runs folder.
    static member pairs (scorer: ScorerSpec) (data: PairData) : ScoredPair list =
        let work = Work.context "Scores.pairs"
        let pairs = Data.read data

        let requests =
            [| for pair in pairs do
                   ScoreRequest(pair.Prompt, pair.Chosen)
                   ScoreRequest(pair.Prompt, pair.Rejected) |]

        work.Score(scorer, requests, Work.folder "rewards", Script.cancellation)
        |> Seq.chunkBySize 2
        |> Seq.zip pairs
        |> Seq.map (fun (pair, both) -> { Pair = pair; Chosen = both[0]; Rejected = both[1] })
        |> List.ofSeq

    /// The share of pairs whose chosen response has the higher reward; equal ones count for neither.
    static member accuracy(pairs: ScoredPair list) : float =
        if pairs.IsEmpty then
            raise (RewardKitException.Input "Scores.accuracy: there is no pair.")

        pairs |> List.averageBy (fun pair -> if pair.Chosen > pair.Rejected then 1.0 else 0.0)

    /// Writes pairs with their rewards as JSON Lines, a path relative to the script: prompt, chosen and rejected as messages, and
    /// chosenScore, rejectedScore and margin, as `rewardkit score` has them.
    static member write (path: string) (pairs: ScoredPair list) : unit =
        let options = JsonWriterOptions(Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)
        let buffer = ArrayBufferWriter<byte>()

        for pair in pairs do
            use json = new Utf8JsonWriter(buffer, options)

            let turns (name: string) (conversation: Conversation) =
                json.WriteStartArray name

                for message in conversation.Messages do
                    json.WriteStartObject()
                    json.WriteString("role", message.Role)
                    json.WriteString("content", message.Content)
                    json.WriteEndObject()

                json.WriteEndArray()

            json.WriteStartObject()
            turns "prompt" pair.Pair.Prompt
            turns "chosen" pair.Pair.Chosen
            turns "rejected" pair.Pair.Rejected
            json.WriteNumber("chosenScore", pair.Chosen)
            json.WriteNumber("rejectedScore", pair.Rejected)
            json.WriteNumber("margin", pair.Chosen - pair.Rejected)
            json.WriteEndObject()
            json.Flush()
            buffer.Write(ReadOnlySpan [| byte '\n' |])

        if not (Script.follows ()) then
            Console.Out.WriteLine $"wrote {AtomicFile.Write(Script.path path, buffer.WrittenSpan)}"
