namespace RewardKit.Scripting

open System
open System.IO
open System.Reflection.Metadata
open System.Reflection.PortableExecutable
open System.Runtime.InteropServices

/// The assemblies that every script is compiled against.
module internal References =

    /// The folder of this assembly, where the host's other assemblies lie.
    let hostFolder =
        Path.GetDirectoryName(typeof<ScriptSources>.Assembly.Location)

    /// What a script may use of the host, as absolute paths. No plugin, and nothing of the compiler.
    let host: string list =
        [ "RewardKit.Scripting"
          "RewardKit.Hosting"
          "RewardKit.Training"
          "RewardKit.Models"
          "RewardKit.Abstractions"
          "RewardKit.Torch"
          "TorchSharp" ]
        |> List.map (fun name -> Path.Combine(hostFolder, name + ".dll"))
        |> List.filter File.Exists

    /// F#'s own library, which comes with the compiler.
    let fsharpCore = Path.Combine(hostFolder, "FSharp.Core.dll")

    /// The folder of the framework's assemblies that scripts are compiled against: the SDK's, which hold no code and are read
    /// in half the time; those that run where there is no SDK.
    let frameworkFolder =
        let running = RuntimeEnvironment.GetRuntimeDirectory()
        let packs = Path.GetFullPath(Path.Combine(running, "../../../packs/Microsoft.NETCore.App.Ref"))
        let target = $"{Environment.Version.Major}.{Environment.Version.Minor}"

        if Directory.Exists packs then
            Directory.GetDirectories(packs, $"{target}.*")
            |> Array.filter (fun pack -> Version.TryParse(Path.GetFileName pack) |> fst)
            |> Array.sortByDescending (fun pack -> Version.Parse(Path.GetFileName pack))
            |> Array.map (fun pack -> Path.Combine(pack, "ref", $"net{target}"))
            |> Array.tryFind Directory.Exists
            |> Option.defaultValue running
        else
            running

    /// The framework's assemblies. Native libraries may lie among them and are told apart by their names.
    let framework () : string list =
        Directory.GetFiles(frameworkFolder, "*.dll")
        |> Array.filter (fun path ->
            let name = Path.GetFileName path

            (name.StartsWith("System.", StringComparison.Ordinal)
             || name.StartsWith("Microsoft.", StringComparison.Ordinal)
             || name = "mscorlib.dll"
             || name = "netstandard.dll")
            && not (name.Contains(".Native", StringComparison.Ordinal)))
        |> Array.sortWith (fun a b -> String.CompareOrdinal(a, b))
        |> List.ofArray

    /// What tells one build of an assembly from another: its module version id, which deterministic builds derive from
    /// their input.
    let identity (path: string) : string =
        use stream = File.OpenRead path
        use reader = new PEReader(stream)
        let metadata = reader.GetMetadataReader()
        metadata.GetGuid(metadata.GetModuleDefinition().Mvid).ToString "N"
