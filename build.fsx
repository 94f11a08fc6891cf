// The one door: `dotnet fsi build.fsx` prints what it can do.
open System
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open System.Text
open System.Xml.Linq

let root = __SOURCE_DIRECTORY__
let (</>) a b = Path.Combine(a, b)
let artifacts = root </> "artifacts"
let native = artifacts </> "native"

exception Stop of exitCode: int * message: string

let stop exitCode message = raise (Stop(exitCode, message))
let say (text: string) = Console.Out.WriteLine text

let start (file: string) (args: string list) configure =
    let info = ProcessStartInfo(file, args, WorkingDirectory = root, UseShellExecute = false)
    info.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] <- "1"
    info.Environment["DOTNET_NOLOGO"] <- "1"
    configure info
    Process.Start info

/// Runs a command with our own output; gives its exit code.
let run file args =
    use p = start file args ignore
    p.WaitForExit()
    p.ExitCode

/// Runs a command that must succeed. Its output is shown only if it fails.
let must what file args =
    use p =
        start file args (fun info ->
            info.RedirectStandardOutput <- true
            info.RedirectStandardError <- true)

    let error = p.StandardError.ReadToEndAsync()
    let output = p.StandardOutput.ReadToEnd()
    p.WaitForExit()

    if p.ExitCode <> 0 then
        say (output + error.Result)
        stop 1 $"""{what} failed (exit code {p.ExitCode}): {file} {String.Join(" ", args)}"""

    output

/// What a command prints, or None if it is missing or fails.
let capture file args =
    try
        use p =
            start file args (fun info ->
                info.RedirectStandardOutput <- true
                info.RedirectStandardError <- true)

        let error = p.StandardError.ReadToEndAsync()
        let output = p.StandardOutput.ReadToEnd().Trim()
        p.WaitForExit()
        error.Wait()
        if p.ExitCode = 0 then Some output else None
    with :? ComponentModel.Win32Exception ->
        None

let variable name =
    match Environment.GetEnvironmentVariable name with
    | null
    | "" -> None
    | value -> Some value

// ---- what a build depends on: names, sizes and times of the sources, so that nothing to do costs nothing

let sources (folders: string list) =
    let skip = set [ "bin"; "obj"; "runs"; "TestResults"; "node_modules" ]

    let rec walk (dir: DirectoryInfo) =
        seq {
            for entry in dir.EnumerateFileSystemInfos() do
                match entry with
                | :? DirectoryInfo as d -> if not (skip.Contains d.Name) then yield! walk d
                | entry -> yield entry :?> FileInfo
        }

    seq {
        for file in DirectoryInfo(root).EnumerateFiles() do
            if
                file.Name.StartsWith "Directory."
                || file.Extension = ".sln"
                || file.Extension = ".slnf"
                || file.Name = "global.json"
            then
                yield file

        for folder in folders do
            if Directory.Exists(root </> folder) then
                yield! walk (DirectoryInfo(root </> folder))
    }

let fingerprint folders (salt: string) =
    let text = StringBuilder salt

    for file in sources folders |> Seq.sortBy _.FullName do
        text.Append(file.FullName).Append(file.Length).Append(file.LastWriteTimeUtc.Ticks) |> ignore

    Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))

/// Does the work unless its stamp says that it was done for the same sources.
let once name (key: string) (stillThere: unit -> bool) work =
    let stamp = artifacts </> ".stamps" </> name

    if File.Exists stamp && File.ReadAllText stamp = key && stillThere () then
        false
    else
        work ()
        Directory.CreateDirectory(Path.GetDirectoryName stamp) |> ignore
        File.WriteAllText(stamp, key)
        true

// ---- libtorch and the shim over it

type LibTorch = { Folder: string; Version: string }

let versionFrom folder =
    let header = folder </> "include" </> "torch" </> "csrc" </> "api" </> "include" </> "torch" </> "version.h"

    if File.Exists header then
        let part name =
            File.ReadLines header
            |> Seq.tryPick (fun line ->
                match line.Split(' ', StringSplitOptions.RemoveEmptyEntries) with
                | [| "#define"; n; value |] when n = name -> Some value
                | _ -> None)
            |> Option.defaultValue "?"

        Some $"""{part "TORCH_VERSION_MAJOR"}.{part "TORCH_VERSION_MINOR"}.{part "TORCH_VERSION_PATCH"}"""
    else
        None

let fromVariable () =
    variable "LIBTORCH"
    |> Option.map (fun folder ->
        match versionFrom folder with
        | Some version -> { Folder = folder; Version = version }
        | None ->
            stop 2 $"LIBTORCH is {folder}, but there is no include/torch/csrc/api/include/torch/version.h below it. Point LIBTORCH at an unpacked libtorch, or at site-packages/torch of a PyTorch, or unset it.")

let fromPython () =
    let probe =
        "import importlib.util as u, os, sys\ns = u.find_spec('torch')\nif s is None: sys.exit(1)\nimport torch\nif not torch.version.cuda: sys.exit(1)\nprint(os.path.dirname(torch.__file__))"

    [ "python3"; "python" ]
    |> List.tryPick (fun python -> capture python [ "-c"; probe ])
    |> Option.bind (fun folder -> versionFrom folder |> Option.map (fun v -> { Folder = folder; Version = v }))

