namespace RewardKit.Scripting.Tests

open System
open System.Collections.Generic
open System.IO
open System.Threading
open NUnit.Framework
open RewardKit
open RewardKit.Hosting.Decoding
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Generators
open RewardKit.Hosting.Scoring
open RewardKit.Models
open RewardKit.Scripting

/// Decoding, rewards and merging as scripts write them, with a host that only notes what it is asked.
type NotedWork() =
    member val Decoded = ResizeArray<DecodingSpec>()
    member val Merged = ResizeArray<MergeSpec>()
    member val Asked = ResizeArray<string>()
    /// What a judge replies.
    member val Reply = (fun (_: string) -> "") with get, set

    interface IScriptWork with
        member this.Answer(spec, _) =
            this.Decoded.Add spec

            [| for prompt in spec.Prompts do
                   for sample in 1 .. spec.Samples do
                       Answer(prompt, sample, $"{spec.Name} {sample}", [| 1 |], [| -0.5 |], FinishReason.MaxTokens, Nullable()) |]

        member _.Score(scorer, requests, _, cancellation) = (box scorer :?> IScorer).Score(requests, cancellation)

        member this.Ask(_, requests, _, _) =
            [| for request in requests do
                   this.Asked.Add request.Prompt.LastContent
                   TextReply(this.Reply request.Prompt.LastContent, FinishReason.StopToken) |]

        member this.Merge spec =
            this.Merged.Add spec
            ModelSpec(Folder = "/merged")

