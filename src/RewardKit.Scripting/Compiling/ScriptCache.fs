namespace RewardKit.Scripting

open System
open System.IO
open System.Security.Cryptography

/// A compiled script. Debuggers find the symbols of one in a file; those of one in memory, not all of them do.
type internal CompiledScript =
    | InFile of string
    /// Where the cache cannot be written.
    | InMemory of byte[]

/// Compiled scripts by key, one file each: the assembly, and behind it, where the loader does not look, the SHA-256 of it,
/// so that an entry is either whole or not there. Entries are written beside and renamed, so that one that is in use stays
/// what it is.
type internal ScriptCache(folder: string) =
    /// Older entries are removed when there are more than this.
    let kept = 200

    let entry (key: string) = Path.Combine(folder, key + ".dll")

    let sweep () =
        for old in
            DirectoryInfo(folder).GetFiles "*.dll"
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

    /// The script kept under a key; nothing if there is none or its file is damaged.
    member _.TryFind(key: string) : CompiledScript option =
        attempt None (fun () ->
            let path = entry key
            let bytes = File.ReadAllBytes path
            let length = bytes.Length - SHA256.HashSizeInBytes

            if
                length > 0
                && SHA256.HashData(bytes.AsSpan(0, length)).AsSpan().SequenceEqual(bytes.AsSpan length)
            then
                attempt () (fun () -> File.SetLastWriteTimeUtc(path, DateTime.UtcNow))
                Some(InFile path)
            else
                None)

    /// Keeps an assembly under a key.
    member _.Keep(key: string, assembly: byte[]) : CompiledScript =
        attempt (InMemory assembly) (fun () ->
            Directory.CreateDirectory folder |> ignore
            let path = entry key
            let beside = $"{path}.{Guid.NewGuid():N}"
            File.WriteAllBytes(beside, Array.append assembly (SHA256.HashData assembly))
            File.Move(beside, path, true)
            attempt () sweep
            InFile path)

    /// `rewardkit/scripts` in the user's cache folder: `XDG_CACHE_HOME`, or `~/.cache`.
    static member DefaultFolder =
        let caches =
            match Environment.GetEnvironmentVariable "XDG_CACHE_HOME" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".cache")
            | set -> set

        Path.Combine(caches, "rewardkit", "scripts")
