namespace RewardKit

open System
open System.IO
open RewardKit.Hosting.Decoding
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Reports
open RewardKit.Scripting

/// What an axis of a trade-off means.
module Axis =
    /// Something of which more is better, as a reward.
    let higher (name: string) : TradeOffAxis = TradeOffAxis(name, true)

    /// Something of which less is better, as a divergence.
    let lower (name: string) : TradeOffAxis = TradeOffAxis(name, false)

/// What is paid for what: points of reward against divergence, or of one objective against another.
[<AbstractClass; Sealed>]
type TradeOff =
    /// <summary>One setting of a system: its answers, measured in two ways.</summary>
    /// <param name="name">The setting, as "weight 0.5".</param>
    /// <param name="answers">The answers. All points of a report are of the same prompts.</param>
    /// <param name="x">By answer, as Answers.divergences gives it.</param>
    /// <param name="y">By answer, as Answers.rewards gives it.</param>
    static member point(name: string, answers: Answer list, x: float list, y: float list) : TradeOffPoint =
        if x.Length <> answers.Length || y.Length <> answers.Length then
            raise (
                RewardKitException.Input
                    $"TradeOff.point: \"{name}\" has {answers.Length} answers, and {x.Length} and {y.Length} numbers; expected one each."
            )

        let byPrompt = List.zip3 answers x y |> List.groupBy (fun (answer, _, _) -> answer.Prompt)
        let mean value = byPrompt |> List.map (fun (_, group) -> List.averageBy value group) |> List.toArray

        TradeOffPoint(
            name,
            byPrompt |> List.map fst |> List.toArray,
            mean (fun (_, x, _) -> x),
            mean (fun (_, _, y) -> y),
            Texts = [| for _, group in byPrompt -> group |> List.head |> fun (answer, _, _) -> answer.Text |]
        )

/// Series of points by x and y, for Report.plot.
[<AbstractClass; Sealed>]
type Plot =
    /// <summary>A point.</summary>
    /// <param name="x">Where it lies.</param>
    /// <param name="y">How high.</param>
    /// <param name="interval">Its interval, as Result.interval gives it; default: none.</param>
    static member point(x: float, y: float, ?interval: Interval) : PlotPoint =
        let bound take = interval |> Option.map take |> Option.toNullable
        PlotPoint(x, y, bound (fun interval -> interval.Low), bound (fun interval -> interval.High))

    /// <summary>Points that a line joins.</summary>
    /// <param name="name">What they are of.</param>
    /// <param name="points">The points.</param>
    /// <param name="group">Lines of one group have the same colour, as what a method promises and what it keeps; default: a colour of its own.</param>
    /// <param name="dashed">Whether it is dashed, with rings for points; default: it is not.</param>
    static member line(name: string, points: PlotPoint list, ?group: string, ?dashed: bool) : PlotSeries =
        PlotSeries(name, List.toArray points, Group = Option.toObj group, Dashed = defaultArg dashed false)

/// What to do with a finished experiment, beside the report that it leaves in its own folder; and reports on answers.
[<AbstractClass; Sealed>]
type Report =
    /// <summary>
    /// Writes NAME.html and NAME.json on a trade-off to the script's runs folder: a chart with intervals, tables, and texts side by
    /// side. The systems stand in their order; the first is the one that the others are compared with.
    /// </summary>
    /// <param name="name">The files' name.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="x">The horizontal axis: Axis.lower "KL from the base" or Axis.higher "objective".</param>
    /// <param name="y">The vertical axis.</param>
    /// <param name="series">The systems, each with its points.</param>
    /// <param name="levels">Values of y of which the report says what x each system pays for them; default: four of its own choice.</param>
    /// <param name="reference">The corner from which hypervolume is measured; default: the worst means of all points.</param>
    /// <param name="notes">Sentences below the chart.</param>
    static member tradeOff
        (
            name: string,
            title: string,
            x: TradeOffAxis,
            y: TradeOffAxis,
            series: (string * TradeOffPoint list) list,
            ?levels: float list,
            ?reference: float * float,
            ?notes: string list
        ) : unit =
        let data =
            RewardKit.Hosting.Decoding.TradeOff(
                title,
                x,
                y,
                [| for name, points in series -> TradeOffSeries(name, List.toArray points) |],
                Levels = List.toArray (defaultArg levels []),
                Reference =
                    (match reference with
                     | Some(x, y) -> Nullable<struct (float * float)>(struct (x, y))
                     | None -> Nullable<struct (float * float)>()),
                Notes = List.toArray (defaultArg notes [])
            )

        if not (Script.follows ()) then
            for path in TradeOffFiles.Write(data, Path.Combine(Script.runs, name)) do
                Console.Out.WriteLine $"wrote {path}"

    /// <summary>
    /// Writes NAME.html with a chart and its numbers to the script's runs folder:
    /// <c>Report.plot ("rates", title = "...", x = "rate", y = "accuracy", lines = [ Plot.line ("dev", [ Plot.point (1e-3, 0.6) ]) ])</c>.
    /// Where x goes over orders of magnitude, it is drawn by its logarithm.
    /// </summary>
    /// <param name="name">The file's name.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="x">The horizontal axis.</param>
    /// <param name="y">The vertical axis.</param>
    /// <param name="lines">The lines, each with its points.</param>
    /// <param name="notes">Sentences below the chart.</param>
    static member plot(name: string, title: string, x: string, y: string, lines: PlotSeries list, ?notes: string list) : unit =
        let plot = RewardKit.Hosting.Reports.Plot(title, x, y, List.toArray lines, Notes = List.toArray (defaultArg notes []))

        if not (Script.follows ()) then
            let path = PlotPage.WriteFile(plot, Path.Combine(Script.runs, name + ".html"))
            Console.Out.WriteLine $"wrote {path}"

    /// Writes the report page to a further place, relative to the script: `|> Experiment.run |> Report.html "report.html"`.
    /// Of several processes, the first one writes it.
    static member html (path: string) (result: ExperimentResult) : unit =
        if not (Script.follows ()) then
            Console.Out.WriteLine $"wrote {ReportFiles.WritePage(result, Script.path path)}"
