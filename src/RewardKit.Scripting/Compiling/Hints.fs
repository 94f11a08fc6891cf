namespace RewardKit.Scripting

open System
open System.IO
open System.Text.RegularExpressions
open RewardKit.Training.Data

/// What to do about a compile error, where the compiler itself does not say it well: the nearest name that would be right,
/// and the mistakes that those new to F# make.
module internal Hints =

    let private (|Match|_|) pattern text =
        let found = Regex.Match(text, pattern)
        if found.Success then Some [ for index in 1 .. found.Groups.Count - 1 -> found.Groups[index].Value ] else None

    let private listed (names: string seq) = String.Join(", ", names)

    let private nearest word (candidates: string seq) =
        NearNames.Sentence(word, candidates).TrimStart()

    let private sentences parts =
        match parts |> List.filter (fun part -> part <> "") with
        | [] -> None
        | said -> Some(String.concat " " said)

    /// The message without what the compiler adds for want of a better hint, the names it offers, and the signature it shows.
    let private shorten (message: string) =
        let cut (mark: string) (text: string) =
            match text.IndexOf(mark, StringComparison.Ordinal) with
            | -1 -> text, ""
            | at -> text[.. at - 1].TrimEnd(), text[at + mark.Length ..].Trim()

        let message, offered = cut " Maybe you want one of the following:" message
        let message, signature = cut " The required signature is" message
        message, offered.Split(' ', StringSplitOptions.RemoveEmptyEntries), signature.Trim('\'', '.')

    /// The parameters of a signature as the compiler writes it, and whether each must be given.
    let private parameters (signature: string) =
        match signature with
        | Match @"^static member [\w.]+: (.*) -> " [ all ] ->
            [ for part in all.Split " * " do
                  match part with
                  | Match @"^(\??)(?:``)?(\w+)(?:``)?: " [ mark; name ] -> name, mark = ""
                  | _ -> () ]
        | _ -> []

    let private argument (remark: Remark) signature =
        match remark.Message with
        | Match @"'(\w+)' has no argument or settable return property '(\w+)'" [ name; wrong ] ->
            match parameters signature |> List.map fst with
            | [] -> Some $"{name} takes no options: write {name} ()."
            | options -> sentences [ nearest wrong options; $"{name} takes: {listed options}." ]
        | Match @"'(\w+)' takes \d+ argument\(s\) but is here given 0" [ name ] ->
            match parameters signature |> List.filter snd |> List.map fst with
            | [] -> None
            | needed -> Some $"{name} needs: {listed needed}."
        | _ -> None

    /// The dotted name that ends before the marked one, if one does.
    let private owner (remark: Remark) =
        match remark.Before with
        | Match @"([\w.]+)\.$" [ name ] -> Some name
        | _ -> None

    /// Words of the language that are unknown because the file does not bring them in.
    let private notBroughtIn (names: Names) (remark: Remark) wrong =
        let word = (owner remark |> Option.defaultValue wrong).Split('.')[0]
        let opens = Regex.IsMatch(remark.Text, @"^\s*open RewardKit\s*(//.*)?\r?$", RegexOptions.Multiline)
        let loads = Regex.IsMatch(remark.Text, @"^\s*#load .*rewardkit\.fsx", RegexOptions.Multiline)
        let load = $"#load \"{ScriptSources.GeneratedName}\""

        match names.Generated.Contains word && not loads, List.contains word names.Words && not opens with
        | true, _ when not opens -> Some $"Begin the file with {load} and, below it, open RewardKit."
        | true, _ -> Some $"The installed plugins are not loaded here. Begin the file with {load}."
        | false, true when not loads -> Some $"Begin the file with {load} and, below it, open RewardKit."
        | false, true -> Some "The words of RewardKit are not opened here. Write open RewardKit below #load."
        | _ -> None

    let private inParentheses called option =
        Some $"Options stand in parentheses: {called} ({option} = ...)."

    let private byName option =
        Some $"An option is given as name = value: {option} = ..."

    let private undefined (names: Names) (remark: Remark) (offered: string seq) =
        let byOwner wrong =
            owner remark
            |> Option.bind (fun owner -> Map.tryFind owner names.Members |> Option.map (fun members -> owner, members))
            |> Option.bind (fun (owner, members) ->
                let all = if names.Generated.Contains owner then "Installed" else $"{owner} has"
                sentences [ nearest wrong members; $"{all}: {listed (List.sort members)}." ])

        match remark.Message with
        | Match @"(?:'([^']+)' is not defined\.|member named '([^']+)'\.)$" [ first; second ] ->
            let wrong = first + second

            match remark.Before, remark.After with
            | Match @"([A-Z]\w*\.\w+) *\{? *$" [ called ], Match "^( = )" _ when first <> "" -> inParentheses called wrong
            | Match @"[A-Z]\w*\.\w+ *\([^)]*$" _, Match "^ *:? *[\d\"]" _ when first <> "" ->
                byName wrong
            | _ ->
                notBroughtIn names remark wrong
                |> Option.orElseWith (fun () -> byOwner wrong)
                |> Option.orElseWith (fun () ->
                    let known = if (owner remark).IsSome then [] else names.Words
                    sentences [ nearest wrong (Seq.append offered known |> Seq.distinct) ])
        | _ -> None

    let private count (mark: char) (text: string) = Seq.length (Seq.filter ((=) mark) text)

    /// Whether brackets stay open at a line's end.
    let private opens opening closing line =
        let code = Regex.Replace(line, "\"[^\"]*\"|//.*", "")
        count opening code > count closing code

    let private types (names: Names) (remark: Remark) =
        let isText = remark.Marked.StartsWith '"' || remark.Marked.StartsWith '@'

        match remark.Message with
        | Match @"expected to have type '(.+?)' but (?:here has type|is a tuple of type) '(.+?)'" [ expected; found ] ->
            let expected = Array.last (expected.Split "RewardKit.")

            match expected, found with
            | _ when found.StartsWith(expected + " * ", StringComparison.Ordinal) && opens '[' ']' remark.Before ->
                Some "In a list, elements are separated by semicolons: [ 1; 2 ]."
            | _ when expected = found + " list" -> Some $"A list is expected: [ {remark.Marked} ]."
            | "int", "float" -> Some "A whole number is expected, without a point: 1."
            | "float", "int" -> Some "A number with a point is expected: 1.0."
            | ("int" | "float" | "bool"), "string" when isText -> Some $"Write it without quotes."
            | _, "string" when expected.EndsWith("ModelSpec", StringComparison.Ordinal) ->
                Some $"A model is expected, as Model.load {remark.Marked}."
            | _, "bool" ->
                match remark.Marked with
                | Match @"^([A-Z]\w*\.\w+) +(\w+) *=" [ called; option ] -> inParentheses called option
                | _ -> None
            | _, "unit" when remark.Marked = "()" -> Some $"An argument is needed here, of type {expected}."
            | _, "PairSplits" -> Some $"Of the splits, take one: {remark.Marked}.Train or {remark.Marked}.Test."
            | _ ->
                Map.tryFind expected names.Members
                |> Option.map (List.map (fun choice -> $"{expected}.{choice}"))
                |> Option.map (fun choices -> $"Write one of: {listed choices}.")
        | Match "^The type 'unit' is not compatible with the type '(.+)'" [ expected ] when remark.Marked = "()" ->
            Some $"An argument is needed here, of type {expected}."
        | Match "The type '(int|float)' does not match the type '(?:int|float)'" _
        | Match @"which here is '(int|float)'\. This element has type '(?:int|float)'" _ ->
            Some "Whole numbers and numbers with a point do not mix: write 1.0 for 1."
        | _ -> None

    let private call (names: Names) (remark: Remark) =
        match remark.Marked with
        | Match @"^([\w.]+)\.(\w+)$" [ owner; name ] when
            Map.tryFind owner names.Members |> Option.exists (List.contains name)
            && not (Regex.IsMatch(remark.After, @"^ *\("))
            ->
            Some $"{remark.Marked} is a function; call it: {remark.Marked} ()."
        | _ -> None

    /// Quotes that pair up beforehand leave the one that is missing on the first line with an odd number of them.
    let private openString (remark: Remark) =
        let isOdd (line: string) =
            Regex.Count(Regex.Replace(line, @"\\.|'""'|//.*", ""), "\"") % 2 = 1

        if remark.Text.Contains "\"\"\"" then
            None
        else
            match remark.Text.Split('\n') |> Array.tryFindIndex isOdd with
            | Some index when index + 1 <> remark.Line ->
                let line = remark.Text.Split('\n')[index]
                Some $"The quote that is missing may be one on line {index + 1}:\n{SourceExcerpt.Of(line, index + 1)}"
            | _ -> None

    let private lineAt (remark: Remark) number =
        remark.Text.Split('\n') |> Array.tryItem (number - 1) |> Option.defaultValue ""

    let private offside (remark: Remark) =
        match remark.Message with
        | Match @"context started at position \((\d+):" [ started ] when
            opens '(' ')' (lineAt remark (int started)) || opens '[' ']' (lineAt remark (int started))
            ->
            Some $"Line {started} opens a bracket that is not closed."
        | _ -> None

    /// The compiler takes a line that begins in another column for more arguments of the one above it.
    let private indentation (remark: Remark) =
        let column (line: string) = line.Length - line.TrimStart().Length

        let next =
            Seq.initInfinite (fun index -> remark.Line + 1 + index)
            |> Seq.takeWhile (fun number -> number <= remark.Text.Split('\n').Length)
            |> Seq.tryFind (fun number -> not (String.IsNullOrWhiteSpace(lineAt remark number)))

        match next with
        | Some number when column (lineAt remark number) <> column remark.Source ->
            Some $"Line {number} is read as a part of it. The lines of a block begin in one column."
        | _ -> None

    let private missingFile (remark: Remark) =
        match remark.Message with
        | Match "^(?:Unable to find the file|Could not load file) '([^']+)'" [ wrong ] ->
            let folder = Path.GetDirectoryName(Path.GetFullPath(wrong, Path.GetDirectoryName remark.File))

            if Directory.Exists folder then
                Directory.GetFiles(folder, "*" + Path.GetExtension wrong)
                |> Seq.map Path.GetFileName
                |> nearest (Path.GetFileName wrong)
                |> fun found -> sentences [ found ]
            else
                Some $"There is no folder {folder}."
        | _ -> None

    /// The remark as it is to be shown, and what can be done about it.
    let give (names: Names) (remark: Remark) : Remark * string option =
        let message, offered, signature = shorten remark.Message
        let remark = { remark with Message = message }

        let hint =
            match remark.Number with
            | _ when isNull remark.Text -> None
            | "FS0495"
            | "FS0501" -> argument remark signature
            | "FS0039" -> undefined names remark offered
            | "FS0001"
            | "FS0043" -> types names remark
            | "FS0002"
            | "FS0003" -> call names remark
            | "FS0514" -> openString remark
            | "FS0058" -> offside remark
            | "FS3099" -> indentation remark
            | "FS0618" ->
                match remark.Before with
                | Match @"(\w+): *$" [ option ] -> byName option
                | _ -> None
            | "FS0078"
            | "FS0079" -> missingFile remark
            | _ -> None

        remark, hint
