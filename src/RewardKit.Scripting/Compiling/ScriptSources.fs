namespace RewardKit.Scripting

open System
open System.Collections.Generic
open System.IO
open RewardKit

/// What one script is made of: its own text, the files it loads, and the assemblies it references beside the host's.
type internal ScriptSources =
    {
        /// The script, absolute.
        Script: string
        /// Path and text of every file that exists, the script first; in the order in which they were met.
        Files: (string * string) list
        /// Loaded files that are not there; the compiler says so with the place.
        Missing: string list
        /// Assemblies named by `#r`, absolute, as far as they exist; the compiler knows or refuses the others.
        References: string list
    }

module internal ScriptSources =

    /// The name under which scripts load what the host generates for them.
    [<Literal>]
    let GeneratedName = "rewardkit.fsx"

    /// A path as the user would write it: relative to the current folder when it lies below.
    let display (path: string) =
        let relative = Path.GetRelativePath(Environment.CurrentDirectory, path)
        if relative.StartsWith("..", StringComparison.Ordinal) then path else relative

    let private refuse file line message =
        raise (RewardKitException.Input $"{display file}({line},1): error: {message}")

    /// Reads a script and, transitively, what it loads. `prepare` is called with the path of each `rewardkit.fsx`
    /// before it is read.
    let read (prepare: string -> unit) (script: string) : ScriptSources =
        let script = Path.GetFullPath script

        if not (File.Exists script) then
            raise (RewardKitException.Input $"There is no script {display script}. Name an .fsx file.")

        let files = ResizeArray<string * string>()
        let missing = ResizeArray<string>()
        let references = ResizeArray<string>()
        let seen = HashSet<string>()

        let rec visit (path: string) =
            if seen.Add path then
                if Path.GetFileName path = GeneratedName then prepare path

                if File.Exists path then
                    let text = File.ReadAllText path
                    files.Add(path, text)

                    for directive in Directives.scan text do
                        for argument in directive.Arguments do
                            follow path directive argument
                else
                    missing.Add path

        and follow path directive argument =
            let beside = Path.GetFullPath(argument, Path.GetDirectoryName path)

            match directive.Name with
            | "load" -> visit beside
            | "r" when argument.TrimStart().StartsWith("nuget", StringComparison.OrdinalIgnoreCase) ->
                refuse
                    path
                    directive.Line
                    $"#r \"{argument}\" is not supported: scripts do not restore packages. Reference an assembly file, \
                      as #r \"lib/Name.dll\"; methods come from plugins, which the host finds by itself."
            | "r" when File.Exists beside ->
                if not (references.Contains beside) then references.Add beside
            | "r" -> ()
            | _ ->
                refuse
                    path
                    directive.Line
                    $"#I \"{argument}\" is not supported: write the paths of #load and #r relative to their own file."

        visit script

        {
            Script = script
            Files = List.ofSeq files
            Missing = List.ofSeq missing
            References = List.ofSeq references
        }
