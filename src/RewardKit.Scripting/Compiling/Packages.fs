namespace RewardKit.Scripting

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Security
open System.Security.Cryptography
open System.Text
open System.Text.Json
open System.Threading
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins.Packages

/// The packages that scripts name by `#r "nuget: Name, 1.2.3"`. NuGet restores them, once for each set of such lines; which
/// files that gave is kept in the cache folder, so that a script that was compiled starts without NuGet.
type internal Packages(cacheFolder: string) =

    let framework = $"net{Environment.Version.Major}.{Environment.Version.Minor}"

    let project (sources: ScriptSources) =
        let attribute (text: string) = SecurityElement.Escape text

        let references =
            [ for package in sources.Packages do
                  $"    <PackageReference Include=\"{attribute package.Name}\" Version=\"[{attribute package.Version}]\" />" ]
            |> String.concat "\n"

        let from = sources.PackageSources |> List.map _.Name |> String.concat ";" |> attribute

        // The settings of NuGet are those that hold in the script's folder.
        $"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>{framework}</TargetFramework>
    <RuntimeIdentifier>{RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifier>
    <SelfContained>false</SelfContained>
    <EnableDefaultItems>false</EnableDefaultItems>
    <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
    <NuGetAudit>false</NuGetAudit>
    <RestoreRootConfigDirectory>{attribute (Path.GetDirectoryName sources.Script)}</RestoreRootConfigDirectory>
    <RestoreAdditionalProjectSources>{from}</RestoreAdditionalProjectSources>
  </PropertyGroup>
  <ItemGroup>
{references}
  </ItemGroup>
</Project>
"""

    /// Where the files of a set of packages are listed.
    let listOf (project: string) =
        let name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes project))
        Path.Combine(cacheFolder, "packages", name + ".txt")

    /// NuGet's refusal, at the line that it is about.
    let refuse (sources: ScriptSources) (reasons: string) =
        let line =
            sources.Packages
            |> List.tryFind (fun package -> reasons.Contains(package.Name, StringComparison.OrdinalIgnoreCase))
            |> Option.defaultValue sources.Packages.Head

        let text = sources.Files |> List.find (fun (file, _) -> file = line.File) |> snd

        let hint =
            if reasons.Contains "NU1301" then
                "\nIs the network there? Packages may come from a folder, too: #i \"nuget: FOLDER\"."
            else
                ""

        try
            ScriptSources.refuse line.File text line.Line $"The package {line.Name} {line.Version} cannot be restored."
        with :? RewardKitException as refusal ->
            raise (RewardKitException.Input $"{refusal.Message}\n{reasons}{hint}")

    /// The files of the packages that a restore found: what to compile with, and what to run with.
    let restored (assets: string) =
        use document = JsonDocument.Parse(File.ReadAllBytes assets)
        let root = document.RootElement
        let folders = [ for folder in root.GetProperty("packageFolders").EnumerateObject() -> folder.Name ]
        let target = Seq.last (root.GetProperty("targets").EnumerateObject())

        [ for library in target.Value.EnumerateObject() do
              let place = root.GetProperty("libraries").GetProperty(library.Name)

              if place.GetProperty("type").GetString() = "package" then
                  for kind in [ "compile"; "runtime"; "native" ] do
                      match library.Value.TryGetProperty kind with
                      | true, files ->
                          for file in files.EnumerateObject() do
                              let below = Path.Combine(place.GetProperty("path").GetString(), file.Name)

                              match folders |> List.map (fun folder -> Path.Combine(folder, below)) |> List.tryFind File.Exists with
                              | Some path when Path.GetExtension path <> "" -> $"{kind} {path}"
                              | _ -> ()
                      | _ -> () ]

    let restore (sources: ScriptSources) (project: string) =
        let folder = Directory.CreateTempSubdirectory "rewardkit-"

        try
            let file = Path.Combine(folder.FullName, "packages.proj")
            File.WriteAllText(file, project)

            match NuGetClient.Refusal(file, false, CancellationToken.None) with
            | null -> restored (NuGetClient.AssetsOf file)
            | reasons -> refuse sources reasons
        finally
            folder.Delete true

    /// Files as a list has them, as far as each of them is still there.
    let read (list: string) =
        if File.Exists list then
            Some(List.ofArray (File.ReadAllLines list))
            |> Option.filter (List.forall (fun line -> File.Exists(line.Substring(line.IndexOf ' ' + 1))))
        else
            None

    /// A script's sources with what its packages bring, which is restored unless it has been before. Of what the host or the
    /// framework has, too, theirs is used.
    member _.Restore(sources: ScriptSources) : ScriptSources =
        if sources.Packages.IsEmpty then
            sources
        else
            let project = project sources
            let list = listOf project

            let files =
                match read list with
                | Some files -> files
                | None ->
                    let files = restore sources project
                    AtomicFile.Write(list, Encoding.UTF8.GetBytes(String.Join('\n', files))) |> ignore
                    files

            let ofKind kinds =
                [ for line in files do
                      let at = line.IndexOf ' '
                      if List.contains (line.Substring(0, at)) kinds then line.Substring(at + 1) ]

            let isFrameworks (path: string) =
                File.Exists(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), Path.GetFileName path))

            let theHosts (path: string) =
                let own = Path.Combine(References.hostFolder, Path.GetFileName path)
                if File.Exists own then own else path

            let toCompile =
                ofKind [ "compile" ]
                |> List.filter (fun path -> not (isFrameworks path))
                |> List.map theHosts
                |> List.filter (fun path -> not (List.contains path References.host))

            { sources with
                References = sources.References @ toCompile
                PackageFiles = ofKind [ "runtime"; "native" ] |> List.filter (fun path -> not (isFrameworks path))
            }

module internal Packages =

    let private version (path: string) =
        FileVersionInfo.GetVersionInfo(path).ProductVersion |> Option.ofObj |> Option.map (fun text -> text.Split('+')[0])

    /// What to say where the host's assembly is used in place of the one in a package that a script names.
    let replaced (sources: ScriptSources) : string list =
        [ for package in sources.Packages do
              for path in sources.PackageFiles do
                  let own = Path.Combine(References.hostFolder, Path.GetFileName path)

                  if
                      Path.GetFileNameWithoutExtension(path).Equals(package.Name, StringComparison.OrdinalIgnoreCase)
                      && File.Exists own
                      && version own <> version path
                  then
                      let its = version own |> Option.defaultValue "of its own"
                      $"{ScriptSources.display package.File}({package.Line},1): warning: RewardKit has {package.Name} {its}, which is used in place of {package.Version}." ]
