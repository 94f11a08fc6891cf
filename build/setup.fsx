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

let shim = native </> "current" </> "libRewardKitTorch.so"

/// Runs native/build.sh, which finds libtorch and builds over it; gives exit code, output and errors.
let buildScript libtorch args =
    let script = root </> "src" </> "RewardKit.TorchSharp" </> "native" </> "build.sh"

    use p =
        start "sh" (script :: args) (fun info ->
            info.RedirectStandardOutput <- true
            info.RedirectStandardError <- true
            libtorch |> Option.iter (fun folder -> info.Environment["LIBTORCH"] <- folder))

    let error = p.StandardError.ReadToEndAsync()
    let output = p.StandardOutput.ReadToEnd().Trim()
    p.WaitForExit()
    p.ExitCode, output, error.Result.TrimEnd()

let aptPackages = [ "libtorch-dev"; "libopenblas0-pthread"; "libgloo-dev" ]

let installLibTorch message =
    let command = $"""apt-get install -y --no-install-recommends {String.Join(" ", aptPackages)}"""

    let isDebian =
        File.Exists "/etc/debian_version" && capture "apt-get" [ "--version" ] |> Option.isSome

    if not isDebian then
        stop 2 $"{message} Then run this again."

    if capture "id" [ "-u" ] <> Some "0" then
        stop 2 $"{message} Or type this, then run this again:\n\n    sudo apt-get update && sudo {command}\n"

    say "setup: installing libtorch (about 35 s)"
    Environment.SetEnvironmentVariable("DEBIAN_FRONTEND", "noninteractive")
    capture "apt-get" [ "update"; "-qq" ] |> ignore
    must "Installing libtorch" "apt-get" ([ "install"; "-y"; "-qq"; "--no-install-recommends" ] @ aptPackages) |> ignore

/// Debian's libtorch comes without Gloo's headers, which data-parallel training needs; all else does without them.
let installGloo folder =
    let missing = folder = "/usr" && not (File.Exists "/usr/include/gloo/context.h")

    if missing && File.Exists "/etc/debian_version" && capture "id" [ "-u" ] = Some "0" then
        say "setup: installing Gloo's headers (about 10 s)"
        Environment.SetEnvironmentVariable("DEBIAN_FRONTEND", "noninteractive")
        let install () = capture "apt-get" [ "install"; "-y"; "-qq"; "--no-install-recommends"; "libgloo-dev" ]

        if (install ()).IsNone then
            capture "apt-get" [ "update"; "-qq" ] |> ignore
            if (install ()).IsNone then say "setup: libgloo-dev could not be installed; training in several processes will be refused"
    elif missing then
        say "setup: without libgloo-dev (sudo apt-get install -y libgloo-dev) training in several processes will be refused"

let rec findLibTorch libtorch mayInstall =
    match buildScript libtorch [ "--find" ] with
    | 0, output, _ -> output.Split '\n' |> fun lines -> lines[0], lines[1]
    | 3, _, message when mayInstall ->
        installLibTorch message
        findLibTorch libtorch false
    | code, _, message -> stop code message

/// The builds there are: their names, and the libtorch that each was built for.
let nativeBuilds () =
    if Directory.Exists native then
        [ for folder in Directory.GetDirectories native |> Array.sort do
              let libtorch = folder </> "libtorch.txt"
              if Path.GetFileName folder <> "current" && File.Exists libtorch then
                  Path.GetFileName folder, File.ReadAllText(libtorch).Trim() ]
    else
        []

let currentBuild () =
    match FileInfo(native </> "current").LinkTarget with
    | null -> None
    | name -> nativeBuilds () |> List.tryFind (fun (build, _) -> build = name)

let makeCurrent (name: string) =
    let current = native </> "current"
    if not (isNull (FileInfo(current).LinkTarget)) then File.Delete current
    File.CreateSymbolicLink(current, name) |> ignore

/// Leaves a build over the libtorch that LIBTORCH names, else over that of the current build, else over what is found.
let setup () =
    let libtorch =
        variable "LIBTORCH"
        |> Option.orElseWith (fun () -> currentBuild () |> Option.map snd |> Option.filter Directory.Exists)

    let key = fingerprint [ "src/RewardKit.TorchSharp/native" ] (Option.defaultValue "" libtorch)

    once "setup" key (fun () -> File.Exists shim) (fun () ->
        let name, folder = findLibTorch libtorch true
        installGloo folder
        say $"setup: building the native part against the libtorch in {folder}: {name} (about 20 s)"

        match buildScript (Some folder) [ native ] with
        | 0, _, _ -> makeCurrent name
        | code, _, errors -> stop code errors)

/// Asked for by name, it looks again: a PyTorch may have come or gone since.
let setupAnew () =
    let stamp = artifacts </> ".stamps" </> "setup"
    if File.Exists stamp then File.Delete stamp
    if variable "LIBTORCH" = None && not (isNull (FileInfo(native </> "current").LinkTarget)) then
        File.Delete(native </> "current")
    setup () |> ignore
    say $"""setup: ready, {Path.GetRelativePath(root, shim)} -> {FileInfo(native </> "current").LinkTarget}"""

let listBuilds () =
    match nativeBuilds () with
    | [] -> say "No native build yet: dotnet fsi build.fsx setup"
    | builds ->
        for name, folder in builds do
            let mark = if Some(name, folder) = currentBuild () then "*" else " "
            let gone = if Directory.Exists folder then "" else "   gone"
            say $"{mark} {name, -16} {folder}{gone}"

let useBuild name =
    if nativeBuilds () |> List.exists (fun (build, _) -> build = name) then
        makeCurrent name
        say $"setup: {name} is in use"
    else
        let names = nativeBuilds () |> List.map fst
        stop 2 $"""There is no native build "{name}". There are: {String.Join(", ", names)}. LIBTORCH=FOLDER dotnet fsi build.fsx setup adds one."""
