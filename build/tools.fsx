// What the build is made of: running commands, and doing nothing twice.
module Tools

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
