namespace RewardKit.Scripting

open System
open RewardKit.Training.Data

/// What the compiler says about a place in a file.
type internal Remark =
    {
        /// Absolute.
        File: string
        /// The text that was compiled; null where the compiler means no file of the script.
        Text: string
        /// From 1.
        Line: int
        /// From 1.
        Column: int
        /// How many characters of the line are meant.
        Length: int
        /// `error` or `warning`.
        Severity: string
        /// As `FS0039`.
        Number: string
        /// On one line.
        Message: string
    }

    /// The line that is meant; empty where there is none.
    member remark.Source =
        match remark.Text with
        | null -> ""
        | text -> text.Split('\n') |> Array.tryItem (remark.Line - 1) |> Option.defaultValue "" |> _.TrimEnd('\r')

    /// The part of its line that is meant.
    member remark.Marked =
        let start = Math.Clamp(remark.Column - 1, 0, remark.Source.Length)
        remark.Source.Substring(start, Math.Clamp(remark.Length, 0, remark.Source.Length - start))

    /// What stands before that on its line.
    member remark.Before =
        remark.Source.Substring(0, Math.Clamp(remark.Column - 1, 0, remark.Source.Length))

    /// What stands behind that on its line.
    member remark.After = remark.Source.Substring(remark.Before.Length + remark.Marked.Length)

    /// `file(line,column): error FS0039: message`, as tools read it; below that the line with marks, and a hint.
    member remark.Show(hint: string option) =
        let said = $"{remark.Severity} {remark.Number}: {remark.Message}"

        [ if isNull remark.Text then
              said
          else
              $"{ScriptSources.display remark.File}({remark.Line},{remark.Column}): {said}"
              SourceExcerpt.Of(remark.Source, remark.Line, remark.Column, max 1 remark.Length)
          yield! Option.toList hint ]
        |> String.concat "\n"