let fromSystem () =
    versionFrom "/usr" |> Option.map (fun v -> { Folder = "/usr"; Version = v })

let aptPackages = [ "libtorch-dev"; "libopenblas0-pthread" ]

let installLibTorch () =
    let command = $"""apt-get install -y --no-install-recommends {String.Join(" ", aptPackages)}"""

    let isDebian =
        File.Exists "/etc/debian_version" && capture "apt-get" [ "--version" ] |> Option.isSome

    let isRoot = capture "id" [ "-u" ] = Some "0"

    if not isDebian then
        stop 2 "No libtorch found. Install PyTorch with CUDA in the active Python, or unpack libtorch and set LIBTORCH to its folder; then run this again."

    if not isRoot then
        stop 2 $"No libtorch found. Type this, then run this again:\n\n    sudo apt-get update && sudo {command}\n"

    say "setup: installing libtorch (about 35 s)"
    Environment.SetEnvironmentVariable("DEBIAN_FRONTEND", "noninteractive")
    capture "apt-get" [ "update"; "-qq" ] |> ignore
    must "Installing libtorch" "apt-get" ([ "install"; "-y"; "-qq"; "--no-install-recommends" ] @ aptPackages) |> ignore

let findLibTorch () =
    fromVariable ()
    |> Option.orElseWith fromPython
    |> Option.orElseWith fromSystem
    |> Option.orElseWith (fun () ->
        installLibTorch ()
        fromSystem ())
    |> Option.defaultWith (fun () -> stop 1 "libtorch was installed, but its headers are not under /usr/include/torch.")

let shim = native </> "current" </> "libRewardKitTorch.so"

let requireTool name package =
    if capture name [ "--version" ] |> Option.isNone then
        stop 2 $"{name} is needed to build the native part. Type: sudo apt-get install -y {package}"

let setup () =
    let key =
        fingerprint [ "src/RewardKit.TorchSharp/native" ] (variable "LIBTORCH" |> Option.defaultValue "")

    once "setup" key (fun () -> File.Exists shim) (fun () ->
        requireTool "cmake" "cmake"
        requireTool "g++" "g++"
        let torch = findLibTorch ()
        let target = native </> torch.Version
        say $"setup: building the native part against libtorch {torch.Version} in {torch.Folder} (about 1 minute)"
        let build = target </> "build"

        must
            "Configuring the native part"
            "cmake"
            [ "-S"
              root </> "src/RewardKit.TorchSharp/native"
              "-B"
              build
              "-DCMAKE_BUILD_TYPE=Release"
              $"-DLIBTORCH={torch.Folder}"
              $"-DCMAKE_LIBRARY_OUTPUT_DIRECTORY={target}" ]
        |> ignore

        must "Building the native part" "cmake" [ "--build"; build; "--parallel"; string Environment.ProcessorCount ]
        |> ignore

        let current = native </> "current"
        if File.Exists current || Directory.Exists current then
            File.Delete current

        File.CreateSymbolicLink(current, torch.Version) |> ignore)

// ---- targets

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
    build ()

    must "Packing" "dotnet" [ "pack"; "RewardKit.Host.slnf"; "-c"; "Release"; "--no-build"; "-nologo"; "-v"; "quiet"; "-o"; artifacts </> "packages" ]
    |> ignore

    for file in Directory.GetFiles(artifacts </> "packages", "*.nupkg") do
        say (Path.GetRelativePath(root, file))

    0

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

  setup                    find or install libtorch, build the native part
  build                    setup, then the host and the plugins (leaves artifacts/rewardkit)
  run SCRIPT [-- ARGS]     build, then run an experiment script
  test [FILTER]            build, then run the tests; FILTER as for dotnet test, e.g. FullyQualifiedName~Crome
  bench [NAME [ARGS]]      build, then run a benchmark; without a name, list them
  pack                     build, then write NuGet packages to artifacts/packages
  clean                    remove everything that was built

Everyday use after a build: artifacts/rewardkit --help"""

let main args =
    match args with
    | [ "setup" ] ->
        // Asked for by name, it looks again: a PyTorch may have come or gone since.
        let stamp = artifacts </> ".stamps" </> "setup"
        if File.Exists stamp then File.Delete stamp
        setup () |> ignore
        say $"""setup: ready, {Path.GetRelativePath(root, shim)} -> {File.ResolveLinkTarget(native </> "current", true).Name}"""
        0
    | [ "build" ] ->
        build ()
        0
    | "run" :: script :: rest ->
        build ()
        rewardkit ("run" :: script :: rest)
    | [ "run" ] -> stop 2 "run needs a script: dotnet fsi build.fsx run scripts/quickstart.fsx"
    | [ "test" ] -> test None
    | [ "test"; filter ] -> test (Some filter)
    | "bench" :: rest -> bench rest
    | [ "pack" ] -> pack ()
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
