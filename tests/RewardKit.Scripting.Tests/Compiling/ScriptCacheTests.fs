namespace RewardKit.Scripting.Tests

open System.IO
open NUnit.Framework
open RewardKit.Scripting

module ScriptCacheTests =
    [<Test>]
    let ``what was written is read, and nothing else lies beside it`` () =
        use space = new Workspace()
        let cache = ScriptCache space.Cache
        cache.Write("key", [| 1uy; 2uy; 3uy |])
        Assert.That(cache.TryRead "key", Expect.equal (Some [| 1uy; 2uy; 3uy |]))
        Assert.That(cache.TryRead "other", Expect.equal None)
        Assert.That(space.Entries, Has.Length.EqualTo 1)

    [<Test>]
    let ``a damaged or cut entry is not there`` () =
        use space = new Workspace()
        let cache = ScriptCache space.Cache
        cache.Write("key", Array.init 100 byte)
        let whole = File.ReadAllBytes space.Entries.Head

        for length in [ 0; 10; 32; 131 ] do
            File.WriteAllBytes(space.Entries.Head, whole[.. length - 1])
            Assert.That(cache.TryRead "key", Expect.equal None, $"cut to {length}")

        whole[50] <- whole[50] ^^^ 1uy
        File.WriteAllBytes(space.Entries.Head, whole)
        Assert.That(cache.TryRead "key", Expect.equal None, "one bit changed")

    [<Test>]
    let ``the cache keeps a bounded number of entries`` () =
        use space = new Workspace()
        let cache = ScriptCache space.Cache

        for index in 1..210 do
            cache.Write($"key{index}", [| byte index |])

        Assert.That(space.Entries, Has.Length.EqualTo 200)
        Assert.That(cache.TryRead "key210", Expect.equal (Some [| 210uy |]))
