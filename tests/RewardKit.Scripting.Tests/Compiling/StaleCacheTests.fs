namespace RewardKit.Scripting.Tests

open System.IO
open NUnit.Framework
open RewardKit.Scripting

/// Nothing that was compiled before is used where compiling would give something else.
module StaleCacheTests =

    /// An assembly `own` with a function that returns a number.
    let internal library (number: int) =
        use maker = new Workspace()
        maker.Write("own.fsx", lines [ "module Own"; $"let value () = {number}" ])
        maker.Host.Check(maker.Path "own.fsx") |> ignore
        File.ReadAllBytes maker.Entries.Head

    [<Test>]
    let ``a referenced assembly that changes`` () =
        use space = new Workspace()
        space.Write("lib/own.dll", "")
        space.Write("a.fsx", lines [ "#r \"lib/own.dll\""; log "Own.value ()" ])

        for number in [ 1; 2 ] do
            space.Damage(space.Path "lib/own.dll", library number)
            space.Run "a.fsx"

        Assert.That(space.Log, Expect.equal [ "1"; "2" ])
        Assert.That(space.Entries, Has.Length.EqualTo 2)

    [<Test>]
    let ``a loaded file that is deleted, and one that appears`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "#load \"b.fsx\""; log "B.value" ])
        let refused () = (refusal (fun () -> space.Run "a.fsx")).Message
        Assert.That(refused (), Does.StartWith $"{space.A}(1,1): error FS")
        space.Write("b.fsx", lines [ "module B"; "let value = 1" ])
        space.Run "a.fsx"
        File.Delete space.B
        Assert.That(refused (), Does.StartWith $"{space.A}(1,1): error FS")
        Assert.That(space.Log, Expect.equal [ "1" ])

    [<Test>]
    let ``a referenced assembly that is deleted, and one that appears`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "#r \"lib/own.dll\""; log "Own.value ()" ])
        let refused () = (refusal (fun () -> space.Run "a.fsx")).Message
        Assert.That(refused (), Does.StartWith $"{space.A}(1,1): error FS")
        space.Write("lib/own.dll", "")
        space.Damage(space.Path "lib/own.dll", library 3)
        space.Run "a.fsx"
        File.Delete(space.Path "lib/own.dll")
        Assert.That(refused (), Does.StartWith $"{space.A}(1,1): error FS")
        Assert.That(space.Log, Expect.equal [ "3" ])

    [<Test>]
    let ``another runtime, framework, compiler, option or host`` () =
        use space = new Workspace()
        space.Write("a.fsx", log "1")
        let sources = ScriptSources.read ignore space.A
        let current = Toolchain.Of References.host
        let key toolchain = ScriptKey.assembly toolchain sources

        // A compiler and a host that are built anew in the same place.
        let copy = space.Path "copy.dll"
        let place (assembly: string) = space.Damage(copy, File.ReadAllBytes assembly)
        place current.References[0]
        let before = [ key { current with Compiler = copy }; key { current with References = [ copy ] } ]
        place current.References[1]
        let after = [ key { current with Compiler = copy }; key { current with References = [ copy ] } ]

        let others =
            [ key { current with Runtime = ".NET 99" }
              key { current with Framework = "/packs/99" }
              key { current with Options = "--optimize+" :: current.Options } ]

        Assert.That(key current :: others @ before @ after, Is.Unique)
        Assert.That(key (Toolchain.Of References.host), Expect.equal (key current))
