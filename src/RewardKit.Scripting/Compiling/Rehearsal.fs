namespace RewardKit.Scripting

open System
open System.IO
open System.Threading.Tasks
open FSharp.Compiler.CodeAnalysis

/// A compilation of a few lines beside the first real one. A third of that one's time goes to methods of the compiler that run for
/// the first time; the few lines come to the later stages sooner, and have them ready.
module internal Rehearsal =

    /// Of everything a little.
    let private text =
        "let pairs = [ for i in 1..3 do $\"{i}\", [ float i ] ]\n\
         let sum = pairs |> List.collect snd |> List.sumBy (fun x -> x * 2.0)\n\
         if sum > 1.0 then printfn \"%f\" sum\n"

    let private references =
        [ yield References.fsharpCore
          for name in [ "System.Runtime"; "System.Collections"; "System.Console"; "netstandard" ] do
              yield Path.Combine(References.frameworkFolder, name + ".dll") ]

    let private compile (options: string list) =
        let folder = Directory.CreateTempSubdirectory "rewardkit-"

        try
            let script = Path.Combine(folder.FullName, "rehearsal.fsx")
            File.WriteAllText(script, text)

            let arguments =
                [ yield "fsc"
                  yield! options
                  yield $"--out:{script}.dll"
                  for reference in references do
                      yield $"-r:{reference}"
                  yield script ]

            FSharpChecker.Create().Compile(Array.ofList arguments) |> Async.RunSynchronously |> ignore
        finally
            folder.Delete true

    // Whatever goes wrong here costs time alone: the real compilation tells of it.
    let private once =
        lazy
            (Task.Run(fun () ->
                try
                    compile Options.all
                with _ ->
                    ()))

    /// Begins it, once a process and only where a processor is free for it.
    let start () : Task =
        if Environment.ProcessorCount > 1 then once.Value else Task.CompletedTask
