namespace RewardKit.Scripting

open System
open FSharp.Compiler.CodeAnalysis
open FSharp.Compiler.Syntax
open FSharp.Compiler.Text
open RewardKit.Training.Data

/// Finds misspelt operations of `experiment { }` and its like: the compiler takes one for an ordinary expression, and blames
/// the line before it.
module internal Operations =

    let rec private head (expression: SynExpr) =
        match expression with
        | SynExpr.App(funcExpr = applied) -> head applied
        | SynExpr.Ident name -> Some name
        | _ -> None

    let private listOf (known: string list) (expression: SynExpr) =
        match expression with
        | SynExpr.IndexRange(expr1 = Some first) -> head first |> Option.filter (fun name -> List.contains name.idText known)
        | _ -> None

    let rec private lines (expression: SynExpr) =
        match expression with
        | SynExpr.Sequential(expr1 = first; expr2 = rest) -> lines first @ lines rest
        | other -> [ other ]

    let private misspelt (names: Names) (node: SyntaxNode) =
        match node with
        | SyntaxNode.SynExpr(SynExpr.App(funcExpr = before; argExpr = SynExpr.ComputationExpr(expr = body))) ->
            let builder = head before |> Option.map _.idText |> Option.defaultValue ""

            match Map.tryFind builder names.Operations with
            | Some known ->
                [ for line in lines body do
                      match head line, listOf known line with
                      | Some name, _ when not (List.contains name.idText known) ->
                          let all = String.Join(", ", List.sort known)
                          let hint = $"{NearNames.Sentence(name.idText, known)} {builder} has: {all}."
                          name, $"'{name.idText}' is no operation of {builder}.", hint.TrimStart()
                      | _, Some name -> name, $"'{name.idText}' takes a list.", $"Write the range in brackets: {name.idText} [ 1 .. 3 ]."
                      | _ -> () ]
            | None -> []
        | _ -> []

    let private remark file text (name: Ident, message, hint) =
        let remark =
            {
                File = file
                Text = text
                Line = name.idRange.StartLine
                Column = name.idRange.StartColumn + 1
                Length = name.idText.Length
                Severity = "error"
                Number = "FS0708"
                Message = message
            }

        remark, Some hint

    /// What is wrong with the operations in a file, and what can be done about it.
    let check (checker: FSharpChecker) (names: Names) (file: string) (text: string) : (Remark * string option) list =
        let options =
            { FSharpParsingOptions.Default with SourceFiles = [| file |]; IsInteractive = true }

        let parsed =
            checker.ParseFile(file, SourceText.ofString text, options) |> Async.RunSynchronously

        parsed.ParseTree
        |> ParsedInput.fold (fun found _ node -> found @ misspelt names node) []
        |> List.map (remark file text)
