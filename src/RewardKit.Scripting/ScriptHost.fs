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

    let key (sources: ScriptSources) =
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        let add (part: string) =
            hash.AppendData(Encoding.UTF8.GetBytes part)
            hash.AppendData [| 0uy |]

        add RuntimeInformation.FrameworkDescription
        Options.all |> List.iter add

        for path in Path.Combine(References.hostFolder, Options.compilerFile) :: References.host @ sources.References do
            add path
            add (References.identity path)

        for path, text in sources.Files do
            add path
            add text

        sources.Missing |> List.iter add
        Convert.ToHexStringLower(hash.GetHashAndReset())

    let read script = ScriptSources.read generate script

    let compile sources : byte[] * IReadOnlyList<string> =
        let compiled = Compiler.compile sources
        // A file saved while the compiler ran may be in the assembly but not in the key.
        let after = key (read sources.Script)
        if after = key sources then cache.Write(after, compiled.Assembly)
        compiled.Assembly, compiled.Warnings

    /// <summary>Compiles a script without running it. Its errors are one exception, a line each.</summary>
    /// <param name="script">The script's path.</param>
    /// <returns>The compiler's warnings, in the same form.</returns>
    member _.Check(script: string) : IReadOnlyList<string> = read script |> compile |> snd

    /// <summary>
    /// Runs a script, compiling it unless it has been compiled before. When it throws, the exception that arrives says
    /// what and at which line of the script.
    /// </summary>
    /// <param name="context">The script, its arguments, and what runs its experiments.</param>
    /// <param name="warn">Told the compiler's warnings before the script starts.</param>
    /// <returns>A reference that dies with the script's assembly.</returns>
    member _.Run(context: ScriptContext, warn: Action<string>) : WeakReference =
        let sources = read context.ScriptFile

        let assembly =
            match cache.TryRead(key sources) with
            | Some assembly -> assembly
            | None ->
                let assembly, warnings = compile sources
                Seq.iter warn.Invoke warnings
                assembly

        let outer = ScriptContext.Current
        ScriptContext.Current <- context

        try
            ScriptAssembly.run sources assembly
        finally
            ScriptContext.Current <- outer

    /// `rewardkit/scripts` in the user's cache folder.
    static member DefaultCacheFolder = ScriptCache.DefaultFolder
