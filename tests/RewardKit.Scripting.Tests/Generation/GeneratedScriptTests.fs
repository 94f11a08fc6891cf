namespace RewardKit.Scripting.Tests

open NUnit.Framework
open FSharp.Compiler.CodeAnalysis
open FSharp.Compiler.Diagnostics
open FSharp.Compiler.Text
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins
open RewardKit.Scripting

/// The generated file, through the real compiler and as an editor sees it.
module GeneratedScriptTests =
    let private option name kind (fallback: obj) =
        OptionDescription(Name = name, Property = name, Type = kind, Default = fallback, Doc = $"Sets {name} < & >.")

    let private plugin kind id options =
        PluginDescription(Kind = kind, Id = id, Type = "T", Summary = $"What {id} does.", Options = List.toArray options)

    let internal installed =
        [ plugin
              PluginKind.Loss
              "haf-rm"
              [ OptionDescription(
                    Name = "alpha",
                    Property = "Alpha",
                    Type = OptionType.Double,
                    Default = 0.2,
                    Minimum = 0.0,
                    MinimumIsExclusive = true,
                    Maximum = 1.0,
                    Doc = "Weight of the policy loss."
                )
                option "warmup" OptionType.Int 3
                option "type" OptionType.String null
                option "normalise" OptionType.Bool false
                OptionDescription(
                    Name = "policyLoss",
                    Property = "PolicyLoss",
                    Type = OptionType.Enum,
                    Default = "dpo",
                    Choices = [| "dpo"; "ipo-sqrt" |]
                ) ]
          plugin PluginKind.Loss "bradley-terry" []
          plugin PluginKind.Augmenter "crome-neutral" [ option "ratio" OptionType.Double 1.0 ]
          plugin PluginKind.Composer "critic-rm" [ option "samples" OptionType.Int 1 ]
          plugin PluginKind.Decoder "gen-arm" [ option "share" OptionType.Double 0.5 ]
          plugin PluginKind.Merger "rewarded-soups" [ option "factors" OptionType.Bool false ]
          plugin PluginKind.Evaluator "pair-accuracy" []
          plugin PluginKind.Evaluator "best-of" [ option "n" OptionType.Int 4 ] ]

    let private workspace plugins =
        let space = new Workspace(Generated = GeneratedScript.text plugins)
        space.Write("data/train.jsonl", "")
        space.Write("data/test.jsonl", "")
        space.Write("model/config.json", "{}")
        space

    let private preamble =
        [ "#load \"rewardkit.fsx\""; "open RewardKit"; "let pairs = Data.hhRlhf \"data\"" ]

    let private experiment arms =
        preamble
        @ [ "let result ="
            "  experiment \"x\" {"
            "    model (Model.load \"model\")"
            "    train pairs.Train" ]
        @ (arms |> List.map (fun line -> "    " + line))
        @ [ "    evaluate [ Evaluate.pairAccuracy pairs.Test; Evaluate.bestOf (pairs.Test, n = 2) ]"
            "    seeds [ 1 .. 3 ]"
            "  }"
            "  |> Experiment.run" ]
        |> lines

    let private values (plugin: MethodUse) =
        plugin.Options |> Seq.map (fun option -> option.Key, option.Value) |> Seq.sortBy fst |> List.ofSeq

    [<Test>]
    let ``a plugin that this host cannot run is an error where it is called, and nowhere else`` () =
        let refusal' = "The loss \"later\" in C:\\plugins was built for contract version 9; this RewardKit has 1."

        let later =
            PluginDescription(Kind = PluginKind.Loss, Id = "later", Type = "T", Options = [||], Refusal = refusal')

        use space = workspace (later :: installed)
        space.Write("a.fsx", lines (preamble @ [ "let a = Loss.bradleyTerry ()"; "let b = Loss.later ()" ]))
        let error = refusal (fun () -> space.Host.Check space.A |> ignore)
        let told = error.Message.Split '\n'
        Assert.That(told[0], Does.EndWith $"a.fsx(5,14): error FS9001: {refusal'}")
        Assert.That(told[1..], Expect.equal [| "   5 | let b = Loss.later ()"; "     |              ^^^^^" |])

    [<Test>]
    let ``a script says what it means through the generated functions`` () =
        use space = workspace installed

        space.Write(
            "a.fsx",
            experiment
                [ "training (Training.settings (epochs = 2, learningRate = 1e-4, schedule = Schedule.Linear))"
                  "arm \"plain\" [ Loss.bradleyTerry () ]"
                  "arm \"both\" ["
                  "    Baseline.arm \"plain\""
                  "    Augment.cromeNeutral (ratio = 2)"
                  "    Loss.hafRm (alpha = 0.1, ``type`` = \"t\", normalise = true, policyLoss = HafRm.PolicyLoss.IpoSqrt)"
                  "    Score.criticRm (samples = 4)"
                  "]" ]
        )

        space.Run "a.fsx"
        Assert.That(space.Warnings, Is.Empty)
        let made = space.Experiments[0]
        Assert.That((Seq.exactlyOne made.Train.Files).Path, Expect.equal (space.Path "data/train.jsonl"))
        Assert.That(made.Model.Folder, Expect.equal (space.Path "model"))
        Assert.That(made.Training.Epochs, Expect.equal 2)
        Assert.That(made.Training.LearningRate, Expect.equal 1e-4)
        Assert.That(List.ofSeq made.Seeds, Expect.equal [ 1; 2; 3 ])
        let both = made.Arms[1]
        Assert.That(both.Baseline, Expect.equal "plain")
        Assert.That(both.Loss.Id, Expect.equal "haf-rm")

        Assert.That(
            values both.Loss,
            Expect.equal [ "alpha", box 0.1; "normalise", box true; "policyLoss", box "ipo-sqrt"; "type", box "t" ]
        )

        Assert.That(both.Augmenters[0].Id, Expect.equal "crome-neutral")
        Assert.That(values both.Augmenters[0], Expect.equal [ "ratio", box 2.0 ])
        Assert.That(both.Composer.Id, Expect.equal "critic-rm")
        Assert.That(values both.Composer, Expect.equal [ "samples", box 4 ])
        Assert.That(isNull made.Arms[0].Composer)
        Assert.That(made.Evaluations[0].Evaluator.Id, Expect.equal "pair-accuracy")
        Assert.That((Seq.exactlyOne made.Evaluations[1].Pairs.Files).Path, Expect.equal (space.Path "data/test.jsonl"))
        Assert.That(values made.Evaluations[1].Evaluator, Expect.equal [ "n", box 2 ])

    [<Test>]
    let ``decoders and mergers are values of their own`` () =
        use space = workspace installed

        space.Write(
            "a.fsx",
            lines (
                preamble
                @ [ "let decoder, merger = Decode.genArm (share = 0.25), Merge.rewardedSoups (factors = true)"
                    log "decoder.Kind, decoder.Id, decoder.Options.[\"share\"]"
                    log "merger.Kind, merger.Id, merger.Options.[\"factors\"]"
                    log "(Decode.genArm ()).Options.Count" ]
            )
        )

        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ "(Decoder, gen-arm, 0.25)"; "(Merger, rewarded-soups, True)"; "0" ])

    [<TestCase("Loss.hafRm (alpha = \"high\")", 29, "FS0001")>]
    [<TestCase("Loss.hafRm (alpha = 0.1, warmup = 1.5)", 43, "FS0001")>]
    [<TestCase("Loss.hafRm (policyLoss = \"dpo\")", 34, "FS0001")>]
    [<TestCase("Loss.hafRn ()", 14, "FS0039")>]
    [<TestCase("Loss.bradleyTerry (alpha = 0.1)", 28, "FS0495")>]
    let ``a wrong option or name is an error with its place`` (call: string) (column: int) (number: string) =
        use space = workspace installed
        space.Write("a.fsx", lines (preamble @ [ "let s = " + call ]))
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith $"{space.A}(4,{column}): error {number}: ")
        Assert.That(error.ExitCode, Expect.equal 2)

    [<Test>]
    let ``an evaluator with its own data takes its files and no pairs`` () =
        let input name nullable =
            OptionDescription(
                Name = name,
                Property = name,
                Type = OptionType.String,
                Nullable = nullable,
                Default = (if nullable then null else ""),
                Input = (if nullable then InputKind.Folder else InputKind.File)
            )

        let benchmark =
            PluginDescription(
                Kind = PluginKind.Evaluator,
                Id = "bench",
                Type = "T",
                OwnData = true,
                Options = [| option "pairs" OptionType.Int 3; input "words" true; input "file" false |]
            )

        use space = workspace (benchmark :: installed)
        space.Write(
            "a.fsx",
            lines (
                preamble
                @ [ log "(Evaluate.bench \"data/b.json\").Evaluator.Options.[\"file\"]"
                    log "(Evaluate.bench (\"b.json\", pairs = 4, words = \"w\")).Evaluator.Options.[\"words\"]"
                    log "isNull (box (Evaluate.bench \"data/b.json\").Pairs)" ]
            )
        )

        space.Run "a.fsx"
        Assert.That(space.Log, Expect.equal [ space.Path "data/b.json"; space.Path "w"; "True" ])

        Assert.That(
            space.Generated,
            Does.Contain "<param name=\"words\">(a folder, relative to the script, default none)</param>"
        )

    [<Test>]
    let ``names that the language or F# has taken do no harm`` () =
        let choice =
            OptionDescription(Name = "kind", Property = "Kind", Type = OptionType.Enum, Default = "a", Choices = [| "a"; "b" |])

        let names =
            [ "data"; "model"; "training"; "script"; "step"; "baseline"; "plugin"; "experiment"; "loss"; "augment"
              "evaluate"; "schedule"; "type"; "option"; "list" ]

        use space = workspace ((names |> List.map (fun name -> plugin PluginKind.Loss name [ choice ])) @ installed)
        space.Write("a.fsx", experiment [ "arm \"plain\" [ Loss.data (kind = DataLoss.Kind.B) ]" ])
        space.Run "a.fsx"
        Assert.That(values space.Experiments[0].Arms[0].Loss, Expect.equal [ "kind", box "b" ])

    [<Test>]
    let ``plugins that would have one name are refused, and both are named`` () =
        let refused plugins = refusal (fun () -> GeneratedScript.text plugins |> ignore)
        let error = refused (plugin PluginKind.Loss "top-2" [] :: plugin PluginKind.Loss "top2" [] :: installed)
        Assert.That(error.ExitCode, Expect.equal 2)
        Assert.That(error.Message, Does.StartWith "The loss \"top-2\" and the loss \"top2\" would both be called top2 in scripts.")
        let error = refused [ plugin PluginKind.Evaluator "win-rate" [ option "pairs" OptionType.Int 3 ] ]
        Assert.That(error.Message, Does.StartWith "The evaluator \"win-rate\" has an option \"pairs\"")
        // The same name for plugins of different kinds is no clash, nor is the option where there is no such argument.
        GeneratedScript.text [ plugin PluginKind.Loss "top2" [ option "pairs" OptionType.Int 3 ]; plugin PluginKind.Augmenter "top-2" [] ]
        |> ignore

    [<Test>]
    let ``with no plugin at all the words are still there`` () =
        use space = workspace []
        space.Write("a.fsx", lines (preamble @ [ "let s = Loss.hafRm ()" ]))
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.StartWith $"{space.A}(4,14): error FS0039: ")

    [<Test>]
    let ``an unchanged file is not written again, a changed one is, and the script with it`` () =
        use space = workspace installed
        space.Write("a.fsx", lines (preamble @ [ log "Loss.bradleyTerry ()" ]))
        space.Run "a.fsx"
        let file = space.Path "rewardkit.fsx"
        let past = System.DateTime(2001, 1, 1)
        System.IO.File.SetLastWriteTimeUtc(file, past)
        space.Run "a.fsx"
        Assert.That(System.IO.File.GetLastWriteTimeUtc file, Expect.equal past)
        space.Generated <- GeneratedScript.text (List.filter (fun p -> p.Id <> "bradley-terry") installed)
        let error = refusal (fun () -> space.Run "a.fsx")
        Assert.That(error.Message, Does.Contain "bradleyTerry")

    [<Test>]
    let ``an editor finds nothing wrong, and shows what an option means`` () =
        use space = workspace installed
        let text = experiment [ "arm \"plain\" [ Loss.hafRm (alpha = 0.5) ]" ]
        space.Write("a.fsx", text)
        space.Host.Generate(space.Path "")
        let checker = FSharpChecker.Create()
        let source = SourceText.ofString text

        let options, problems =
            checker.GetProjectOptionsFromScript(space.A, source, assumeDotNetFramework = false, useSdkRefs = true)
            |> Async.RunSynchronously

        let parsed, answer =
            checker.ParseAndCheckFileInProject(space.A, 0, source, options) |> Async.RunSynchronously

        let diagnostics =
            match answer with
            | FSharpCheckFileAnswer.Succeeded results -> List.ofArray results.Diagnostics
            | FSharpCheckFileAnswer.Aborted -> failwith "The check was aborted."

        let wrong =
            problems @ List.ofArray parsed.Diagnostics @ diagnostics
            |> List.filter (fun d -> d.Severity = FSharpDiagnosticSeverity.Error || d.Severity = FSharpDiagnosticSeverity.Warning)

        Assert.That(wrong |> List.map string, Is.Empty)

        Assert.That(
            space.Generated,
            Does.Contain "<param name=\"alpha\">Weight of the policy loss. (above 0, at most 1, default 0.2)</param>"
        )
