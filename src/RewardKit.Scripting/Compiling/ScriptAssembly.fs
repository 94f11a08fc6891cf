namespace RewardKit.Scripting

open System
open System.Diagnostics
open System.IO
open System.Reflection
open System.Runtime.CompilerServices
open System.Runtime.ExceptionServices
open System.Runtime.Loader
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Torch
open RewardKit.Training.Data

/// Where a script's assembly lives: collectible, so that script and all it made can go again. What the host has comes
/// from the host; assemblies named by `#r` come from where the script says, those of packages from where they were unpacked.
type internal ScriptLoadContext(references: string list) =
    inherit AssemblyLoadContext("script", true)

    let host =
        AssemblyLoadContext.GetLoadContext typeof<ScriptSources>.Assembly

    override this.Load(name: AssemblyName) =
        match host.Assemblies |> Seq.tryFind (fun loaded -> loaded.GetName().Name = name.Name) with
        | Some loaded -> loaded
        | None ->
            match references |> List.tryFind (fun path -> Path.GetFileNameWithoutExtension path = name.Name) with
            | Some path when not (File.Exists(Path.Combine(References.hostFolder, Path.GetFileName path))) ->
                this.LoadFromAssemblyPath path
            | _ -> host.LoadFromAssemblyName name

    override this.LoadUnmanagedDll(name: string) =
        let names = [ name; name + ".so"; $"lib{name}.so"; name + ".dll"; name + ".dylib"; $"lib{name}.dylib" ]

        match references |> List.tryFind (fun path -> List.contains (Path.GetFileName path) names) with
        | Some path -> this.LoadUnmanagedDllFromPath path
        | None -> 0n

/// Runs a compiled script.
module internal ScriptAssembly =

    /// Innermost first: the exception itself behind the wrappers that static initialisation and tasks put around it.
    let rec private unwrap (error: exn) =
        match error with
        | :? TypeInitializationException
        | :? TargetInvocationException
        | :? AggregateException when not (isNull error.InnerException) -> unwrap error.InnerException
        | _ -> error

    /// The innermost line of the script's own files on an exception's stack, as `quickstart.fsx:12`, and the line itself.
    let private ownLine (sources: ScriptSources) (error: exn) =
        let own =
            sources.Files |> List.filter (fst >> ScriptSources.isGenerated >> not)

        StackTrace(error, true).GetFrames()
        |> Seq.tryPick (fun frame ->
            own
            |> List.tryFind (fun (path, _) -> path = frame.GetFileName())
            |> Option.map (fun (path, text) ->
                let number = frame.GetFileLineNumber()
                let line = text.Split('\n') |> Array.tryItem (number - 1) |> Option.defaultValue ""
                $"\n  at {ScriptSources.display path}:{number}\n{SourceExcerpt.Of(line, number)}"))

    let private translate sources (error: exn) : exn =
        let cause = unwrap error

        let place =
            [ cause; error ] |> List.tryPick (ownLine sources) |> Option.defaultValue ""

        match cause with
        | :? OperationCanceledException
        // Not of this process's doing, and of the host's; who runs the processes tells it.
        | :? LostProcessException
        | :? OneProcessFailedException -> cause
        | :? RewardKitException as known when known.ExitCode = 2 ->
            RewardKitException.Input(known.Message + place, known)
        // The script's line says nothing about a failure of the host's; where its own code was at work, the message names it.
        | :? RewardKitException as known -> known
        | _ when cause.GetType() = typeof<exn> -> RewardKitException.Failure(cause.Message + place, cause)
        | _ -> RewardKitException.Failure($"{cause.GetType().Name}: {cause.Message}{place}", cause)

    /// Runs a script's top level once, then lets its assembly go. Returns what tells whether it is gone.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let run (sources: ScriptSources) (script: CompiledScript) : WeakReference =
        let context = ScriptLoadContext(sources.PackageFiles @ sources.References @ Option.toList sources.Library)

        try
            let entry =
                match script with
                | InFile path -> context.LoadFromAssemblyPath(path).EntryPoint
                | InMemory assembly -> context.LoadFromStream(new MemoryStream(assembly)).EntryPoint

            try
                let arguments: obj[] =
                    if entry.GetParameters().Length = 0 then null else [| Array.empty<string> |]

                entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null) |> ignore
            with error ->
                ExceptionDispatchInfo.Throw(translate sources error)

            WeakReference context
        finally
            context.Unload()
