// `dotnet fsi build.fsx gpu-bundle`: everything that tests and benchmarks of the torch layer need on a machine with a GPU
// and PyTorch, but without .NET, in one archive.
#load "setup.fsx"

open System
open System.Diagnostics
open System.IO
open Setup

let work = artifacts </> "gpu"
let bundle = work </> "rewardkit-gpu"
let bin = bundle </> "bin"
let archive = artifacts </> "rewardkit-gpu.tar.xz"

/// A program with the .NET runtime. All share the folder, and so the runtime; intermediate files lie apart from those of
/// the usual builds, which are for an installed runtime.
let publish project =
    must
        $"Publishing {project}"
        "dotnet"
        [ "publish"; root </> project; "-c"; "Release"; "-r"; "linux-x64"; "--self-contained"; "-v"; "quiet"; "-nologo"
          "--artifacts-path"; work </> "build"; "-o"; bin; "-p:DebugType=none"
          "-p:GenerateDocumentationFile=false"; "-p:OwnRunner=true" ]
    |> ignore

let rec copy (source: string) (target: string) =
    Directory.CreateDirectory target |> ignore

    for file in Directory.GetFiles source do
        File.Copy(file, target </> Path.GetFileName file, true)

    for folder in Directory.GetDirectories source do
        copy folder (target </> Path.GetFileName folder)

let make () =
    let clock = Stopwatch.StartNew()
    if Directory.Exists bundle then Directory.Delete(bundle, true)

    say "gpu-bundle: publishing (about 2 minutes)"
    let benchmark = "tests" </> "benchmarks" </> "torch"

    for project in
        [ "tests/RewardKit.Tests.Runner"; "tests/RewardKit.TorchSharp.Tests"; "tests/RewardKit.Torch.Tests"
          if Directory.Exists(root </> benchmark) then benchmark
          // Last: it is compiled ahead, and its assemblies replace the same ones that are not.
          "src/RewardKit.Cli" ] do
        publish project

    copy (artifacts </> "plugins") (bundle </> "plugins")
    copy (root </> "src" </> "RewardKit.TorchSharp" </> "native") (bundle </> "native")

    // What git knows: no reports, no generated files.
    for file in (must "Listing the scripts" "git" [ "ls-files"; "scripts" ]).Split('\n', StringSplitOptions.RemoveEmptyEntries) do
        Directory.CreateDirectory(Path.GetDirectoryName(bundle </> file)) |> ignore
        File.Copy(root </> file, bundle </> file)

    for name in [ "LICENSE"; "NOTICE" ] do
        File.Copy(root </> name, bundle </> name)

    File.Copy(root </> "build" </> "gpu-bundle.sh", bundle </> "run.sh")

    say "gpu-bundle: packing"
    must "Packing" "sh" [ "-c"; $"tar -C '{work}' --owner=0 --group=0 --sort=name -cf - rewardkit-gpu | xz -T0 -9 > '{archive}.new'" ] |> ignore
    File.Move(archive + ".new", archive, true)
    let size = float (FileInfo(archive).Length) / 1e6
    let seconds = clock.Elapsed.TotalSeconds
    say $"gpu-bundle: {Path.GetRelativePath(root, archive)}, {size:F1} MB, {seconds:F0} s"
    if size >= 60.0 then stop 1 "The archive is larger than 60 MB."

let exitCode =
    try
        make ()
        0
    with Stop(code, message) ->
        eprintfn "%s" message
        code

exit exitCode
