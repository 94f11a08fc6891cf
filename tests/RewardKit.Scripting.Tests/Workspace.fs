namespace RewardKit.Scripting.Tests

open System
open System.Collections.Generic
open System.IO
open System.Threading
open NUnit.Framework
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Scripting

/// A temporary folder with scripts, and a host with its own cache. Scripts tell what they do by appending lines to
/// `log.txt` in their folder.
type Workspace() =
    let folder = Directory.CreateTempSubdirectory "rewardkit-tests-"
    let cache = Path.Combine(folder.FullName, "cache")

    member val Generated = "" with get, set
    member val Warnings = ResizeArray<string>()
    member val Experiments = ResizeArray<ExperimentSpec>()
    /// What running an experiment gives.
    member val Answer = (fun specification -> ExperimentResult(specification, [||], [||], Dictionary(), [||])) with get, set

    member _.Cache = cache

    member _.Path(name: string) = Path.Combine(folder.FullName, name)

    member this.A = this.Path "a.fsx"
    member this.B = this.Path "b.fsx"

    member this.Write(name: string, text: string) =
        Directory.CreateDirectory(Path.GetDirectoryName(this.Path name)) |> ignore
        File.WriteAllText(this.Path name, text)

    member this.Host = ScriptHost(cache, Func<string>(fun () -> this.Generated))

    member this.Context(name: string, arguments: string list) =
        let keep specification =
            this.Experiments.Add specification
            this.Answer specification

        ScriptContext(this.Path name, List.toArray arguments, Func<_, _> keep, CancellationToken.None)

    member this.RunWith(name: string, arguments: string list) =
        this.Host.Run(this.Context(name, arguments), Action<string> this.Warnings.Add) |> ignore

    member this.Run(name: string) = this.RunWith(name, [])

    /// What the scripts appended to log.txt.
    member this.Log =
        if File.Exists(this.Path "log.txt") then List.ofArray (File.ReadAllLines(this.Path "log.txt")) else []

    /// Puts something else in a file's place. What is loaded from the file stays whole.
    member _.Damage(file: string, bytes: byte array) =
        File.Delete file
        File.WriteAllBytes(file, bytes)

    /// The compiled scripts in the cache.
    member _.Entries =
        if Directory.Exists cache then Directory.GetFiles cache |> Array.sort |> List.ofArray else []

    interface IDisposable with
        member _.Dispose() = folder.Delete true

module Expect =
    /// NUnit has several overloads of `Is.EqualTo`, among which F# cannot choose.
    let equal (expected: 'a) : Constraints.EqualConstraint = Is.EqualTo(box expected)

    /// What the reference meant has been collected.
    let gone (reference: WeakReference) =
        let mutable attempts = 0

        while reference.IsAlive && attempts < 20 do
            GC.Collect()
            GC.WaitForPendingFinalizers()
            attempts <- attempts + 1

        Assert.That(reference.IsAlive, Is.False)

[<AutoOpen>]
module Expectations =
    /// An F# line that appends an expression's value to the log.
    let log (expression: string) =
        $"System.IO.File.AppendAllLines(System.IO.Path.Combine(__SOURCE_DIRECTORY__, \"log.txt\"), [ string ({expression}) ])"

    let lines (text: string list) = String.concat "\n" text

    /// The refusal that an action must end with.
    let refusal (action: unit -> unit) : RewardKitException =
        Assert.Throws<RewardKitException>(Action action)
