namespace RewardKit.Scripting.Tests

open System
open System.IO
open System.Runtime.CompilerServices
open NUnit.Framework
open RewardKit.Scripting

/// What the generated file says is compiled once, and scripts are as if it were compiled with each of them.
module GeneratedLibraryTests =

    let private generated (value: int) =
        lines [ "namespace RewardKit"; "type Own ="; $"    static member value() = {value}" ]

    let private whole = [ "#load \"rewardkit.fsx\""; "open RewardKit" ]

    let private place = log "typeof<Own>.Assembly.Location"

    let private libraries (space: Workspace) =
        space.Entries |> List.filter (fun entry -> Path.GetFileName(entry).StartsWith("rewardkit-", StringComparison.Ordinal))

    [<Test>]
    let ``scripts that change, others, and what they load share one`` () =
        use space = new Workspace(Generated = generated 1)
        space.Write("a.fsx", lines (whole @ [ place ]))
        space.Run "a.fsx"
        space.Write("sub/c.fsx", lines [ "module C"; "#load \"../rewardkit.fsx\""; "let value = RewardKit.Own.value ()" ])
        space.Write("sub/b.fsx", lines [ "#load \"rewardkit.fsx\" \"c.fsx\""; "open RewardKit"; place; log "C.value + Own.value ()" ])
        space.Run "sub/b.fsx"
        let library = List.exactlyOne (libraries space)
        Assert.That(space.Log, Expect.equal [ library ])
        Assert.That(File.ReadAllLines(space.Path "sub/log.txt"), Expect.equal [| library; "2" |])

    [<Test>]
    let ``another text is another one, at once`` () =
        use space = new Workspace()
        space.Write("a.fsx", lines (whole @ [ log "Own.value ()" ]))

        for value in [ 1; 2; 1 ] do
            space.Generated <- generated value
            space.Run "a.fsx"

        Assert.That(space.Log, Expect.equal [ "1"; "2"; "1" ])
        Assert.That(libraries space, Has.Length.EqualTo 2)

    [<Test>]
    let ``one that is damaged or gone is made again, for a script that was compiled`` () =
        use space = new Workspace(Generated = generated 1)
        space.Write("a.fsx", lines (whole @ [ log "Own.value ()" ]))
        space.Run "a.fsx"
        let library = List.exactlyOne (libraries space)
        space.Damage(library, (File.ReadAllBytes library)[..99])
        space.Run "a.fsx"
        File.Delete library
        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "1"; "1"; "1" ])

    [<Test>]
    let ``where nothing can be kept, the file is compiled with the script`` () =
        use space = new Workspace(Generated = generated 1)
        File.WriteAllText(space.Cache, "a file in the folder's place")
        space.Write("a.fsx", lines (whole @ [ log "Own.value ()" ]))
        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "1" ])

    [<Test>]
    let ``what is wrong in the file is told with its place`` () =
        use space = new Workspace(Generated = lines [ "namespace RewardKit"; "type Own = Nothing.At.All" ])
        space.Write("a.fsx", lines (whole @ [ "let own = 1" ]))
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith(space.Path "rewardkit.fsx("))
        Assert.That(error.Message, Does.Contain "type Own = Nothing.At.All")

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private runAndLetGo (space: Workspace) =
        space.Host.Run(space.Context("a.fsx", []), ignore) |> ignore

        AppDomain.CurrentDomain.GetAssemblies()
        |> Array.tryFind (fun own -> not own.IsDynamic && own.Location = List.exactlyOne (libraries space))
        |> Option.toObj
        |> WeakReference

    [<Test>]
    let ``it is gone after the script ran`` () =
        use space = new Workspace(Generated = generated 1)
        space.Write("a.fsx", lines (whole @ [ place ]))
        Expect.gone (runAndLetGo space)
