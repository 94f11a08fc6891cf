namespace RewardKit.Scripting

open System
open System.Collections.Generic
open System.IO
open System.Threading
open RewardKit.Hosting.Decoding
open RewardKit.Hosting.Experiments

/// What the host lends a script while it runs.
[<Sealed; AllowNullLiteral>]
type ScriptContext
    (
        scriptFile: string,
        arguments: IReadOnlyList<string>,
        runExperiment: Func<ExperimentSpec, ExperimentResult>,
        cancellation: CancellationToken
    ) =

    static let current = AsyncLocal<ScriptContext>()
    let mutable inlines = 0

    /// The context of the script that runs now on this thread or task; null outside of one.
    static member Current
        with get () = current.Value
        and internal set (value: ScriptContext) = current.Value <- value

    /// The script, absolute.
    member _.ScriptFile = Path.GetFullPath scriptFile

    /// The script's folder, absolute: what its relative paths are relative to.
    member this.Folder = Path.GetDirectoryName this.ScriptFile

    /// What the user wrote behind `--`.
    member _.Arguments = arguments

    /// Cancelled when the user stops the script.
    member _.Cancellation = cancellation

    /// Whether this is one of several processes that follows another one, and writes nothing.
    member val Follows = false with get, set

    /// What the host does for the script beside experiments; null where it does nothing.
    member val Work: IScriptWork = null with get, set

    /// The arguments that the script has asked for by name, and whether a value belongs to them.
    member val internal Asked = Dictionary<string, bool>()

    /// Whether the script has read its arguments as they are.
    member val internal ReadsArguments = false with get, set

    /// A hash of the script, what it loads, and its arguments.
    member val internal Content = "" with get, set

    /// What identifies the next thing that the script defines inline: its content, and which of them it is, because the
    /// same code makes different things of different values.
    member internal this.NextInline() : string =
        inlines <- inlines + 1
        $"{this.Content}-{inlines}"

    /// Runs an experiment to its report.
    member _.RunExperiment(specification: ExperimentSpec) : ExperimentResult = runExperiment.Invoke specification
