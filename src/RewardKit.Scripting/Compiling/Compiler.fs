namespace RewardKit.Scripting

open System
open System.Collections.Generic
open System.IO
open System.Runtime.CompilerServices
open FSharp.Compiler.CodeAnalysis
open FSharp.Compiler.Diagnostics
open RewardKit

/// A compiled script and what the compiler had to remark on it.
type internal Compiled = { Assembly: byte[]; Warnings: string list }

/// The F# compiler. Beside Operations and Rehearsal, which it calls, no other file touches FSharp.Compiler.Service, which is therefore not
/// loaded for cached scripts.
module internal Compiler =

    let private remark (sources: ScriptSources) (diagnostic: FSharpDiagnostic) : Remark =
        let range = diagnostic.Range

        let text =
            sources.Files |> List.tryFind (fun (path, _) -> path = diagnostic.FileName) |> Option.map snd |> Option.toObj

        {
            File = diagnostic.FileName
            Text = text
            Line = range.StartLine
            Column = range.StartColumn + 1
            Length = if range.EndLine = range.StartLine then range.EndColumn - range.StartColumn else Int32.MaxValue
            Severity = if diagnostic.Severity = FSharpDiagnosticSeverity.Error then "error" else "warning"
            Number = diagnostic.ErrorNumberText
            Message =
                String.Join(" ", diagnostic.Message.Split([| ' '; '\n'; '\r' |], StringSplitOptions.RemoveEmptyEntries))
        }

    /// Each remark with its line and a hint. One mistake often has several remarks: those about the same place, and those that
    /// say the same of the same line, are left out but for the first, and a hint is given once.
    let private describe checker (sources: ScriptSources) (diagnostics: FSharpDiagnostic array) =
        let names = Names.of' sources
        let given = HashSet<string>()

        [ for diagnostic in diagnostics do
              let remark = remark sources diagnostic

              let operations =
                  match remark.Number with
                  | "FS0708" -> Operations.check checker names remark.File remark.Text
                  | "FS0039" when not (isNull remark.Text) ->
                      Operations.check checker names remark.File remark.Text
                      |> List.filter (fun (found, _) -> (found.Line, found.Column) = (remark.Line, remark.Column))
                  | _ -> []

              match operations with
              | [] -> Hints.give names remark
              | found ->
                  for operation, hint in found do
                      { operation with Number = remark.Number }, hint ]
        |> List.distinctBy (fun (remark, _) -> remark.File, remark.Line, remark.Column)
        |> List.distinctBy (fun (remark, _) -> remark.File, remark.Line, remark.Message)
        |> List.map (fun (remark, hint) -> remark.Show(Option.filter given.Add hint))

    /// Has the compiler pass over package lines, which have been seen to: of all that offer to resolve them it takes the last
    /// one it meets, which is the one in a folder that is named to it.
    let private overPackageLines (folder: string) =
        let manager = "RewardKit.Scripting.DependencyManager.dll"
        let tools = Directory.CreateDirectory(Path.Combine(folder, "tools")).FullName
        File.Copy(Path.Combine(References.hostFolder, manager), Path.Combine(tools, manager))
        $"--compilertool:{tools}"

    /// Compiles a script with all it loads. Compile errors are one exception that lists them all.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let compile (toolchain: Toolchain) (sources: ScriptSources) : Compiled =
        let rehearsal = Rehearsal.start ()
        let folder = Directory.CreateTempSubdirectory "rewardkit-"

        try
            let name = Path.GetFileNameWithoutExtension sources.Script
            let output = Path.Combine(folder.FullName, name + ".dll")

            let arguments =
                [ yield "fsc"
                  yield! toolchain.Options
                  yield $"--out:{output}"
                  if not sources.Packages.IsEmpty then
                      yield overPackageLines folder.FullName
                  if sources.Library.IsSome then
                      yield $"--define:{Options.LibraryReferenced}"
                  for reference in
                      References.framework () @ toolchain.References @ sources.References @ Option.toList sources.Library
                      |> List.distinct do
                      yield $"-r:{reference}"
                  yield sources.Script ]

            let checker = FSharpChecker.Create()

            let diagnostics, failure =
                checker.Compile(Array.ofList arguments) |> Async.RunSynchronously

            let errors, others =
                diagnostics |> Array.partition (fun d -> d.Severity = FSharpDiagnosticSeverity.Error)

            if errors.Length > 0 then
                raise (RewardKitException.Input(String.Join("\n\n", describe checker sources errors)))

            match failure with
            | Some cause ->
                let script = ScriptSources.display sources.Script
                raise (RewardKitException.Failure($"{script} did not compile: {cause.Message}", cause))
            | None -> ()

            let warnings =
                others
                |> Array.filter (fun d -> d.Severity = FSharpDiagnosticSeverity.Warning)

            {
                Assembly = File.ReadAllBytes output
                Warnings = if warnings.Length = 0 then [] else describe checker sources warnings
            }
        finally
            // It leaves nothing behind where the script ends the process at once.
            rehearsal.Wait()
            folder.Delete true
