namespace RewardKit.Scripting.Tests

open NUnit.Framework
open RewardKit.Scripting

module DirectivesTests =
    let private found text =
        Directives.scan text |> List.map (fun d -> d.Name, d.Arguments, d.Line)

    [<Test>]
    let ``every form of string names a file`` () =
        let text = "#load \"a b.fsx\" @\"c\\d.fsx\"\n# r \"\"\"e.dll\"\"\"\n  #I \"x\\\\y\""

        Assert.That(
            found text,
            Expect.equal [ "load", [ "a b.fsx"; "c\\d.fsx" ], 1; "r", [ "e.dll" ], 2; "I", [ "x\\y" ], 3 ]
        )

    [<TestCase("// #load \"a.fsx\"")>]
    [<TestCase("(* (* nested *) #load \"a.fsx\" *)")>]
    [<TestCase("(* \"*)\" #load \"a.fsx\" *)")>]
    [<TestCase("let s = \"\n#load \\\"a.fsx\\\"\"")>]
    [<TestCase("let s = @\"\"\"\n#load \"\"a.fsx\"\"\"")>]
    [<TestCase("let s = \"\"\"\n#load \"a.fsx\" \"\"\"")>]
    [<TestCase("let ``#load \"a.fsx\"`` = 1")>]
    [<TestCase("let f (x: #seq<int>) = x")>]
    let ``what only looks like a directive is none`` text = Assert.That(found text, Is.Empty)

    [<TestCase("let quote = '\"'")>]
    [<TestCase("let quote = '\\\"'")>]
    [<TestCase("let apostrophe = '\\''")>]
    [<TestCase("let x' = 1 in let x'' = \"it's\"")>]
    [<TestCase("let id (x: 'a) : 'a = x")>]
    [<TestCase("let times = (*) 2 3")>]
    [<TestCase("let path = @\"c:\\\"")>]
    [<TestCase("let text = $\"{1} \\\" \"")>]
    [<TestCase("#if NEVER")>]
    let ``a directive is found behind lines that are hard to read`` before =
        Assert.That(found (before + "\n#load \"a.fsx\""), Expect.equal [ "load", [ "a.fsx" ], 2 ])
