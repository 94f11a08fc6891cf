namespace RewardKit.Scripting.Tests

open System
open System.IO
open NUnit.Framework
open RewardKit.Scripting

module ReferenceCopiesTests =

    let private bytes (paths: string list) = paths |> List.map File.ReadAllBytes

    // Compiled once: the same text compiled elsewhere is another assembly.
    let private libraries = lazy [ for number in 1..3 -> StaleCacheTests.library number ]

    /// Builds an assembly of the host, so to say, with its documentation.
    let private build (space: Workspace) number =
        space.Write("host/own.xml", "<doc />")
        let assembly = space.Path "host/own.dll"
        space.Damage(assembly, libraries.Value[number - 1])
        assembly

    [<Test>]
    let ``a build gives another folder, and leaves the one in use as it was`` () =
        use space = new Workspace()
        let copies () = (ReferenceCopies(space.Cache, [ build space 1 ])).Paths
        let first = copies ()
        let before = bytes first
        Assert.That(first |> List.map (fun path -> File.Exists(Path.ChangeExtension(path, ".xml"))), Expect.equal [ true ])

        let past = DateTime(2026, 1, 1)
        File.SetLastWriteTimeUtc(first.Head, past)
        let second = (ReferenceCopies(space.Cache, [ build space 2 ])).Paths
        Assert.That(second, Is.Not.EqualTo(box first))
        Assert.That(bytes second, Is.Not.EqualTo(box before))
        Assert.That(bytes first, Expect.equal before)
        Assert.That(copies (), Expect.equal first, "the earlier build again")
        Assert.That(File.GetLastWriteTimeUtc first.Head, Expect.equal past, "not written again")

    [<Test>]
    let ``what no host has used for long is removed`` () =
        use space = new Workspace()
        let old = (ReferenceCopies(space.Cache, [ build space 1 ])).Paths.Head
        let recent = (ReferenceCopies(space.Cache, [ build space 2 ])).Paths.Head
        Directory.SetLastWriteTimeUtc(Path.GetDirectoryName old, DateTime.UtcNow.AddDays -61.0)
        Directory.SetLastWriteTimeUtc(Path.GetDirectoryName recent, DateTime.UtcNow.AddDays -20.0)
        // Using it keeps it, and only a new build looks for what to remove.
        (ReferenceCopies(space.Cache, [ build space 2 ])).Paths |> ignore
        Assert.That(DateTime.UtcNow - Directory.GetLastWriteTimeUtc(Path.GetDirectoryName recent), Is.LessThan(TimeSpan.FromDays 1.0))
        (ReferenceCopies(space.Cache, [ build space 3 ])).Paths |> ignore
        Assert.That((File.Exists old, File.Exists recent), Expect.equal (false, true))

    [<Test>]
    let ``the generated file names nothing that a build replaces`` () =
        use space = new Workspace(Generated = "namespace RewardKit")
        space.Host.Generate(space.Path "")

        let named =
            [ for directive in Directives.scan (File.ReadAllText(space.Path "rewardkit.fsx")) do
                  yield! directive.Arguments |> List.filter Path.IsPathRooted ]

        let names paths = paths |> List.map (fun (path: string) -> Path.GetFileName path)
        Assert.That(names named, Expect.equal (names References.host))
        Assert.That(named |> List.filter (fun path -> not (path.StartsWith(space.Cache, StringComparison.Ordinal) && File.Exists path)), Is.Empty)
