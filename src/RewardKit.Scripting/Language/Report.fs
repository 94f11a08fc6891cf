namespace RewardKit

open System
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Reports
open RewardKit.Scripting

/// What to do with a finished experiment, beside the report that it leaves in its own folder.
module Report =
    /// Writes the report page to a further place, relative to the script: `|> Experiment.run |> Report.html "report.html"`.
    /// Of several processes, the first one writes it.
    let html (path: string) (result: ExperimentResult) : unit =
        if not ScriptContext.Current.Follows then
            Console.Out.WriteLine $"wrote {ReportFiles.WritePage(result, Script.path path)}"
