namespace RewardKit

open System
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Reports

/// What to do with a finished experiment, beside the report that it leaves in its own folder.
module Report =
    /// Writes the report page to a further place, relative to the script: `|> Experiment.run |> Report.html "report.html"`.
    let html (path: string) (result: ExperimentResult) : unit =
        Console.Out.WriteLine $"wrote {ReportFiles.WritePage(result, Script.path path)}"
