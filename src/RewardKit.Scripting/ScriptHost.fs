namespace RewardKit.Scripting

open System
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Text
open RewardKit

/// Compiles scripts, keeps what it compiled, and runs them.
[<Sealed>]
type ScriptHost(cacheFolder: string, generated: Func<string>) =
    let cache = ScriptCache cacheFolder

    /// Writes the generated file that a script loads, unless it already says the same; an editor may have it open.
    let generate (path: string) =
        let text = generated.Invoke()

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

    let hash (parts: string seq) =
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        for part in parts do
            hash.AppendData(Encoding.UTF8.GetBytes part)
            hash.AppendData [| 0uy |]

        Convert.ToHexStringLower(hash.GetHashAndReset())

    /// Decides whether a compiled assembly still is what compiling would give.
    let key (sources: ScriptSources) =
        hash
            [ yield RuntimeInformation.FrameworkDescription
              yield! Options.all
              for path in Path.Combine(References.hostFolder, Options.compilerFile) :: References.host @ sources.References do
                  yield path
                  yield References.identity path
              for path, text in sources.Files do
                  yield path
                  yield text
              yield! sources.Missing ]

    /// Decides whether a script's own code would do the same again, wherever it lies. The generated file has no part in
    /// it: what it makes is plugin uses, and these speak for themselves.
    let content (sources: ScriptSources) (arguments: string seq) =
        let folder = Path.GetDirectoryName sources.Script

        hash
            [ for path, text in sources.Files do
                  if Path.GetFileName path <> ScriptSources.GeneratedName then
                      yield Path.GetRelativePath(folder, path)
                      yield text
              for path in sources.References do
                  yield References.identity path
              yield "arguments"
              yield! arguments ]

    let read script = ScriptSources.read generate script

    /// Compiles what is there when the compiler is done: a file saved meanwhile may be in the assembly or not.
    let rec compile (sources: ScriptSources) : ScriptSources * Compiled =
        let compiled = Compiler.compile sources
        let now = read sources.Script

        if key now = key sources then
            cache.Write(key sources, compiled.Assembly)
            sources, compiled
        else
            compile now

    /// A script's assembly, compiled unless it has been before.
    let ready (script: string) (warn: Action<string>) =
        let sources = read script

        match cache.TryRead(key sources) with
        | Some assembly -> sources, assembly
        | None ->
            let sources, compiled = compile sources
            Seq.iter warn.Invoke compiled.Warnings
            sources, compiled.Assembly

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
        |> Array.filter (fun path -> Path.GetFileName path <> ScriptSources.GeneratedName)
        :> IReadOnlyList<string>

    /// <summary>Writes the file that scripts of a folder load, `rewardkit.fsx`, unless it says the same already.</summary>
    /// <param name="folder">The folder.</param>
    member _.Generate(folder: string) = generate (Path.Combine(folder, ScriptSources.GeneratedName))

    /// <summary>Compiles a script without running it. Its errors are one exception, a line each.</summary>
    /// <param name="script">The script's path.</param>
    /// <returns>The compiler's warnings, in the same form.</returns>
    member _.Check(script: string) : IReadOnlyList<string> =
        let _, compiled = compile (read script)
        compiled.Warnings

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
        let sources, assembly = ready context.ScriptFile warn
        context.Content <- content sources context.Arguments
        let outer = ScriptContext.Current
        ScriptContext.Current <- context

        try
            ScriptAssembly.run sources assembly
        finally
            ScriptContext.Current <- outer

    /// `rewardkit/scripts` in the user's cache folder.
    static member DefaultCacheFolder = ScriptCache.DefaultFolder