module DecodingTests =
    let private preamble =
        [ "open RewardKit"
          "open RewardKit.Models"
          "let model = ModelSpec(Folder = \"/base\")"
          "let guide = ModelSpec(Folder = \"/guide\")" ]

    let private run (space: Workspace) (work: NotedWork) text =
        space.Write("a.fsx", lines (preamble @ text))
        let context = space.Context("a.fsx", [])
        context.Work <- work
        space.Host.Run(context, Action<string> space.Warnings.Add) |> ignore

    let private answer text =
        Answer(Conversation.User "q", 1, text, [| 1 |], [| -0.5 |], FinishReason.MaxTokens, Nullable())

    [<Test>]
    let ``diversity is the worked example's, and least where an answer repeats itself`` () =
        let diversity text = Answers.diversities [ answer text ] |> List.head
        Assert.That(diversity "a b a b c a b", Is.EqualTo(0.380952381).Within(1e-9))
        Assert.That(diversity "a b c d e f", Is.GreaterThan(diversity "a b a b a b"))
        Assert.That(diversity "a b.", Is.Zero)

    [<Test>]
    let ``a call names models, method and settings; what is left out has the stated default`` () =
        use space = new Workspace()
        let work = NotedWork()

        run space work
            [ "let by = Plugin.decoder \"gen-arm\" [ Plugin.option \"cut\" (Some 3) ]"
              "Decoding.answer (model, [ \"a\"; \"b\" ], by = by, guides = [ guide, 0.5 ], against = model, maxTokens = 7, temperature = 1.0, samples = 2, seed = 3, stop = [ \"x\" ]) |> ignore"
              "Decoding.answer (model, [ \"a\" ]) |> ignore" ]

        let full, plain = work.Decoded[0], work.Decoded[1]
        Assert.That(full.Decoder.Id, Expect.equal "gen-arm")
        Assert.That(full.Decoder.Options["cut"], Expect.equal (box 3))
        Assert.That([ for guide in full.Guides -> guide.Model.Folder, guide.Weight ], Expect.equal [ "/guide", 0.5 ])
        Assert.That(full.Reference.Folder, Expect.equal "/base")
        Assert.That((full.Options.MaxTokens, full.Options.Temperature, full.Options.Seed, full.Samples), Expect.equal (7, 1.0, 3L, 2))
        Assert.That(List.ofSeq full.Options.StopStrings, Expect.equal [ "x" ])
        Assert.That([ for prompt in full.Prompts -> prompt ], Expect.equal [ Conversation.User "a"; Conversation.User "b" ])
        Assert.That(full.Folder, Expect.equal (Path.GetFullPath "runs/a/answers"))
        Assert.That((isNull plain.Decoder, isNull plain.Reference, plain.Samples, plain.Options.Temperature), Expect.equal (true, true, 1, 0.0))

    [<Test>]
    let ``rewards and win rates are values`` () =
        use space = new Workspace()

        run space (NotedWork())
            [ "let a = Decoding.answer (model, [ \"p\"; \"q\" ], temperature = 1.0, samples = 2)"
              "let b = Decoding.answer (guide, [ \"p\"; \"q\" ], temperature = 1.0, samples = 2)"
              "let length = Reward.by (\"length\", fun prompt text -> float (prompt.Length + text.Length))"
              log "List.sum (Answers.rewards length a)"
              log "(Answers.winRate length a b).Losses"
              log "(Answers.winRate length a a).Rate" ]

        Assert.That(space.Log, Expect.equal [ "28"; "4"; "0.5" ])

    [<Test>]
    let ``a rule may speak at places, whose rewards are summed, in order and inside the answer`` () =
        use space = new Workspace()

        run space (NotedWork())
            [ "let a = Decoding.answer (model, [ \"p\" ])"
              "let ends = Reward.within (\"ends\", fun _ text -> [ 1, 0.5; text.Length, 0.25 ])"
              log "List.sum (Answers.rewards ends a)" ]

        Assert.That(space.Log, Expect.equal [ "0.75" ])

        let outside = refusal (fun () ->
            run space (NotedWork())
                [ "let a = Decoding.answer (model, [ \"p\" ])"
                  "Answers.rewards (Reward.within (\"late\", fun _ text -> [ text.Length + 1, 1.0 ])) a |> ignore" ])

        Assert.That(outside.Message, Does.Contain("The reward \"late\" speaks at").And.Contain "in rising order")

    [<Test>]
    let ``a judge sees both sides, and an unreadable reply counts for neither`` () =
        use space = new Workspace()
        // Likes the base wherever it stands, but is at a loss at the second prompt.
        let work =
            NotedWork(
                Reply =
                    fun prompt ->
                        if prompt.Contains "<prompt>\nq" then "hm"
                        elif prompt.IndexOf "base 1" < prompt.IndexOf "guide 1" then "[[B]], no: [[A]]"
                        else "[[B]]"
            )

        run space work
            [ "let a = Decoding.answer (model, [ \"p\"; \"q\" ])"
              "let b = Decoding.answer (guide, [ \"p\"; \"q\" ])"
              "let judge = Generator.scripted (\"judge\", id)"
              "let rate = Answers.judged judge \"Which is kinder?\" a b"
              log "rate.Wins, rate.Ties, rate.Losses, rate.Unreadable" ]

        Assert.That(space.Log, Expect.equal [ "(1, 0, 0, 1)" ])
        Assert.That(work.Asked.Count, Expect.equal 4)
        Assert.That(work.Asked[0], Does.Contain "Which is kinder?")

    [<Test>]
    let ``one who always says A has no winner`` () =
        use space = new Workspace()

        run space (NotedWork(Reply = fun _ -> "[[A]]"))
            [ "let a = Decoding.answer (model, [ \"p\" ])"
              "let b = Decoding.answer (guide, [ \"p\" ])"
              log "(Answers.judged (Generator.scripted (\"judge\", id)) \"Which?\" a b).Ties" ]

        Assert.That(space.Log, Expect.equal [ "1" ])

    [<Test>]
    let ``what was not measured or answered by both is refused`` () =
        use space = new Workspace()
        let refused text = refusal (fun () -> run space (NotedWork()) ("let a = Decoding.answer (model, [ \"p\" ])" :: text))
        Assert.That((refused [ "Answers.divergences a |> ignore" ]).Message, Does.Contain "against = MODEL")

        Assert.That(
            (refused [ "Answers.winRate (Reward.by (\"x\", fun _ _ -> 0.0)) a (Decoding.answer (guide, [ \"q\" ])) |> ignore" ]).Message,
            Does.Contain "other prompts"
        )

    [<Test>]
    let ``the best of n is chosen by one reward and measured by another, prompt by prompt`` () =
        let answer prompt sample = Answer(Conversation.User prompt, sample, "", [||], [||], FinishReason.MaxTokens, Nullable())
        let answers = [ for sample in 1..4 -> answer "p" sample ] @ [ answer "q" 1; answer "q" 2 ]
        let proxy, gold = [ 0.1; 0.4; 0.5; 0.9; 1.0; 2.0 ], [ 0.2; 0.6; 0.3; 0.5; 7.0; 8.0 ]
        let is (expected: float list) (actual: float list) = Assert.That(actual, Is.EqualTo<float list>(expected).Within(1e-9))
        answers |> Answers.bestOfN 1 proxy gold |> is [ 0.4; 7.5 ]
        answers |> Answers.bestOfN 2 proxy gold |> is [ 0.45; 8.0 ]
        answers |> Answers.bestOfN 2 proxy proxy |> is [ 0.683333333333; 2.0 ]

        let refused n proxy = (refusal (fun () -> answers |> Answers.bestOfN n proxy gold |> ignore)).Message
        Assert.That(refused 3 proxy, Does.Contain "the best of 3, where a prompt has 2 answers")
        Assert.That(refused 1 [ 1.0 ], Does.Contain "6 answers, and 1 rewards and 6 values")

    [<Test>]
    let ``a point of a trade-off is meaned by prompt`` () =
        let answer prompt sample = Answer(Conversation.User prompt, sample, $"{prompt}{sample}", [||], [||], FinishReason.MaxTokens, Nullable())
        let answers = [ answer "p" 1; answer "p" 2; answer "q" 1; answer "q" 2 ]
        let point = TradeOff.point ("w", answers, x = [ 1.0; 2.0; 3.0; 5.0 ], y = [ 0.0; 1.0; 1.0; 1.0 ])
        Assert.That(List.ofSeq point.Prompts, Expect.equal [ Conversation.User "p"; Conversation.User "q" ])
        Assert.That((List.ofSeq point.X, List.ofSeq point.Y, List.ofSeq point.Texts), Expect.equal ([ 1.5; 4.0 ], [ 0.5; 1.0 ], [ "p1"; "q1" ]))
        let error = refusal (fun () -> TradeOff.point ("w", answers, x = [ 1.0 ], y = []) |> ignore)
        Assert.That(error.Message, Does.Contain "\"w\" has 4 answers, and 1 and 0 numbers")

    [<Test>]
    let ``a trade-off is written to the script's runs`` () =
        use space = new Workspace()
        let before = Environment.CurrentDirectory

        try
            Environment.CurrentDirectory <- Path.GetDirectoryName space.A

            run space (NotedWork())
                [ "let a = Decoding.answer (model, [ \"p\"; \"q\" ])"
                  "let at x = TradeOff.point ($\"{x}\", a, x = [ x; x + 1.0 ], y = [ x; 2.0 * x ])"
                  "Report.tradeOff (\"t\", title = \"T\", x = Axis.lower \"cost\", y = Axis.higher \"gain\", series = [ \"s\", [ at 0.0; at 1.0 ] ], levels = [ 0.75 ], reference = (3.0, 0.0))" ]

            let json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(space.Path "runs/a/t.json")).RootElement
            // Half way between means of (0.5, 0) and (1.5, 1.5).
            Assert.That(json.GetProperty("prices").[0].GetProperty("x").GetDouble(), Is.EqualTo(1.0).Within 1e-9)
            Assert.That(File.Exists(space.Path "runs/a/t.html"))
        finally
            Environment.CurrentDirectory <- before

    [<Test>]
    let ``models are merged by shares`` () =
        use space = new Workspace()
        let work = NotedWork()
        run space work [ log "(Plugin.merger \"soups\" [] |> Merging.merge [ model, 0.25; guide, 0.75 ]).Folder" ]
        Assert.That(space.Log, Expect.equal [ "/merged" ])
        Assert.That([ for member' in work.Merged[0].Models -> member'.Model.Folder, member'.Weight ], Expect.equal [ "/base", 0.25; "/guide", 0.75 ])
        Assert.That(work.Merged[0].Merger.Kind, Expect.equal PluginKind.Merger)

    [<Test>]
    let ``a finished run's model goes on as a value`` () =
        let run = RunResult("dpo", Nullable 2, Dictionary(), Dictionary(), null, Dictionary(), "/runs/x/dpo/seed-2", false)
        let specification = ExperimentSpec(Name = "x", Model = ModelSpec(), Train = RewardKit.Training.Data.PairFile "/t", Arms = [||], Evaluations = [||], Seeds = [||], OutputFolder = "/runs/x")
        let result = ExperimentResult(specification, [| run |], [||], Dictionary(), [||])
        Assert.That((result |> Experiment.trained ("dpo", seed = 2)).Folder, Expect.equal "/runs/x/dpo/seed-2/checkpoint")
        let error = refusal (fun () -> result |> Experiment.trained ("dpo", seed = 1) |> ignore)
        Assert.That(error.Message, Does.Contain "its runs are (\"dpo\", seed = 2)")

    [<Test>]
    let ``pairs of the script's own are a file by their content`` () =
        use space = new Workspace()
        let before = Environment.CurrentDirectory

        try
            Environment.CurrentDirectory <- Path.GetDirectoryName space.A

            run space (NotedWork())
                [ "let files pairs = (Seq.exactlyOne ((Data.ofPairs \"my pairs\" pairs).Files)).Path"
                  log "files [ \"p\", \"a\", \"b\" ]"
                  log "files [ \"p\", \"a\", \"b\" ]"
                  log "files [ \"p\", \"b\", \"a\" ]" ]

            let files = space.Log
            Assert.That(files[0], Expect.equal files[1])
            Assert.That(files[0], Is.Not.EqualTo files[2])
            let pairs = RewardKit.Training.Data.PairLoader().Load(RewardKit.Training.Data.PairFile(files[2], Reading = RewardKit.Training.Data.PairReading())).Examples
            Assert.That((pairs[0].Prompt.LastContent, pairs[0].Chosen.LastContent, pairs[0].Rejected.LastContent), Expect.equal ("p", "b", "a"))
            let error = refusal (fun () -> Data.ofPairs "none" [] |> ignore)
            Assert.That(error.Message, Does.Contain "\"none\" has no pair")
        finally
            Environment.CurrentDirectory <- before
