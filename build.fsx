// The one door: `dotnet fsi build.fsx` prints what it can do.
#load "build/setup.fsx"

open System
open System.IO
open System.Xml.Linq
open Setup

let build () =
    let shimBuilt = setup ()
    let hostDll = artifacts </> "host" </> "rewardkit.dll"

    let built =
        once
            "build"
            (fingerprint [ "src"; "plugins" ] (variable "TorchProvider" |> Option.defaultValue ""))
            (fun () -> File.Exists hostDll)
            (fun () ->
                say "build: host and plugins"

                // A plugin that was renamed or removed must not linger beside its successor.
                let published = artifacts </> "plugins"

                if Directory.Exists published then
                    for folder in Directory.GetDirectories published do
                        if not (Directory.Exists(root </> "plugins" </> Path.GetFileName folder)) then
                            Directory.Delete(folder, true)

                must "The build" "dotnet" [ "build"; "RewardKit.Host.slnf"; "-c"; "Release"; "-v"; "quiet"; "-nologo"; "-clp:NoSummary" ]
                |> ignore)

    if not shimBuilt && not built then
        say "build: nothing to do"

let rewardkit args =
    run (artifacts </> "rewardkit") args

let test filter =
    build ()
    let results = artifacts </> "test-results"

    if Directory.Exists results then
        Directory.Delete(results, true)

    once
        "build-tests"
        (fingerprint [ "src"; "plugins"; "tests" ] "")
        (fun () -> true)
        (fun () ->
            say "build: tests"
            must "The build of the tests" "dotnet" [ "build"; "RewardKit.sln"; "-c"; "Release"; "-v"; "quiet"; "-nologo"; "-clp:NoSummary" ]
            |> ignore)
    |> ignore

    let exitCode =
        run
            "dotnet"
            ([ "test"; "RewardKit.sln"; "-c"; "Release"; "--no-build"; "--nologo"; "-v"; "quiet"
               "--logger"; "trx"; "--logger"; "console;verbosity=minimal"; "--results-directory"; results ]
             @ (match filter with
                | Some text -> [ "--filter"; text ]
                | None -> []))

    let counters =
        if Directory.Exists results then
            Directory.GetFiles(results, "*.trx", SearchOption.AllDirectories)
            |> Array.collect (fun file ->
                XDocument.Load(file).Descendants()
                |> Seq.filter (fun e -> e.Name.LocalName = "Counters")
                |> Seq.toArray)
        else
            [||]

    let sum name =
        counters |> Array.sumBy (fun c -> int (c.Attribute(XName.Get name).Value))

    let total, passed, failed = sum "total", sum "passed", sum "failed"
    say $"{passed} passed, {failed} failed, {total - passed - failed} skipped"

    if total = 0 then
        stop 1 (match filter with
                | Some text -> $"No test matches the filter {text}."
                | None -> "No test ran.")

    if exitCode <> 0 && failed = 0 then
        stop 1 "A test run ended badly although no test failed; see above."

    if failed = 0 then 0 else 1

let bench args =
    let benches =
        Directory.GetDirectories(root </> "tests" </> "benchmarks")
        |> Array.map Path.GetFileName
        |> Array.filter (fun name -> File.Exists(root </> "tests" </> "benchmarks" </> name </> $"{name}.csproj"))

    match args with
    | name :: rest when Array.contains name benches ->
        build ()
        let project = root </> "tests" </> "benchmarks" </> name </> $"{name}.csproj"
        run "dotnet" ([ "run"; "--project"; project; "-c"; "Release"; "-v"; "quiet"; "--" ] @ rest)
    | name :: _ -> stop 2 $"""There is no benchmark "{name}". There are: {String.Join(", ", benches)}"""
    | [] ->
        say $"""Benchmarks: {String.Join(", ", benches)}"""
        0

