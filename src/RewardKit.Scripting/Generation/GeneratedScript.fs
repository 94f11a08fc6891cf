namespace RewardKit.Scripting

open System
open System.Globalization
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins

/// The file that scripts load under the name `rewardkit.fsx`: references to the host's assemblies, and a function for
/// each installed plugin, with its options as typed, optional arguments. Written from manifests alone.
module GeneratedScript =

    /// What the language itself defines beside the generated types; a plugin's choices are named differently.
    let private taken =
        set
            [ "Answer"; "Answers"; "Arm"; "Augment"; "Axis"; "Baseline"; "Best"; "Data"; "Decode"; "Decoding"; "Evaluate"; "Experiment"; "Generator"
              "Inline"; "Interval"; "Loss"; "Merge"; "Merging"; "Model"; "Plot"; "Plugin"; "Policy"; "Result"; "Reward"; "Scores"; "Sweep"; "TradeOff"
              "Report"; "Schedule"; "Score"; "Script"; "Step"; "Training" ]

    let private keywords =
        set
            [ "abstract"; "and"; "as"; "assert"; "base"; "begin"; "class"; "const"; "default"; "delegate"; "do"
              "done"; "downcast"; "downto"; "elif"; "else"; "end"; "exception"; "extern"; "false"; "finally"
              "fixed"; "for"; "fun"; "function"; "global"; "if"; "in"; "include"; "inherit"; "inline"
              "interface"; "internal"; "lazy"; "let"; "match"; "member"; "mod"; "module"; "mutable"; "namespace"
              "new"; "not"; "null"; "of"; "open"; "or"; "override"; "parallel"; "private"; "process"; "protected"
              "public"; "pure"; "rec"; "return"; "sealed"; "select"; "sig"; "static"; "struct"; "tailcall"
              "then"; "to"; "trait"; "true"; "try"; "type"; "upcast"; "use"; "val"; "virtual"; "void"; "when"
              "while"; "with"; "yield" ]

    let private identifier name =
        if keywords.Contains name then $"``{name}``" else name

    /// `haf-rm` becomes `HafRm`.
    let private pascal (kebab: string) =
        kebab.Split('-', StringSplitOptions.RemoveEmptyEntries)
        |> Array.map (fun word -> string (Char.ToUpperInvariant word[0]) + word.Substring 1)
        |> String.concat ""

    /// `haf-rm` becomes `hafRm`.
    let private camel kebab =
        let name = pascal kebab
        identifier (string (Char.ToLowerInvariant name[0]) + name.Substring 1)

    /// `policyLoss` becomes `PolicyLoss`.
    let private typeName (option: OptionDescription) =
        string (Char.ToUpperInvariant option.Name[0]) + option.Name.Substring 1

    let private xml (text: string) =
        text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").ReplaceLineEndings " "

    /// A text as an F# literal.
    let private literal (text: string) =
        "@\"" + text.Replace("\"", "\"\"") + "\""

    /// The number of the error that a call of an unusable plugin is.
    let private refusalCode = 9001

    let private shown (value: obj) =
        match value with
        | null -> "none"
        | :? bool as flag -> if flag then "true" else "false"
        | :? IFormattable as number -> number.ToString(null, CultureInfo.InvariantCulture)
        | other -> string other

    let private choices (option: OptionDescription) =
        option.Choices |> Seq.map string |> List.ofSeq

    /// Where the choices of a plugin's options live: a module of its name.
    let private choiceModule (plugin: PluginDescription) =
        let name = pascal plugin.Id
        if taken.Contains name then $"{name}{plugin.Kind}" else name

    let private optionType plugin (option: OptionDescription) =
        match option.Type with
        | OptionType.Bool -> "bool"
        | OptionType.Int -> "int"
        | OptionType.Double -> "float"
        | OptionType.Enum -> $"{choiceModule plugin}.{typeName option}"
        | _ -> "string"

    /// What an option means, which values it takes, and its default.
    let private optionDoc (option: OptionDescription) =
        let bound word exclusiveWord exclusive (value: Nullable<float>) =
            // The ends of the type itself are no news.
            if value.HasValue && abs value.Value < float Int32.MaxValue then
                [ (if exclusive then exclusiveWord else word) + " " + shown (box value.Value) ]
            else
                []

        let limits =
            bound "at least" "above" option.MinimumIsExclusive option.Minimum
            @ bound "at most" "below" option.MaximumIsExclusive option.Maximum

        let allowed =
            match option.Choices with
            | null -> []
            | values -> [ "one of " + (values |> Seq.map shown |> String.concat ", ") ]

        let path =
            match Option.ofNullable option.Input with
            | None -> []
            | Some InputKind.File -> [ "a file, relative to the script" ]
            | Some InputKind.Folder -> [ "a folder, relative to the script" ]
            | Some _ -> [ "a file or folder, relative to the script" ]

        let fallback =
            if option.MustBeGiven then [] else [ $"default {shown option.Default}" ]

        let sentence = String.concat ", " (limits @ allowed @ path @ fallback)

        let doc = if isNull option.Doc then "" else option.Doc + " "
        xml $"{doc}({sentence})"

    let private choiceTypes (plugins: PluginDescription list) =
        [ for name, sharing in plugins |> List.groupBy choiceModule do
              let options =
                  sharing
                  |> List.collect (fun plugin -> List.ofSeq plugin.Options)
                  |> List.filter (fun option -> option.Type = OptionType.Enum)
                  |> List.distinctBy typeName

              if not options.IsEmpty then
                  $"/// Choices among the options of {sharing.Head.Id}."
                  $"module {name} ="

                  for option in options do
                      $"    /// {optionDoc option}"
                      "    [<RequireQualifiedAccess>]"
                      $"    type {typeName option} ="

                      for choice in choices option do
                          $"        /// `{choice}`"
                          $"        | {pascal choice}"

                      ""
                      "        override choice.ToString() ="
                      "            match choice with"

                      for choice in choices option do
                          $"            | {pascal choice} -> \"{choice}\""

                      "" ]

    /// Whether its function begins with held-out pairs.
    let private takesPairs (plugin: PluginDescription) =
        plugin.Kind = PluginKind.Evaluator && not plugin.OwnData

    let private functionOf (kind: PluginKind) (plugin: PluginDescription) =
        let takesPairs = takesPairs plugin
        // What must be given comes first: F# wants it so.
        let options = plugin.Options |> Seq.sortBy (fun option -> not option.MustBeGiven) |> List.ofSeq

        let parameters =
            [ if takesPairs then
                  "pairs: RewardKit.Training.Data.PairData"
              for option in options do
                  let mark = if option.MustBeGiven then "" else "?"
                  $"{mark}{identifier option.Name}: {optionType plugin option}" ]

        let separated = String.Join(",\n         ", parameters)

        let values =
            options
            |> List.map (fun option ->
                let reader = if option.Input.HasValue then "path" else "option"
                let value = identifier option.Name
                let given = if option.MustBeGiven then $"(Some {value})" else value
                $"Plugin.{reader} \"{option.Name}\" {given}")
            |> String.concat "; "
            |> fun values -> if values = "" then "[]" else $"[ {values} ]"

        let call =
            match kind with
            | PluginKind.Loss -> $"Plugin.loss \"{plugin.Id}\" {values}"
            | PluginKind.Augmenter -> $"Plugin.augmenter \"{plugin.Id}\" {values}"
            | PluginKind.Composer -> $"Plugin.composer \"{plugin.Id}\" {values}"
            | PluginKind.Decoder -> $"Plugin.decoder \"{plugin.Id}\" {values}"
            | PluginKind.Merger -> $"Plugin.merger \"{plugin.Id}\" {values}"
            | _ ->
                let pairs = if takesPairs then "(Some pairs)" else "None"
                $"Plugin.evaluator \"{plugin.Id}\" {values} {pairs}"

        let result =
            match kind with
            | PluginKind.Evaluator -> "RewardKit.Hosting.Experiments.EvaluationSpec"
            | PluginKind.Decoder
            | PluginKind.Merger -> "RewardKit.Hosting.Experiments.MethodUse"
            | _ -> "Step"

        let summary = if isNull plugin.Summary then plugin.Id else plugin.Summary
        let paper = if isNull plugin.Paper then "" else $" ({plugin.Paper})"

        [ $"    /// <summary>{xml (summary + paper)}</summary>"
          if takesPairs then
              "    /// <param name=\"pairs\">The held-out pairs it looks at.</param>"
          for option in options do
              $"    /// <param name=\"{option.Name}\">{optionDoc option}</param>"
          if not (isNull plugin.Refusal) then
              // Whoever calls it is told why it cannot be used, with the place of the call.
              $"    [<CompilerMessage({literal plugin.Refusal}, {refusalCode}, IsError = true)>]"
          $"    static member {camel plugin.Id}"
          $"        ({separated}) : {result} ="
          $"        {call}"
          "" ]

    let private functions (plugins: PluginDescription list) (kind: PluginKind) name purpose =
        [ $"/// The installed plugins of this kind: {purpose}."
          "[<AbstractClass; Sealed>]"
          match plugins |> List.filter (fun plugin -> plugin.Kind = kind) with
          | [] -> $"type {name} = class end"
          | ofKind ->
              $"type {name} ="
              yield! ofKind |> List.collect (functionOf kind)
          "" ]

    /// The name of the evaluators' first argument.
    let private pairs = "pairs"

    /// Refuses what no function can be written for, rather than leave it to the compiler, which would blame the file.
    let private refuseClashes (plugins: PluginDescription list) =
        for (_, name), sharing in plugins |> List.groupBy (fun plugin -> plugin.Kind, camel plugin.Id) do
            match sharing with
            | first :: second :: _ ->
                raise (
                    RewardKitException.Input
                        $"The {first.Label} and the {second.Label} would both be called {name} in scripts. \
                          Remove one of the two plugins, or give it another id."
                )
            | _ -> ()

        for plugin in plugins do
            if takesPairs plugin && plugin.Options |> Seq.exists (fun option -> option.Name = pairs) then
                raise (
                    RewardKitException.Input
                        $"The {plugin.Label} has an option \"{pairs}\", but in scripts that is the name of an evaluator's \
                          held-out pairs. Remove the plugin, or rename its option."
                )

    /// The whole file: the text for the installed plugins, and before it the assemblies that it needs.
    let internal file (references: string list) (text: string) : string =
        [ "// Written by rewardkit from the manifests of the installed plugins, and written again when they change."
          "// Editors read it to complete and check scripts; leave it out of version control."
          for reference in references do
              $"#r @\"{reference}\""
          // Augmenters are asynchronous streams, and `dotnet fsi` leaves this out of the framework.
          "#r \"System.Linq.AsyncEnumerable\""
          ""
          // A script that is compiled against the same as an assembly has no need of it.
          $"#if {Options.LibraryReferenced}"
          "namespace RewardKit"
          "#else"
          text
          "#endif"
          "" ]
        |> String.concat "\n"

    /// The text of the file for the installed plugins.
    let text (plugins: PluginDescription seq) : string =
        let plugins = plugins |> Seq.sortBy (fun plugin -> plugin.Kind, plugin.Id) |> List.ofSeq
        refuseClashes plugins

        [ "namespace RewardKit"
          ""
          yield! choiceTypes plugins
          yield! functions plugins PluginKind.Loss "Loss" "what an arm trains with"
          yield! functions plugins PluginKind.Augmenter "Augment" "what an arm's training pairs pass through"
          yield! functions plugins PluginKind.Composer "Score" "how an arm's trained model scores"
          yield! functions plugins PluginKind.Evaluator "Evaluate" "what every arm's model is judged by"
          yield! functions plugins PluginKind.Decoder "Decode" "how a model is decoded from"
          yield! functions plugins PluginKind.Merger "Merge" "how one model is made of several" ]
        |> String.concat "\n"
