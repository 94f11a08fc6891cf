namespace RewardKit.Scripting

open System
open System.Text

/// A directive that brings other files into a script: `#load "a.fsx" "b.fsx"`, `#r "x.dll"`, `#I "folder"` or
/// `#i "nuget: source"`.
type internal Directive =
    {
        /// `load`, `r`, `I` or `i`.
        Name: string
        Arguments: string list
        /// From 1.
        Line: int
    }

/// Finds a script's directives without the F# compiler, so that a cached script starts without loading it. Comments,
/// strings and characters are skipped as F# skips them; conditional regions are not, so what is found may be more than
/// what the compiler takes in, never less.
module internal Directives =

    let private isIdentifierPart c = Char.IsLetterOrDigit c || c = '_' || c = '\''

    /// The string literal that opens at `start` (its first character is a quote or an `@`), and the place behind it.
    let private stringLiteral (text: string) start =
        let at (part: string) index = String.CompareOrdinal(text, index, part, 0, part.Length) = 0

        if at "\"\"\"" start then
            let close = text.IndexOf("\"\"\"", start + 3, StringComparison.Ordinal)
            let close = if close < 0 then text.Length else close
            text.Substring(start + 3, max 0 (close - start - 3)), min text.Length (close + 3)
        else
            let verbatim = text[start] = '@'
            let value = StringBuilder()
            let mutable index = if verbatim then start + 2 else start + 1
            let mutable inside = true

            while inside && index < text.Length do
                if verbatim && at "\"\"" index then
                    value.Append '"' |> ignore
                    index <- index + 2
                elif not verbatim && text[index] = '\\' && index + 1 < text.Length then
                    value.Append(
                        match text[index + 1] with
                        | 'n' -> '\n'
                        | 't' -> '\t'
                        | 'r' -> '\r'
                        | other -> other
                    )
                    |> ignore

                    index <- index + 2
                elif text[index] = '"' then
                    inside <- false
                    index <- index + 1
                else
                    value.Append text[index] |> ignore
                    index <- index + 1

            value.ToString(), index

    let private opensString (text: string) index =
        text[index] = '"' || (text[index] = '@' && index + 1 < text.Length && text[index + 1] = '"')

    /// The place behind the character literal at `index`, or just behind the apostrophe of a type variable.
    let private behindApostrophe (text: string) index =
        if index + 2 < text.Length && text[index + 1] <> '\\' && text[index + 2] = '\'' then
            index + 3
        elif index + 3 < text.Length && text[index + 1] = '\\' then
            match text.IndexOf('\'', index + 3) with
            | close when close >= 0 && close - index <= 11 -> close + 1
            | _ -> index + 1
        else
            index + 1

    /// The directives of a script's text, in order.
    let scan (text: string) : Directive list =
        let found = ResizeArray<Directive>()
        let starts (part: string) index = String.CompareOrdinal(text, index, part, 0, part.Length) = 0
        let lineAt index = 1 + (text.AsSpan(0, index).Count '\n')

        let rec skipComment depth index =
            if index >= text.Length || depth = 0 then index
            elif starts "(*)" index then skipComment depth (index + 3)
            elif starts "(*" index then skipComment (depth + 1) (index + 2)
            elif starts "*)" index then skipComment (depth - 1) (index + 2)
            elif opensString text index then skipComment depth (snd (stringLiteral text index))
            else skipComment depth (index + 1)

        let rec skipBlanks index =
            if index < text.Length && Char.IsWhiteSpace text[index] then skipBlanks (index + 1) else index

        let rec arguments collected index =
            let next = skipBlanks index

            if next < text.Length && opensString text next then
                let value, behind = stringLiteral text next
                arguments (value :: collected) behind
            else
                List.rev collected, index

        let rec skipIdentifier index =
            if index < text.Length && isIdentifierPart text[index] then skipIdentifier (index + 1) else index

        let directive hash =
            let start = skipBlanks (hash + 1)
            let behind = skipIdentifier start
            let name = text.Substring(start, behind - start)

            if name = "load" || name = "r" || name = "I" || name = "i" then
                let values, behind = arguments [] behind

                if not values.IsEmpty then
                    found.Add { Name = name; Arguments = values; Line = lineAt hash }

                behind
            else
                max behind (hash + 1)

        /// The place behind what starts at `index`.
        let step index =
            if starts "//" index then
                match text.IndexOf('\n', index) with
                | -1 -> text.Length
                | newline -> newline
            elif starts "(*)" index then
                index + 3
            elif starts "(*" index then
                skipComment 1 (index + 2)
            elif opensString text index then
                snd (stringLiteral text index)
            elif starts "``" index then
                match text.IndexOf("``", index + 2, StringComparison.Ordinal) with
                | -1 -> text.Length
                | close -> close + 2
            elif text[index] = '\'' then
                behindApostrophe text index
            elif text[index] = '#' then
                directive index
            elif isIdentifierPart text[index] then
                skipIdentifier index
            else
                index + 1

        let mutable index = 0

        while index < text.Length do
            index <- step index

        List.ofSeq found