let pack () =
    match variable "TorchProvider" with
    | Some provider when provider <> "system" ->
        stop 2 $"TorchProvider is {provider}, but the packages stand on RewardKit.TorchSharp. Unset it to pack."
    | _ -> ()

    build ()
    let packages = artifacts </> "packages"
    let written () = if Directory.Exists packages then Directory.GetFiles(packages, "*.nupkg") else [||]

    once
        "pack"
        (fingerprint [ "src" ] "")
        (fun () -> written().Length > 0)
        (fun () ->
            say "pack: NuGet packages"
            if Directory.Exists packages then Directory.Delete(packages, true)

            must "Packing" "dotnet" [ "pack"; "RewardKit.Host.slnf"; "-c"; "Release"; "--no-build"; "-nologo"; "-v"; "quiet"; "-o"; packages ]
            |> ignore)
    |> ignore

    for file in written () |> Array.sort do
        say (Path.GetRelativePath(root, file))

    0

/// In a process of its own, so that its script costs the other commands nothing.
let gpuBundle () =
    build ()
    run "dotnet" [ "fsi"; root </> "build" </> "bundle.fsx" ]

let clean () =
    for folder in [ "src"; "plugins"; "tests" ] do
        for name in [ "bin"; "obj" ] do
            for path in Directory.GetDirectories(root </> folder, name, SearchOption.AllDirectories) do
                if Directory.Exists path then
                    Directory.Delete(path, true)

    if Directory.Exists artifacts then
        Directory.Delete(artifacts, true)

    0

let usage =
    """Usage: dotnet fsi build.fsx COMMAND

  setup                    find or install libtorch, build the native part over it, and use that build
                           (LIBTORCH=FOLDER in front: over the libtorch or site-packages/torch in that folder)
  setup --list             the native builds there are, one per libtorch; * marks the one in use
  setup --use NAME         use another of them
  build                    setup, then the host and the plugins (leaves artifacts/rewardkit)
  run [OPTIONS] SCRIPT [-- ARGS]
                           build, then run an experiment script; options as for rewardkit run: --fresh, --plugins DIR
  test [FILTER]            build, then run the tests; FILTER as for dotnet test, e.g. FullyQualifiedName~Crome
  bench [NAME [ARGS]]      build, then run a benchmark; without a name, list them
  pack                     build, then write NuGet packages to artifacts/packages
  gpu-bundle               build, then pack all that tests and benchmarks need on a machine without .NET, a GPU machine say,
                           into artifacts/rewardkit-gpu.tar.xz; there: tar xf it, and sh rewardkit-gpu/run.sh
  clean                    remove everything that was built

Everyday use after a build: artifacts/rewardkit --help"""

/// Options in front of the script are rewardkit's; the script and what follows it come second.
let rec rewardkitOptions args =
    match args with
    | "--plugins" :: folder :: rest ->
        let options, script = rewardkitOptions rest
        "--plugins" :: folder :: options, script
    | option :: rest when option.StartsWith "--" ->
        let options, script = rewardkitOptions rest
        option :: options, script
    | [] -> stop 2 "run needs a script: dotnet fsi build.fsx run scripts/quickstart.fsx"
    | script -> [], script

let main args =
    match args with
    | [ "setup" ] ->
        setupAnew ()
        0
    | [ "setup"; "--list" ] ->
        listBuilds ()
        0
    | [ "setup"; "--use"; name ] ->
        useBuild name
        0
    | [ "build" ] ->
        build ()
        0
    | "run" :: rest when not rest.IsEmpty ->
        let options, script = rewardkitOptions rest
        build ()
        // dotnet fsi keeps the first -- to itself, so all that follows the script is the script's.
        rewardkit ("run" :: options @ List.head script :: "--" :: List.tail script)
    | [ "run" ] -> stop 2 "run needs a script: dotnet fsi build.fsx run scripts/quickstart.fsx"
    | [ "test" ] -> test None
    | [ "test"; filter ] -> test (Some filter)
    | "bench" :: rest -> bench rest
    | [ "pack" ] -> pack ()
    | [ "gpu-bundle" ] -> gpuBundle ()
    | [ "clean" ] -> clean ()
    | []
    | [ "--help" ]
    | [ "help" ] ->
        say usage
        0
    | other ->
        eprintfn "%s" $"""Unknown: {String.Join(" ", other)}"""
        eprintfn "%s" usage
        2

let exitCode =
    try
        main (List.ofArray fsi.CommandLineArgs[1..])
    with Stop(code, message) ->
        eprintfn "%s" message
        code

exit exitCode
