namespace RewardKit.Scripting.Tests

open System
open System.IO
open System.Runtime.CompilerServices
open System.Threading
open NUnit.Framework
open RewardKit
open RewardKit.Scripting

/// Through the real compiler, on real scripts.
module ScriptHostTests =

    [<Test>]
    let ``a script runs once from top to bottom, with its arguments`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "open RewardKit"; log "1"; "let two = 1 + 1"; log "two"; log "Script.arguments" ])
        space.RunWith("a.fsx", [ "--x"; "y z" ])
        Assert.That(space.Log, Expect.equal [ "1"; "2"; "[--x; y z]" ])
        Assert.That(space.Warnings, Is.Empty)

    [<Test>]
    let ``other arguments do not compile it again, and arrive`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "open RewardKit"; log "Script.arguments" ])
        space.RunWith("a.fsx", [ "first" ])
        let entries = space.Entries
        // A second compilation would write a second entry or this one anew; what stands in the entry tells.
        let compiled = File.ReadAllBytes entries.Head
        space.RunWith("a.fsx", [ "second" ])
        Assert.That(space.Log, Expect.equal [ "[first]"; "[second]" ])
        Assert.That(space.Entries, Expect.equal entries)
        Assert.That(File.ReadAllBytes entries.Head, Expect.equal compiled)

    [<Test>]
    let ``a loaded file that changes is compiled again, also behind another loaded file`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "#load \"lib/b.fsx\""; log "B.value" ])
        space.Write("lib/b.fsx", lines [ "module B"; "#load \"c.fsx\""; "let value = C.value + 1" ])
        space.Write("lib/c.fsx", lines [ "module C"; "let value = 1" ])
        space.Run "a.fsx"
        space.Write("lib/c.fsx", lines [ "module C"; "let value = 41" ])
        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "2"; "42" ])

    [<Test>]
    let ``a damaged cache entry is compiled again`` () =
        use space = new Workspace()
        space.Write("a.fsx", log "\"ran\"")
        space.Run "a.fsx"
        let entry = space.Entries.Head
        let whole = File.ReadAllBytes entry
        space.Damage(entry, whole[.. whole.Length / 2])
        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "ran"; "ran" ])
        Assert.That(File.ReadAllBytes(entry).Length, Expect.equal whole.Length)

    [<Test>]
    let ``a cached script does not need the compiler, nor the cache the script's place in time`` () =
        use space = new Workspace()
        space.Write("a.fsx", log "\"ran\"")
        space.Run "a.fsx"
        File.SetLastWriteTimeUtc(space.A, DateTime(2001, 1, 1))
        space.Run "a.fsx"
        Assert.That(space.Entries, Has.Length.EqualTo 1)

    [<Test>]
    let ``every compile error has its place, and nothing is kept`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "let a: int = \"one\""; "let b = 1"; "let c = b + nowhere" ])
        let error = refusal (fun () -> space.Run "a.fsx")
        let path = space.A
        let reported = error.Message.Split '\n'
        Assert.That(error.ExitCode, Expect.equal 2)
        Assert.That(reported[0], Does.StartWith $"{path}(1,14): error FS0001: ")
        Assert.That(error.Message, Does.Contain $"\n\n{path}(3,13): error FS0039: ")
        Assert.That(space.Entries, Is.Empty)

    [<Test>]
    let ``an error in a loaded file is placed there`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "#load \"b.fsx\""; "printfn \"%d\" B.value" ])
        space.Write("b.fsx", lines [ "module B"; "let value: int = 1.5" ])
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith $"{space.B}(2,18): error FS0001: ")

    [<Test>]
    let ``a loaded file that is missing is an error at its line`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ ""; "#load \"nowhere.fsx\"" ])
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith $"{space.A}(2,1): error FS")
        Assert.That(error.Message, Does.Contain "nowhere.fsx")

    [<Test>]
    let ``warnings are told when a script is compiled`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "let f x ="; "    match x with"; "    | 1 -> 2"; "printfn \"%d\" (f 1)" ])
        let warnings = space.Host.Check(space.A)
        Assert.That(warnings, Has.Count.EqualTo 1)
        Assert.That(warnings[0], Does.StartWith $"{space.A}(2,11): warning FS0025: ")

    [<Test>]
    let ``a script that is not there is refused`` () =
        use space = new Workspace()
        let error = refusal (fun () -> space.Run "nowhere.fsx")
        Assert.That(error.Message, Does.Contain(space.Path "nowhere.fsx"))
        Assert.That(error.ExitCode, Expect.equal 2)

    [<Test>]
    let ``a script that throws is told with its own line, cached or not`` () =
        use space = new Workspace()

        space.Write(
            "a.fsx",
            lines [ "let deep (xs: int list) ="; "    List.head xs"; ""; "let run () = deep []"; "run () |> ignore" ]
        )

        for _ in 1..2 do
            let error = refusal (fun () -> space.Run "a.fsx")
            Assert.That(error.ExitCode, Expect.equal 1)
            Assert.That(error.Message, Does.StartWith "ArgumentException: ")
            Assert.That(error.Message, Does.EndWith $"\n  at {space.A}:2\n   2 |     List.head xs")

    [<Test>]
    let ``a loaded file that throws is told with its own line`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "#load \"b.fsx\""; log "B.value" ])
        space.Write("b.fsx", lines [ "module B"; ""; ""; "let value: int = failwith \"boom\"" ])
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Expect.equal $"boom\n  at {space.B}:4\n   4 | let value: int = failwith \"boom\"")

    [<Test>]
    let ``a refusal keeps its exit code and gets the script's line`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "open RewardKit"; "Data.hhRlhf \"nowhere\"" ])
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.ExitCode, Expect.equal 2)
        Assert.That(error.Message, Does.StartWith ("There is no data folder " + space.Path "nowhere" + "."))
        Assert.That(error.Message, Does.EndWith $"\n  at {space.A}:2\n   2 | Data.hhRlhf \"nowhere\"")

    [<Test>]
    let ``being stopped stays being stopped`` () =
        use space = new Workspace()
        space.Write("a.fsx", "raise (System.OperationCanceledException())")
        Assert.Throws<OperationCanceledException>(Action(fun () -> space.Run "a.fsx")) |> ignore

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private runAndLetGo (space: Workspace) =
        space.Host.Run(space.Context("a.fsx", []), ignore)

    [<Test>]
    let ``a script's assembly is gone after it ran`` () =
        use space = new Workspace()

        space.Write(
            "a.fsx",
            lines
                [ "type Own = { Name: string; Numbers: int list }"
                  "let own = { Name = \"x\"; Numbers = [ 1; 2 ] }"
                  "printfn \"%A %s\" own (sprintf \"%d\" own.Numbers.Length)"
                  "task { return own } |> fun t -> t.Result |> ignore"
                  log "own" ]
        )

        Expect.gone (runAndLetGo space)
        Assert.That(space.Log, Has.Length.EqualTo(1).Or.Length.GreaterThan(1))

    [<Test>]
    let ``the files that decide what it does are its own, not what is generated for it`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines [ "#load \"rewardkit.fsx\" \"sub/b.fsx\" \"later.fsx\""; "#r \"lib/Own.dll\"" ])
        space.Write("sub/b.fsx", "#load \"c.fsx\"")
        space.Write("sub/c.fsx", "let c = 1")
        space.Write("lib/Own.dll", "")

        Assert.That(
            space.Host.Files space.A |> List.ofSeq |> List.sort,
            Expect.equal (List.map space.Path [ "a.fsx"; "later.fsx"; "lib/Own.dll"; "sub/b.fsx"; "sub/c.fsx" ])
        )

        Assert.That(System.IO.File.Exists(space.Path "rewardkit.fsx"), Is.False)
