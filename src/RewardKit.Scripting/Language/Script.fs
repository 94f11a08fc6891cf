namespace RewardKit

open System
open System.Globalization
open System.IO
open System.Threading
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins
open RewardKit.Training.Data
open RewardKit.Scripting

/// Reads what the user wrote behind `--` on the command line.
module internal Arguments =
    let private small = "small"

    /// Whether a script that takes "small" was given it.
    let isSmall (context: ScriptContext) =
        not (isNull context) && context.Asked.ContainsKey small && Seq.exists (fun text -> text = small || text = $"--{small}") context.Arguments

    let private refuse message = raise (RewardKitException.Input message)

    let private usage (name: string) takesValue = if takesValue then $"--{name} VALUE" else name

    /// Notes that the script knows an argument.
    let private ask name takesValue : string list =
        match ScriptContext.Current with
        | null -> []
        | context ->
            context.Asked[name] <- takesValue
            List.ofSeq context.Arguments

    /// Whether a word was given.
    let flag (name: string) = ask name false |> List.exists (fun (text: string) -> text = name || text = $"--{name}")

    /// The text behind a name.
    let value (name: string) =
        let rec given =
            function
            | text :: value :: rest when text = $"--{name}" -> value :: given rest
            | [ text ] when text = $"--{name}" -> refuse $"The argument --{name} has no value. Write --{name} VALUE."
            | (text: string) :: rest when text.StartsWith($"--{name}=", StringComparison.Ordinal) ->
                text.Substring(String.length name + 3) :: given rest
            | _ :: rest -> given rest
            | [] -> []

        match given (ask name true) with
        | [] -> None
        | [ value ] -> Some value
        | several -> refuse $"The argument --{name} is given {several.Length} times; keep one."

    /// A value of some type, or what the script has otherwise.
    let read name expected (parse: string -> bool * 'value) (otherwise: 'value) =
        match value name with
        | None -> otherwise
        | Some text ->
            match parse text with
            | true, value -> value
            | _ ->
                let usual = Convert.ToString(box otherwise, CultureInfo.InvariantCulture)
                refuse $"The argument --{name} is \"{text}\"; expected {expected}, as --{name} {usual}."

    /// Refuses what the script has not asked for by now. One that asks by no name, or reads them all, is left alone.
    let check () =
        match ScriptContext.Current with
        | null -> ()
        | context when context.Asked.Count = 0 || context.ReadsArguments -> ()
        | context ->
            let known (text: string) = text.TrimStart('-').Split('=')[0]

            let rec check =
                function
                | [] -> ()
                | (text: string) :: rest ->
                    match context.Asked.TryGetValue(known text) with
                    | true, true when text.StartsWith "--" && not (text.Contains '=') -> check (List.skip (min 1 rest.Length) rest)
                    | true, true when text.StartsWith "--" -> check rest
                    | true, false when not (text.Contains '=') -> check rest
                    | _ ->
                        let all = context.Asked |> Seq.map (fun asked -> usage asked.Key asked.Value) |> String.concat ", "
                        refuse $"The script knows no argument {text}.{NearNames.Sentence(known text, context.Asked.Keys)} Its arguments are: {all}."

            check (List.ofSeq context.Arguments)

/// The running script.
[<AbstractClass; Sealed>]
type Script =
    /// What was written behind `--` on the command line, as it is.
    static member arguments: string list =
        match ScriptContext.Current with
        | null -> []
        | context ->
            context.ReadsArguments <- true
            List.ofSeq context.Arguments

    /// <summary>
    /// A value from the command line, or the script's own: <c>Script.option ("lr", 1e-3)</c> is 0.01 behind
    /// <c>rewardkit run SCRIPT -- --lr 0.01</c>. Ask before the first experiment: then it is refused what no one has asked for.
    /// </summary>
    /// <param name="name">The name, without dashes.</param>
    /// <param name="otherwise">The value where it is not given.</param>
    static member option(name: string, otherwise: float) : float =
        let finite (text: string) =
            match Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
            | true, value when Double.IsFinite value -> true, value
            | _ -> false, 0.0

        Arguments.read name "a number" finite otherwise

    /// <summary>A whole number from the command line, or the script's own.</summary>
    /// <param name="name">The name, without dashes.</param>
    /// <param name="otherwise">The value where it is not given.</param>
    static member option(name: string, otherwise: int) : int =
        Arguments.read name "a whole number" (fun text -> Int32.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)) otherwise

    /// <summary>A text from the command line, or the script's own.</summary>
    /// <param name="name">The name, without dashes.</param>
    /// <param name="otherwise">The value where it is not given.</param>
    static member option(name: string, otherwise: string) : string =
        Arguments.read name "a text" (fun text -> true, text) otherwise

    /// Whether a word is on the command line: `Script.flag "dry"` is true behind `rewardkit run SCRIPT -- dry`.
    static member flag(name: string) : bool = Arguments.flag name

    /// Whether the word small is on the command line: the script then does everything on so little that it takes seconds and its
    /// figures mean nothing. What it leaves lies apart, in folders whose names end in -small.
    static member small: bool = Arguments.flag "small"

    /// The script's folder: relative paths in a script start there. Outside of a running script, the current folder.
    static member folder: string =
        match ScriptContext.Current with
        | null -> Environment.CurrentDirectory
        | context -> context.Folder

    /// Cancelled when the user stops the script. Experiments heed it; long work of the script's own should, too.
    static member cancellation: CancellationToken =
        match ScriptContext.Current with
        | null -> CancellationToken.None
        | context -> context.Cancellation

    /// Where what the script makes beside experiments is kept: `runs/NAME` below the current folder, by the script's name.
    static member runs: string =
        match ScriptContext.Current with
        | null -> "script"
        | context -> Path.GetFileNameWithoutExtension context.ScriptFile
        |> Script.runsOf

    /// The folder of a name below `runs`.
    static member internal runsOf(name: string) =
        let apart = if Arguments.isSmall ScriptContext.Current then "-small" else ""
        Path.GetFullPath(Path.Combine("runs", FolderName.Of name + apart))

    /// Whether this is one of several processes that follows another one: it writes and prints nothing.
    static member internal follows() =
        not (isNull ScriptContext.Current) && ScriptContext.Current.Follows

    /// A path as the script means it, made absolute.
    static member path(relative: string) : string =
        Path.GetFullPath(relative, Script.folder)
