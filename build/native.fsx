// Finds libtorch, or installs it, and builds the native part over it.
module Native

#load "tools.fsx"

open System
open System.IO
open Tools

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
