namespace RewardKit.Scripting

open System
open System.Collections.Generic
open System.IO
open RewardKit
open RewardKit.Training.Data

/// A line that names a package, or a source of packages: `#r "nuget: Name, 1.2.3"`, `#i "nuget: folder"`.
type internal PackageLine =
    {
        File: string
        /// From 1.
        Line: int
        /// The source, or the package's name.
        Name: string
        /// Empty for a source.
        Version: string
    }

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
        /// The packages that it names, and where they may come from beside the sources of nuget.config.
        Packages: PackageLine list
        PackageSources: PackageLine list
        /// Assemblies and native libraries of the packages, absolute, once they have been restored: to run with, and in
        /// References to compile with.
        PackageFiles: string list
        /// What `rewardkit.fsx` says, as an assembly, absolute; none where the file is compiled with the script.
        Library: string option
    }

module internal ScriptSources =

    /// The name under which scripts load what the host generates for them.
    [<Literal>]
    let GeneratedName = "rewardkit.fsx"

    /// Whether a file is one that the host generates.
    let isGenerated (path: string) = Path.GetFileName path = GeneratedName

    /// A path as the user would write it: relative to the current folder when it lies below.
    let display (path: string) =
        let relative = Path.GetRelativePath(Environment.CurrentDirectory, path)
        if relative.StartsWith("..", StringComparison.Ordinal) then path else relative

    /// Refuses what stands in a line of a file.
    let refuse (file: string) (text: string) (line: int) (message: string) =
        let source = text.Split('\n') |> Array.tryItem (line - 1) |> Option.defaultValue ""
        let excerpt = SourceExcerpt.Of(source, line, 1, source.TrimEnd().Length)
        raise (RewardKitException.Input $"{display file}({line},1): error: {message}\n{excerpt}")

    let private nuget = "nuget:"

    let private isNuget (argument: string) =
        argument.TrimStart().StartsWith(nuget, StringComparison.OrdinalIgnoreCase)

    let private packageLine path text (directive: Directive) (argument: string) =
        let said = argument.Trim().Substring(nuget.Length)

        let line name version =
            { File = path; Line = directive.Line; Name = name; Version = version }

        match directive.Name, List.ofArray (said.Split(',', StringSplitOptions.TrimEntries)) with
        | "i", _ ->
            let folder = Path.GetFullPath(said.Trim(), Path.GetDirectoryName path)
            line (if Directory.Exists folder then folder else said.Trim()) ""
        | _, [ name; version ] when version <> "" && not (version.Contains '*') -> line name version
        | _, name :: _ ->
            refuse
                path
                text
                directive.Line
                $"#r \"{argument}\" names no version, and the newest one is another one tomorrow. Write #r \"nuget: {name}, 1.2.3\"."
        | _ -> refuse path text directive.Line "A package is named as #r \"nuget: Name, 1.2.3\"."

    /// Reads a script and, transitively, what it loads. `prepare` is called with the path of each `rewardkit.fsx`
    /// before it is read.
    let read (prepare: string -> unit) (script: string) : ScriptSources =
        let script = Path.GetFullPath script

        if not (File.Exists script) then
            raise (RewardKitException.Input $"There is no script {display script}. Name an .fsx file.")

        let files = ResizeArray<string * string>()
        let missing = ResizeArray<string>()
        let references = ResizeArray<string>()
        let packages = ResizeArray<PackageLine>()
        let packageSources = ResizeArray<PackageLine>()
        let seen = HashSet<string>()

        let rec visit (path: string) =
            if seen.Add path then
                if isGenerated path then prepare path

                if File.Exists path then
                    let text = File.ReadAllText path
                    files.Add(path, text)

                    for directive in Directives.scan text do
                        for argument in directive.Arguments do
                            follow path text directive argument
                else
                    missing.Add path

        and follow path text directive argument =
            let beside = Path.GetFullPath(argument, Path.GetDirectoryName path)

            match directive.Name with
            | "load" -> visit beside
            | "r" when isNuget argument -> packages.Add(packageLine path text directive argument)
            | "i" when isNuget argument -> packageSources.Add(packageLine path text directive argument)
            | "i" -> refuse path text directive.Line "A source of packages is named as #i \"nuget: FOLDER\"."
            | "r" when File.Exists beside ->
                if not (references.Contains beside) then references.Add beside
            | "r" -> ()
            | _ ->
                refuse
                    path
                    text
                    directive.Line
                    $"#I \"{argument}\" is not supported: write the paths of #load and #r relative to their own file."

        visit script

        {
            Script = script
            Files = List.ofSeq files
            Missing = List.ofSeq missing
            References = List.ofSeq references
            Packages = List.ofSeq packages
            PackageSources = List.ofSeq packageSources
            PackageFiles = []
            Library = None
        }
