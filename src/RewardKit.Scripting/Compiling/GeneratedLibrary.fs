namespace RewardKit.Scripting

open System.IO
open RewardKit

/// The generated file as an assembly, compiled once for all scripts that load it: it is far longer than most of them. A
/// script is then compiled with the file itself empty. Editors know nothing of it and read the file.
module internal GeneratedLibrary =

    let private sources script text =
        {
            Script = script
            Files = [ script, text ]
            Missing = []
            References = []
            Packages = []
            PackageSources = []
            PackageFiles = []
            Library = None
        }

    /// Compiles a copy: the file itself may be written anew meanwhile, and what is kept must be what its key says.
    let private compile toolchain (name: string) (text: string) =
        let folder = Directory.CreateTempSubdirectory "rewardkit-"

        try
            let copy = Path.Combine(folder.FullName, name + ".fsx")
            File.WriteAllText(copy, text)
            (Compiler.compile toolchain (sources copy text)).Assembly
        finally
            folder.Delete true

    /// <summary>The assembly's file.</summary>
    /// <param name="cache">Where it is kept.</param>
    /// <param name="toolchain">What compiles scripts.</param>
    /// <param name="text">What the generated file says.</param>
    /// <returns>None where it cannot be kept, or where the text does not compile by itself: the script's errors say so.</returns>
    let find (cache: ScriptCache) (toolchain: Toolchain) (text: string) : string option =
        let toolchain = { toolchain with Options = Options.library }
        // Also the assembly's own name, by which a script finds it.
        let name = "rewardkit-" + ScriptKey.assembly toolchain (sources ScriptSources.GeneratedName text)

        match cache.TryFind name with
        | Some(InFile path) -> Some path
        | _ ->
            try
                match cache.Keep(name, compile toolchain name text) with
                | InFile path -> Some path
                | InMemory _ -> None
            with :? RewardKitException ->
                None
