namespace RewardKit.Scripting

open System
open System.IO
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Text

/// What compiles a script, and against what.
type internal Toolchain =
    {
        Runtime: string
        /// The folder of the framework's assemblies.
        Framework: string
        /// The compiler's assembly.
        Compiler: string
        Options: string list
        /// The host's assemblies that a script can use, and F#'s library.
        References: string list
    }

    /// That of this process, with its copies of the host's assemblies.
    static member Of(references: string list) =
        {
            Runtime = RuntimeInformation.FrameworkDescription
            Framework = References.frameworkFolder
            Compiler = Path.Combine(References.hostFolder, Options.compilerFile)
            Options = Options.all
            References = References.fsharpCore :: references
        }

/// When a script is the same as before.
module internal ScriptKey =

    let private hash (parts: string seq) =
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        for part in parts do
            hash.AppendData(Encoding.UTF8.GetBytes part)
            hash.AppendData [| 0uy |]

        Convert.ToHexStringLower(hash.GetHashAndReset())

    /// Decides whether a compiled assembly still is what compiling would give. A script's arguments have no part in it.
    let assembly (toolchain: Toolchain) (sources: ScriptSources) : string =
        hash
            [ yield toolchain.Runtime
              yield toolchain.Framework
              yield! toolchain.Options
              for path in List.distinct (toolchain.Compiler :: toolchain.References @ sources.References) do
                  yield path
                  yield References.identity path
              for path, text in sources.Files do
                  yield path
                  yield text
              yield! sources.Missing
              yield! sources.PackageFiles
              // Its name is a key of its content.
              yield! Option.toList sources.Library ]

    /// Decides whether a script's own code would do the same again, wherever it lies. The generated file has no part in
    /// it: what it makes is plugin uses, and these speak for themselves.
    let content (sources: ScriptSources) (arguments: string seq) : string =
        let folder = Path.GetDirectoryName sources.Script

        hash
            [ for path, text in sources.Files do
                  if not (ScriptSources.isGenerated path) then
                      yield Path.GetRelativePath(folder, path)
                      yield text
              for path in sources.References do
                  yield References.identity path
              for path in sources.PackageFiles do
                  yield Path.GetFileName path
              yield "arguments"
              yield! arguments ]
