namespace RewardKit.Scripting.Tests

open System.IO
open NUnit.Framework
open RewardKit.Scripting

module ScriptCacheTests =
    [<Test>]
    let ``what was written is read, and nothing else lies beside it`` () =
        use space = new Workspace()
        let cache = ScriptCache space.Cache
        let kept = cache.Keep("key", [| 1uy; 2uy; 3uy |])
        Assert.That(cache.TryFind "key", Expect.equal (Some kept))
        Assert.That(cache.TryFind "other", Expect.equal None)
        Assert.That(space.Entries, Has.Length.EqualTo 1)
        Assert.That(kept, Expect.equal (InFile space.Entries.Head))
        Assert.That((File.ReadAllBytes space.Entries.Head)[..2], Expect.equal [| 1uy; 2uy; 3uy |])

    [<Test>]
    let ``where nothing can be written a script stays in memory`` () =
        use space = new Workspace()
        File.WriteAllText(space.Cache, "a file in the folder's place")
        Assert.That((ScriptCache space.Cache).Keep("key", [| 1uy |]), Expect.equal (InMemory [| 1uy |]))

    [<Test>]
    let ``a damaged or cut entry is not there`` () =
        use space = new Workspace()
        let cache = ScriptCache space.Cache
        cache.Keep("key", Array.init 100 byte) |> ignore
        let whole = File.ReadAllBytes space.Entries.Head

        for length in [ 0; 10; 32; 131 ] do
            File.WriteAllBytes(space.Entries.Head, whole[.. length - 1])
            Assert.That(cache.TryFind "key", Expect.equal None, $"cut to {length}")

        whole[50] <- whole[50] ^^^ 1uy
        File.WriteAllBytes(space.Entries.Head, whole)
        Assert.That(cache.TryFind "key", Expect.equal None, "one bit changed")

    [<Test>]
    let ``the cache keeps a bounded number of entries`` () =
        use space = new Workspace()
        let cache = ScriptCache space.Cache

        for index in 1..210 do
            cache.Keep($"key{index}", [| byte index |]) |> ignore

        Assert.That(space.Entries, Has.Length.EqualTo 200)
        Assert.That((cache.TryFind "key210").IsSome)
