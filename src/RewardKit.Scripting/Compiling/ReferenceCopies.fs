namespace RewardKit.Scripting

open System
open System.IO
open System.Security.Cryptography
open System.Text

/// Copies of the host's assemblies that a script can use, with their documentation, for the compiler, for editors and for
/// `dotnet fsi`. They lie in the cache in a folder that is named after their content and is never written again: whoever
/// has one open keeps no build from replacing the host's own, and a build leaves what is open as it is.
type internal ReferenceCopies(cacheFolder: string, assemblies: string list) =
    /// Folders that no host has used for so long are removed.
    let kept = TimeSpan.FromDays 60.0

    let all = Path.Combine(cacheFolder, "references")

    let folder =
        lazy
            (let identities = assemblies |> List.map References.identity |> String.concat ""
             let hash = SHA256.HashData(Encoding.UTF8.GetBytes identities)
             Path.Combine(all, (Convert.ToHexStringLower hash)[..31]))

    let write (folder: string) =
        let beside = $"{folder}.{Guid.NewGuid():N}"
        Directory.CreateDirectory beside |> ignore

        for assembly in assemblies do
            for file in [ assembly; Path.ChangeExtension(assembly, ".xml") ] do
                if File.Exists file then
                    File.Copy(file, Path.Combine(beside, Path.GetFileName file))

        try
            Directory.Move(beside, folder)
        with :? IOException when Directory.Exists folder ->
            // Another process was first.
            Directory.Delete(beside, true)

    let sweep () =
        for other in DirectoryInfo(all).GetDirectories() do
            if DateTime.UtcNow - other.LastWriteTimeUtc > kept then other.Delete true

    /// The copies, absolute; the host's own where the cache cannot be written.
    member _.Paths: string list =
        try
            let folder = folder.Value

            if not (Directory.Exists folder) then
                write folder
                sweep ()
            elif DateTime.UtcNow - Directory.GetLastWriteTimeUtc folder > TimeSpan.FromDays 1.0 then
                Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow)

            assemblies |> List.map (fun assembly -> Path.Combine(folder, Path.GetFileName assembly))
        with
        | :? IOException
        | :? UnauthorizedAccessException -> assemblies
