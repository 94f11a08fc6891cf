namespace RewardKit.Scripting

open System
open System.IO
open System.Runtime.CompilerServices
open FSharp.Compiler.CodeAnalysis
open FSharp.Compiler.Diagnostics
open RewardKit

/// A compiled script and what the compiler had to remark on it.
type internal Compiled = { Assembly: byte[]; Warnings: string list }

/// The F# compiler. No other file touches FSharp.Compiler.Service, which is therefore not loaded for cached scripts.
module internal Compiler =

    let private describe (diagnostic: FSharpDiagnostic) =
        let severity =
            if diagnostic.Severity = FSharpDiagnosticSeverity.Error then "error" else "warning"

        let place =
            if File.Exists diagnostic.FileName then
                $"{ScriptSources.display diagnostic.FileName}({diagnostic.StartLine},{diagnostic.StartColumn + 1}): "
            else
                ""

        let message =
            String.Join(" ", diagnostic.Message.Split([| ' '; '\n'; '\r' |], StringSplitOptions.RemoveEmptyEntries))

        $"{place}{severity} {diagnostic.ErrorNumberText}: {message}"

    /// Compiles a script with all it loads. Compile errors are one exception that lists them all.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let compile (sources: ScriptSources) : Compiled =
        let folder = Directory.CreateTempSubdirectory "rewardkit-"

        try
            let name = Path.GetFileNameWithoutExtension sources.Script
            let output = Path.Combine(folder.FullName, name + ".dll")

            let arguments =
                [ yield "fsc"
                  yield! Options.all
                  yield $"--out:{output}"
                  for reference in References.framework () @ References.host @ sources.References do
                      yield $"-r:{reference}"
                  yield sources.Script ]

            let diagnostics, failure =
                FSharpChecker.Create().Compile(Array.ofList arguments) |> Async.RunSynchronously

            let errors, others =
                diagnostics |> Array.partition (fun d -> d.Severity = FSharpDiagnosticSeverity.Error)

            if errors.Length > 0 then
                let lines = errors |> Array.map describe |> Array.distinct
                raise (RewardKitException.Input(String.Join("\n", lines)))

            match failure with
            | Some cause ->
                let script = ScriptSources.display sources.Script
                raise (RewardKitException.Failure($"{script} did not compile: {cause.Message}", cause))
            | None -> ()

            let warnings =
                others
                |> Array.filter (fun d -> d.Severity = FSharpDiagnosticSeverity.Warning)
                |> Array.map describe
                |> Array.distinct

            { Assembly = File.ReadAllBytes output; Warnings = List.ofArray warnings }
        finally
            folder.Delete true
