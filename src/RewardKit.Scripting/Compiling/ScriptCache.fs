namespace RewardKit.Scripting

open System
open System.IO
open System.Security.Cryptography

/// Compiled scripts by key, one file each: the assembly, and behind it the SHA-256 of it, so that an entry is either
/// whole or not there. Entries are written beside and renamed.
type internal ScriptCache(folder: string) =
    /// Older entries are removed when there are more than this.
    let kept = 200

    let entry (key: string) = Path.Combine(folder, key + ".script")

    let sweep () =
        for old in
            DirectoryInfo(folder).GetFiles "*.script"
            |> Array.sortByDescending _.LastWriteTimeUtc
            |> Seq.indexed
            |> Seq.filter (fun (index, _) -> index >= kept)
            |> Seq.map snd do
            old.Delete()

    /// Does something to the folder. What the file system refuses leaves the cache as it was, which costs time only.
    let attempt (otherwise: 'a) (action: unit -> 'a) : 'a =
        try
            action ()
        with
        | :? IOException
        | :? UnauthorizedAccessException -> otherwise

    /// The assembly kept under a key; nothing if there is none or its file is damaged.
    member _.TryRead(key: string) : byte[] option =
        attempt None (fun () ->
            let path = entry key
            let bytes = File.ReadAllBytes path
            let length = bytes.Length - SHA256.HashSizeInBytes

            if
                length > 0
                && SHA256.HashData(bytes.AsSpan(0, length)).AsSpan().SequenceEqual(bytes.AsSpan length)
            then
                attempt () (fun () -> File.SetLastWriteTimeUtc(path, DateTime.UtcNow))
                Some bytes[.. length - 1]
            else
                None)

    /// Keeps an assembly under a key.
    member _.Write(key: string, assembly: byte[]) =
        attempt () (fun () ->
            Directory.CreateDirectory folder |> ignore
            let path = entry key
            let beside = $"{path}.{Guid.NewGuid():N}"
            File.WriteAllBytes(beside, Array.append assembly (SHA256.HashData assembly))
            File.Move(beside, path, true)
            sweep ())

    /// `rewardkit/scripts` in the user's cache folder: `XDG_CACHE_HOME`, or `~/.cache`.
    static member DefaultFolder =
        let caches =
            match Environment.GetEnvironmentVariable "XDG_CACHE_HOME" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".cache")
            | set -> set

        Path.Combine(caches, "rewardkit", "scripts")
