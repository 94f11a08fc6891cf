namespace RewardKit.Scripting

open System
open System.Reflection
open System.Text.RegularExpressions
open Microsoft.FSharp.Reflection
open RewardKit

/// The names that a script can use, for messages about those it cannot.
type internal Names =
    {
        /// What stands behind a dot, by what stands before it: `Loss` has `hafRm`.
        Members: Map<string, string list>
        /// The operations of each computation expression: `experiment` has `train`.
        Operations: Map<string, string list>
        /// Those of the names before a dot that rewardkit.fsx brings.
        Generated: Set<string>
    }

    /// What can stand alone or before a dot.
    member names.Words =
        List.ofSeq (Seq.append (Map.keys names.Members) (Map.keys names.Operations))

module internal Names =

    /// The kinds of plugin, as scripts name them; they are missing where rewardkit.fsx is not loaded.
    let private kinds = [ "Loss"; "Augment"; "Score"; "Evaluate"; "Decode"; "Merge" ]

    let private statics =
        BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.DeclaredOnly

    let private isAutoOpen (part: Type) =
        part.IsDefined(typeof<AutoOpenAttribute>, false)

    let private membersOf (part: Type) =
        // Scripts do not write the cases of a union; functions make them.
        [ if not (FSharpType.IsUnion part) then
              for method in part.GetMethods statics do
                  if not method.IsSpecialName then method.Name

              for property in part.GetProperties statics do
                  property.Name ]
        |> List.distinct

    let private operationsOf (builder: Type) =
        builder.GetMethods()
        |> Seq.choose (fun method -> Option.ofObj (method.GetCustomAttribute<CustomOperationAttribute>()))
        |> Seq.map _.Name
        |> List.ofSeq

    /// What the language itself defines.
    let private language =
        lazy
            (let exported =
                typeof<ScriptSources>.Assembly.GetExportedTypes() |> Array.filter (fun part -> part.Namespace = "RewardKit")

             let opened = exported |> Array.filter isAutoOpen

             // The language names them anew, which leaves no trace in its own assembly.
             let choices =
                 [ typeof<Hosting.Experiments.ExperimentSpec>; typeof<Training.TrainingOptions> ]
                 |> List.collect (fun part -> List.ofArray (part.Assembly.GetExportedTypes()))
                 |> List.filter _.IsEnum
                 |> List.map (fun choice -> choice.Name, List.ofArray (Enum.GetNames choice))

             let members =
                 [ for part in exported do
                       if isNull part.DeclaringType || isAutoOpen part.DeclaringType then
                           match membersOf part with
                           | [] -> ()
                           | members when not (isAutoOpen part) -> part.Name, members
                           | _ -> () ]

             let operations =
                 [ for part in opened do
                       for method in part.GetMethods statics do
                           match operationsOf method.ReturnType with
                           | [] -> ()
                           | operations -> method.Name, operations ]

             Map(choices @ members), Map operations)

    /// What a generated file defines, read as GeneratedScript wrote it.
    let private generated (text: string) =
        let mutable outer, inner = "", ""
        let found = ResizeArray<string * string>()

        for line in text.Split '\n' do
            let line = Regex.Match(line, @"^( *)(type|module|static member|\|) (?:``)?(\w+)")

            if line.Success then
                let indent, word, name = line.Groups[1].Length, line.Groups[2].Value, line.Groups[3].Value

                match word with
                | "static member" -> found.Add(outer, name)
                | "|" when indent = 8 -> found.Add($"{outer}.{inner}", name)
                | "|" -> ()
                | _ when indent = 0 -> outer <- name
                | _ -> inner <- name

        found |> Seq.groupBy fst |> Seq.map (fun (owner, pairs) -> owner, pairs |> Seq.map snd |> List.ofSeq) |> List.ofSeq

    /// The names that a script with these sources can use.
    let of' (sources: ScriptSources) : Names =
        let members, operations = language.Value

        let generated =
            sources.Files
            |> List.filter (fst >> ScriptSources.isGenerated)
            |> List.collect (snd >> generated)

        {
            Members = (members, generated) ||> List.fold (fun map (owner, names) -> Map.add owner names map)
            Operations = operations
            Generated = set (kinds @ List.map fst generated)
        }
