namespace RewardKit.Scripting.Tests

open System.Text.RegularExpressions
open NUnit.Framework
open RewardKit.Scripting

/// What a user reads of the commonest mistakes, through the real compiler.
module HintsTests =

    /// What is said about a script that begins with the lines of `head`.
    let private told head (body: string list) =
        use space = new Workspace(Generated = GeneratedScript.text GeneratedScriptTests.installed)
        space.Write("libs.fsx", "module Libs")
        space.Write("a.fsx", lines (head @ body))
        let error = refusal (fun () -> space.Host.Check space.A |> ignore)
        error.Message.Replace(space.Path "" + "/", "")

    let private whole = [ "#load \"rewardkit.fsx\""; "open RewardKit" ]

    let private expect (expected: string list) (message: string) =
        // The words of the language are others' to add to.
        let message = Regex.Replace(message, "(experiment|Data) has: .*", "$1 has: ...")
        Assert.That(message, Expect.equal (lines expected))

    [<Test>]
    let ``a misspelt option, plugin, kind, function or choice`` () =
        told
            whole
            [ "let a = Loss.hafRm (alhpa = 0.2)"
              "let b = Loss.bradleyTerry (alpha = 0.2)"
              "let c = Augment.cromeNeutrall (ratio = 1.0)"
              "let d = Los.hafRm ()"
              "let e = Data.hhRlfh \"x\""
              "let f = Schedule.Linaer" ]
        |> expect
            [ "a.fsx(3,21): error FS0495: The member or object constructor 'hafRm' has no argument or settable return property 'alhpa'."
              "   3 | let a = Loss.hafRm (alhpa = 0.2)"
              "     |                     ^^^^^"
              "Did you mean \"alpha\"? hafRm takes: alpha, warmup, normalise, policyLoss."
              ""
              "a.fsx(4,28): error FS0495: The member or object constructor 'bradleyTerry' has no argument or settable return property 'alpha'."
              "   4 | let b = Loss.bradleyTerry (alpha = 0.2)"
              "     |                            ^^^^^"
              "bradleyTerry takes no options: write bradleyTerry ()."
              ""
              "a.fsx(5,17): error FS0039: The type 'Augment' does not define a field, constructor, or member named 'cromeNeutrall'."
              "   5 | let c = Augment.cromeNeutrall (ratio = 1.0)"
              "     |                 ^^^^^^^^^^^^^"
              "Did you mean \"cromeNeutral\"? Installed: cromeNeutral."
              ""
              "a.fsx(6,9): error FS0039: The value, namespace, type or module 'Los' is not defined."
              "   6 | let d = Los.hafRm ()"
              "     |         ^^^"
              "Did you mean \"Loss\"?"
              ""
              "a.fsx(7,14): error FS0039: The value, constructor, namespace or type 'hhRlfh' is not defined."
              "   7 | let e = Data.hhRlfh \"x\""
              "     |              ^^^^^^"
              "Did you mean \"hhRlhf\"? Data has: ..."
              ""
              "a.fsx(8,18): error FS0039: The type 'Schedule' does not define a field, constructor, or member named 'Linaer'."
              "   8 | let f = Schedule.Linaer"
              "     |                  ^^^^^^"
              "Did you mean \"Linear\"? Schedule has: Constant, Cosine, Linear." ]

    [<Test>]
    let ``an option of the wrong type`` () =
        told
            whole
            [ "let a = Loss.hafRm (warmup = 1.0)"
              "let b = Loss.hafRm (alpha = \"1\")"
              "let c = Loss.hafRm (policyLoss = \"dpo\")"
              "let d = [ 0; 0.5 ]"
              "let e = Evaluate.pairAccuracy ()" ]
        |> expect
            [ "a.fsx(3,30): error FS0001: This expression was expected to have type 'int' but here has type 'float'"
              "   3 | let a = Loss.hafRm (warmup = 1.0)"
              "     |                              ^^^"
              "A whole number is expected, without a point: 1."
              ""
              "a.fsx(4,29): error FS0001: This expression was expected to have type 'float' but here has type 'string'"
              "   4 | let b = Loss.hafRm (alpha = \"1\")"
              "     |                             ^^^"
              "Write it without quotes."
              ""
              "a.fsx(5,34): error FS0001: This expression was expected to have type 'HafRm.PolicyLoss' but here has type 'string'"
              "   5 | let c = Loss.hafRm (policyLoss = \"dpo\")"
              "     |                                  ^^^^^"
              "Write one of: HafRm.PolicyLoss.Dpo, HafRm.PolicyLoss.IpoSqrt."
              ""
              "a.fsx(6,14): error FS0001: All elements of a list must be implicitly convertible to the type of the first element, which here is 'int'. This element has type 'float'."
              "   6 | let d = [ 0; 0.5 ]"
              "     |              ^^^"
              "Whole numbers and numbers with a point do not mix: write 1.0 for 1."
              ""
              "a.fsx(7,31): error FS0001: The type 'unit' is not compatible with the type 'Training.Data.PairData'"
              "   7 | let e = Evaluate.pairAccuracy ()"
              "     |                               ^^"
              "An argument is needed here, of type Training.Data.PairData." ]

    [<Test>]
    let ``a call without parentheses, options without them, and commas in a list`` () =
        told
            whole
            [ "let a: Step list = [ Loss.bradleyTerry ]"
              "let b: Step list = [ Loss.hafRm alpha = 0.1 ]"
              "let c = Loss.hafRm (alpha 0.1)"
              "let d: Step list = [ Loss.bradleyTerry (), Loss.hafRm () ]"
              "let e = experiment \"x\" { seeds 1 }" ]
        |> expect
            [ "a.fsx(3,22): error FS0002: This function takes too many arguments, or is used in a context where a function is not expected"
              "   3 | let a: Step list = [ Loss.bradleyTerry ]"
              "     |                      ^^^^^^^^^^^^^^^^^"
              "Loss.bradleyTerry is a function; call it: Loss.bradleyTerry ()."
              ""
              "a.fsx(4,22): error FS0001: This expression was expected to have type 'Step' but here has type 'bool'"
              "   4 | let b: Step list = [ Loss.hafRm alpha = 0.1 ]"
              "     |                      ^^^^^^^^^^^^^^^^^^^^^^"
              "Options stand in parentheses: Loss.hafRm (alpha = ...)."
              ""
              "a.fsx(4,33): error FS0039: The value or constructor 'alpha' is not defined."
              "   4 | let b: Step list = [ Loss.hafRm alpha = 0.1 ]"
              "     |                                 ^^^^^"
              ""
              "a.fsx(4,41): error FS0001: This expression was expected to have type 'Step' but here has type 'float'"
              "   4 | let b: Step list = [ Loss.hafRm alpha = 0.1 ]"
              "     |                                         ^^^"
              ""
              "a.fsx(5,21): error FS0039: The value or constructor 'alpha' is not defined."
              "   5 | let c = Loss.hafRm (alpha 0.1)"
              "     |                     ^^^^^"
              "An option is given as name = value: alpha = ..."
              ""
              "a.fsx(6,22): error FS0001: This expression was expected to have type 'Step' but is a tuple of type 'Step * Step'"
              "   6 | let d: Step list = [ Loss.bradleyTerry (), Loss.hafRm () ]"
              "     |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
              "In a list, elements are separated by semicolons: [ 1; 2 ]."
              ""
              "a.fsx(7,32): error FS0001: This expression was expected to have type 'int list' but here has type 'int'"
              "   7 | let e = experiment \"x\" { seeds 1 }"
              "     |                                ^"
              "A list is expected: [ 1 ]." ]

    [<Test>]
    let ``an unknown operation of an experiment is marked itself, not the line before it`` () =
        told
            whole
            [ "experiment \"x\" {"
              "    model (Model.load \"m\")"
              "    sedes [ 1 ]"
              "    seeds 1 .. 3"
              "}" ]
        |> expect
            [ "a.fsx(5,5): error FS0708: 'sedes' is no operation of experiment."
              "   5 |     sedes [ 1 ]"
              "     |     ^^^^^"
              "Did you mean \"seeds\"? experiment has: ..."
              ""
              "a.fsx(6,5): error FS0708: 'seeds' takes a list."
              "   6 |     seeds 1 .. 3"
              "     |     ^^^^^"
              "Write the range in brackets: seeds [ 1 .. 3 ]." ]

    [<Test>]
    let ``an unknown operation that comes first`` () =
        told whole [ "experiment \"x\" {"; "    modle (Model.load \"m\")"; "    seeds [ 1 ]"; "}" ] |> expect
            [ "a.fsx(4,5): error FS0039: 'modle' is no operation of experiment."
              "   4 |     modle (Model.load \"m\")"
              "     |     ^^^^^"
              "Did you mean \"model\"? experiment has: ..." ]

    [<Test>]
    let ``a quote that is missing`` () =
        told whole [ "let pairs = Data.hhRlhf \"data"; "let model = Model.load \"m\"" ] |> expect
            [ "a.fsx(4,26): error FS0514: End of file in string begun at or before here"
              "   4 | let model = Model.load \"m\""
              "     |                          ^"
              "The quote that is missing may be one on line 3:"
              "   3 | let pairs = Data.hhRlhf \"data" ]

    [<Test>]
    let ``lines that begin in different columns`` () =
        told whole [ "experiment \"x\" {"; "    model (Model.load \"m\")"; "      seeds [ 1 ]"; "}" ] |> expect
            [ "a.fsx(4,5): error FS3099: 'model' is used with an incorrect number of arguments. This is a custom operation in this query or computation expression. Expected 1 argument(s), but given 3."
              "   4 |     model (Model.load \"m\")"
              "     |     ^^^^^"
              "Line 5 is read as a part of it. The lines of a block begin in one column." ]

    [<Test>]
    let ``a bracket that stays open`` () =
        told whole [ "let a = Loss.hafRm (alpha = 0.1"; "let b = 1" ] |> expect
            [ "a.fsx(4,1): error FS0058: Unexpected syntax or possible incorrect indentation: this token is offside of context started at position (3:1). Try indenting this further."
              "   4 | let b = 1"
              "     | ^^^"
              "Line 3 opens a bracket that is not closed."
              ""
              "a.fsx(3,1): error FS3118: Incomplete value or function definition. If this is in an expression, the body of the expression must be indented to the same column as the 'let' keyword."
              "   3 | let a = Loss.hafRm (alpha = 0.1"
              "     | ^^^" ]

    [<Test>]
    let ``what the script forgot to open or to load`` () =
        told [ "#load \"rewardkit.fsx\"" ] [ "let a = Loss.hafRm ()"; "let b = experiment \"x\" { seeds [ 1 ] }" ]
        |> expect
            [ "a.fsx(2,9): error FS0039: The value, namespace, type or module 'Loss' is not defined."
              "   2 | let a = Loss.hafRm ()"
              "     |         ^^^^"
              "The words of RewardKit are not opened here. Write open RewardKit below #load."
              ""
              "a.fsx(3,9): error FS0039: The value or constructor 'experiment' is not defined."
              "   3 | let b = experiment \"x\" { seeds [ 1 ] }"
              "     |         ^^^^^^^^^^" ]

        told [ "open RewardKit" ] [ "let a = Loss.hafRm ()" ] |> expect
            [ "a.fsx(2,9): error FS0039: The value, namespace, type or module 'Loss' is not defined."
              "   2 | let a = Loss.hafRm ()"
              "     |         ^^^^"
              "The installed plugins are not loaded here. Begin the file with #load \"rewardkit.fsx\"." ]
        told [] [ "let a = Data.hhRlhf \"x\"" ] |> expect
            [ "a.fsx(1,14): error FS0039: The value, constructor, namespace or type 'hhRlhf' is not defined."
              "   1 | let a = Data.hhRlhf \"x\""
              "     |              ^^^^^^"
              "Begin the file with #load \"rewardkit.fsx\" and, below it, open RewardKit." ]

    [<Test>]
    let ``a loaded file that is misspelt`` () =
        told [] [ "#load \"lib.fsx\"" ] |> expect
            [ "a.fsx(1,1): error FS0079: Could not load file 'lib.fsx' because it does not exist or is inaccessible"
              "   1 | #load \"lib.fsx\""
              "     | ^^^^^^^^^^^^^^^"
              "Did you mean \"libs.fsx\"?" ]
