// Running commands, doing nothing twice, and libtorch with the native part over it.
module Setup

open System
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open System.Text

let root = Path.GetDirectoryName __SOURCE_DIRECTORY__
let (</>) a b = Path.Combine(a, b)
let artifacts = root </> "artifacts"

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

// libtorch and the native part over it

let native = artifacts </> "native"

type LibTorch = { Folder: string; Version: string }

let versionFrom folder =
    // Newer releases keep the numbers in a header that the other one includes.
    let headers =
        [ folder </> "include" </> "torch" </> "headeronly" </> "version.h"
          folder </> "include" </> "torch" </> "csrc" </> "api" </> "include" </> "torch" </> "version.h" ]

    match List.tryFind File.Exists headers with
    | Some header ->
        let part name =
            File.ReadLines header
            |> Seq.tryPick (fun line ->
                match line.Split(' ', StringSplitOptions.RemoveEmptyEntries) with
                | [| "#define"; n; value |] when n = name -> Some value
                | _ -> None)
            |> Option.defaultValue "?"

        Some $"""{part "TORCH_VERSION_MAJOR"}.{part "TORCH_VERSION_MINOR"}.{part "TORCH_VERSION_PATCH"}"""
    | None -> None

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
        let source = root </> "src" </> "RewardKit.TorchSharp" </> "native"
        let build = target </> "build"
        let cache = build </> "CMakeCache.txt"

        // CMake refuses to go on in a folder that came here with a moved or copied repository.
        if File.Exists cache && not (File.ReadLines cache |> Seq.contains $"CMAKE_HOME_DIRECTORY:INTERNAL={source}") then
            Directory.Delete(build, true)

        must
            "Configuring the native part"
            "cmake"
            [ "-S"
              source
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
