namespace RewardKit.Scripting

open System
open System.Collections.Generic
open System.IO
open RewardKit

/// Compiles scripts, keeps what it compiled, and runs them.
[<Sealed>]
type ScriptHost(cacheFolder: string, generated: Func<string>) =
    let cache = ScriptCache cacheFolder
    let references = ReferenceCopies(cacheFolder, References.host)

    let text = lazy (GeneratedScript.file references.Paths (generated.Invoke()))

    /// Writes the generated file that a script loads, unless it already says the same; an editor may have it open.
    let generate (path: string) =
        let text = text.Value

        if not (File.Exists path) || File.ReadAllText path <> text then
            try
                let beside = $"{path}.{Guid.NewGuid():N}"
                File.WriteAllText(beside, text)
                File.Move(beside, path, true)
            with
            | :? IOException
            | :? UnauthorizedAccessException as refused ->
                let message = $"{ScriptSources.display path} cannot be written: {refused.Message}"
                raise (RewardKitException.Input(message, refused))

    let toolchain = lazy (Toolchain.Of references.Paths)
    let key sources = ScriptKey.assembly toolchain.Value sources

    let packages = Packages cacheFolder

    let withLibrary (sources: ScriptSources) =
        if sources.Files |> List.exists (fst >> ScriptSources.isGenerated) then
            { sources with Library = GeneratedLibrary.find cache toolchain.Value text.Value }
        else
            sources

    let read script =
        ScriptSources.read generate script |> packages.Restore |> withLibrary

    /// Compiles what is there when the compiler is done: a file saved meanwhile may be in the assembly or not.
    let rec compile (sources: ScriptSources) : ScriptSources * CompiledScript * string list =
        let compiled = Compiler.compile toolchain.Value sources
        let now = read sources.Script

        if key now = key sources then
            sources, cache.Keep(key sources, compiled.Assembly), Packages.replaced sources @ compiled.Warnings
        else
            compile now

    /// A script's assembly, compiled unless it has been before.
    let ready (script: string) (warn: Action<string>) =
        let sources = read script

        match cache.TryFind(key sources) with
        | Some compiled -> sources, compiled
        | None ->
            let sources, compiled, warnings = compile sources
            Seq.iter warn.Invoke warnings
            sources, compiled

    /// <summary>
    /// The files that decide what a script does: itself, what it loads (even where that is not there), and the assemblies
    /// it references; absolute. What the host generates has no part in it.
    /// </summary>
    /// <param name="script">The script's path.</param>
    member _.Files(script: string) : IReadOnlyList<string> =
        let sources = ScriptSources.read ignore script

        [| yield! List.map fst sources.Files
           yield! sources.Missing
           yield! sources.References |]
        |> Array.filter (ScriptSources.isGenerated >> not)
        :> IReadOnlyList<string>

    /// <summary>Writes the file that scripts of a folder load, `rewardkit.fsx`, unless it says the same already.</summary>
    /// <param name="folder">The folder.</param>
    member _.Generate(folder: string) = generate (Path.Combine(folder, ScriptSources.GeneratedName))

    /// <summary>Compiles a script without running it. Its errors are one exception, a line each.</summary>
    /// <param name="script">The script's path.</param>
    /// <returns>The compiler's warnings, in the same form.</returns>
    member _.Check(script: string) : IReadOnlyList<string> =
        let _, _, warnings = compile (read script)
        warnings

    /// <summary>Compiles a script, unless it has been compiled before, without running it.</summary>
    /// <param name="script">The script's path.</param>
    /// <param name="warn">Told the compiler's warnings.</param>
    member _.Prepare(script: string, warn: Action<string>) = ready script warn |> ignore

    /// <summary>
    /// Runs a script, compiling it unless it has been compiled before. When it throws, the exception that arrives says
    /// what and at which line of the script.
    /// </summary>
    /// <param name="context">The script, its arguments, and what runs its experiments.</param>
    /// <param name="warn">Told the compiler's warnings before the script starts.</param>
    /// <returns>A reference that dies with the script's assembly.</returns>
    member _.Run(context: ScriptContext, warn: Action<string>) : WeakReference =
        let sources, compiled = ready context.ScriptFile warn
        context.Content <- ScriptKey.content sources context.Arguments
        let outer = ScriptContext.Current
        ScriptContext.Current <- context

        try
            ScriptAssembly.run sources compiled
        finally
            ScriptContext.Current <- outer

    /// `rewardkit/scripts` in the user's cache folder.
    static member DefaultCacheFolder = ScriptCache.DefaultFolder
