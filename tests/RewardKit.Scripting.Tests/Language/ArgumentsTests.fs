namespace RewardKit.Scripting.Tests

open NUnit.Framework
open RewardKit

/// What a script reads from the command line.
module ArgumentsTests =
    let private run (space: Workspace) arguments (text: string list) =
        space.Write("a.fsx", lines ("open RewardKit" :: text))
        space.RunWith("a.fsx", arguments)

    let private refused arguments text =
        use space = new Workspace()
        let error = refusal (fun () -> run space arguments text)
        Assert.That(error.ExitCode, Expect.equal 2)
        error.Message.Split('\n')[0]

    let private asks =
        [ "let rate, steps, name = Script.option (\"lr\", 1e-3), Script.option (\"steps\", 10), Script.option (\"name\", \"plain\")" ]

    /// An experiment, so that arguments are checked.
    let private experiment =
        [ "let pairs = RewardKit.Training.Data.PairFile \"/pairs\" :> RewardKit.Training.Data.PairData"
          "experiment \"e\" {"
          "    model (RewardKit.Models.ModelSpec(Folder = \"/model\"))"
          "    train pairs"
          "    arm \"a\" [ Plugin.loss \"x\" [] ]"
          "    evaluate [ Plugin.evaluator \"y\" [] (Some pairs) ]"
          "    seeds [ 1 ]"
          "}"
          "|> Experiment.run"
          "|> ignore" ]

    [<Test>]
    let ``options have the type of what they are otherwise`` () =
        use space = new Workspace()
        run space [] (asks @ [ log "rate, steps, name, Script.flag \"dry\"" ])
        run space [ "--lr"; "1e-5"; "--steps=-3"; "--name"; "--x"; "dry" ] (asks @ [ log "rate, steps, name, Script.flag \"dry\"" ])
        Assert.That(space.Log, Expect.equal [ "(0.001, 10, plain, False)"; "(1E-05, -3, --x, True)" ])

    [<Test>]
    let ``a value that is none is refused by name`` () =
        Assert.That(refused [ "--lr"; "fast" ] asks, Expect.equal "The argument --lr is \"fast\"; expected a number, as --lr 0.001.")
        Assert.That(refused [ "--lr"; "nan" ] asks, Does.Contain "expected a number")
        Assert.That(refused [ "--steps"; "1.5" ] asks, Expect.equal "The argument --steps is \"1.5\"; expected a whole number, as --steps 10.")
        Assert.That(refused [ "--lr" ] asks, Expect.equal "The argument --lr has no value. Write --lr VALUE.")
        Assert.That(refused [ "--lr"; "1"; "--lr=2" ] asks, Expect.equal "The argument --lr is given 2 times; keep one.")

    [<Test>]
    let ``what no one asked for is refused before the first experiment`` () =
        let script = asks @ [ "Script.small |> ignore" ] @ experiment

        Assert.That(
            refused [ "--lrr"; "1" ] script,
            Expect.equal "The script knows no argument --lrr. Did you mean \"lr\"? Its arguments are: --lr VALUE, --steps VALUE, --name VALUE, small."
        )

        Assert.That(refused [ "small"; "lr" ] script, Does.StartWith "The script knows no argument lr.")
        use space = new Workspace()
        run space [ "--name"; "--lrr"; "small"; "--lr=1" ] script
        Assert.That(space.Experiments.Count, Expect.equal 1)

    [<Test>]
    let ``a script that asks for nothing, or reads arguments itself, takes any`` () =
        use space = new Workspace()
        run space [ "anything" ] experiment
        run space [ "anything" ] ([ "Script.small |> ignore"; "Script.arguments |> ignore" ] @ experiment)
        Assert.That(space.Experiments.Count, Expect.equal 2)

    [<Test>]
    let ``what is small lies apart`` () =
        use space = new Workspace()
        let script = [ log "Script.small, System.IO.Path.GetFileName Script.runs" ] @ experiment
        run space [] script
        run space [ "small" ] script
        Assert.That(space.Log, Expect.equal [ "(False, a)"; "(True, a-small)" ])
        Assert.That(space.Experiments |> Seq.map (fun made -> System.IO.Path.GetFileName made.OutputFolder), Expect.equal [ "e"; "e-small" ])
