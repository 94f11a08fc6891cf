namespace RewardKit

open System
open System.Globalization
open RewardKit.Hosting.Experiments

/// What is varied: a value, or several, each with its name. Made by the functions of Sweep, put together by sweep { ... }.
[<NoComparison; NoEquality>]
type Sweep<'value> =
    internal
        {
            /// Every point, with the values that it is made of; for a range an error.
            Points: unit -> ((string * obj) list * 'value) list
            /// A point by chance.
            Draw: Random -> (string * obj) list * 'value
        }

/// The arm that a sweep chose.
type Best =
    {
        /// Its name.
        Arm: string
        /// What it was chosen by: the metric's mean over seeds.
        Value: float
        /// The 95 % interval of that, where there is one. The best of several has luck in it: see On.
        Interval: Interval option
        /// The metric.
        Metric: string
        /// The pairs that the choice was made on. What the chosen arm is worth, other pairs must show.
        On: string
        /// Among how many arms.
        Among: int
    }

    override best.ToString() =
        let number (value: float) = value.ToString("0.####", CultureInfo.InvariantCulture)

        let interval =
            match best.Interval with
            | Some interval -> $" ({number interval.Low} to {number interval.High})"
            | None -> ""

        $"Chosen among {best.Among} arms by {best.Metric} on {best.On}: {best.Arm}, {number best.Value}{interval}. \
          The best of several is partly luck: judge it on other pairs."

/// Builds what is varied: `sweep { let! alpha = Sweep.choice ("alpha", [ 0.0; 0.2 ]) in return [ Loss.hafRm (alpha = alpha) ] }`.
[<Sealed>]
type SweepBuilder internal () =
    member _.Return(value: 'value) : Sweep<'value> =
        {
            Points = fun () -> [ [], value ]
            Draw = fun _ -> [], value
        }

    member _.Bind(varied: Sweep<'first>, next: 'first -> Sweep<'second>) : Sweep<'second> =
        {
            Points =
                fun () ->
                    [ for names, value in varied.Points() do
                          for more, result in (next value).Points() do
                              names @ more, result ]
            Draw =
                fun random ->
                    let names, value = varied.Draw random
                    let more, result = (next value).Draw random
                    names @ more, result
        }

    member _.ReturnFrom(varied: Sweep<'value>) = varied

/// Sweeps: what is varied, and arms made of it.
[<AbstractClass; Sealed>]
type Sweep =
    static member private refuse message : 'value = raise (RewardKitException.Input message)

    static member private range name (draw: Random -> 'value) : Sweep<'value> =
        {
            Points =
                fun () ->
                    Sweep.refuse $"Sweep.grid: \"{name}\" is a range, which has no end of values. Name some by Sweep.choice, or draw by Sweep.random."
            Draw =
                fun random ->
                    let value = draw random
                    [ name, box value ], value
        }

    // Three digits, so that the name of an arm is its exact value.
    static member private rounded(value: float) =
        Double.Parse(value.ToString("E2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)

    static member private within name low high (value: float) =
        if not (Double.IsFinite low && Double.IsFinite high && low < high) then
            Sweep.refuse $"{name} goes from {low} to {high}; the first must be the smaller one."

        value

    static member private several (name: string) (values: (obj * 'value) list) : Sweep<'value> =
        if values.IsEmpty then
            Sweep.refuse $"Sweep: \"{name}\" has no value; give it at least one."

        let points = [ for shown, value in values -> [ name, shown ], value ]

        {
            Points = fun () -> points
            Draw = fun random -> points[random.Next points.Length]
        }

    /// <summary>One of some values: <c>Sweep.choice ("alpha", [ 0.0; 0.2; 1.0 ])</c>.</summary>
    /// <param name="name">The name that arms and report show.</param>
    /// <param name="values">The values, at least one: numbers, texts, flags, or choices of a plugin's option.</param>
    static member choice(name: string, values: 'value list) : Sweep<'value> =
        let shown (value: 'value) =
            match box value with
            | :? float
            | :? int
            | :? bool as plain -> plain
            | other -> box (string other)

        Sweep.several name [ for value in values -> shown value, value ]

    /// <summary>One of some things under names of theirs: <c>Sweep.named ("size", [ "small", small; "large", large ])</c>.</summary>
    /// <param name="name">The name that arms and report show.</param>
    /// <param name="values">The things: models, mixtures, lists of steps.</param>
    static member named(name: string, values: (string * 'value) list) : Sweep<'value> =
        Sweep.several name [ for shown, value in values -> box shown, value ]

    /// <summary>A number by chance, all of them equally likely, with three significant digits.</summary>
    /// <param name="name">The name that arms and report show.</param>
    /// <param name="low">The smallest.</param>
    /// <param name="high">The largest.</param>
    static member uniform(name: string, low: float, high: float) : Sweep<float> =
        Sweep.within $"Sweep.uniform: \"{name}\"" low high 0.0 |> ignore
        Sweep.range name (fun random -> Sweep.rounded (low + (high - low) * random.NextDouble()))

    /// <summary>A number by chance, all orders of magnitude equally likely, with three significant digits; for learning rates.</summary>
    /// <param name="name">The name that arms and report show.</param>
    /// <param name="low">The smallest, above 0.</param>
    /// <param name="high">The largest.</param>
    static member logUniform(name: string, low: float, high: float) : Sweep<float> =
        if not (low > 0.0) then
            Sweep.refuse $"Sweep.logUniform: \"{name}\" goes from {low}; it must be above 0."

        Sweep.within $"Sweep.logUniform: \"{name}\"" low high 0.0 |> ignore
        Sweep.range name (fun random -> Sweep.rounded (low * (high / low) ** random.NextDouble()))

    /// <summary>A whole number by chance, all of them equally likely.</summary>
    /// <param name="name">The name that arms and report show.</param>
    /// <param name="low">The smallest.</param>
    /// <param name="high">The largest.</param>
    static member int(name: string, low: int, high: int) : Sweep<int> =
        if low > high then
            Sweep.refuse $"Sweep.int: \"{name}\" goes from {low} to {high}; the first must be the smaller one."

        Sweep.several name [ for value in low..high -> box value, value ]

    /// A number as an arm's name has it.
    static member private shown(value: obj) =
        match value with
        | :? float as number ->
            let short = if number <> 0.0 && abs number < 1e-3 then number.ToString("0.###e+0", CultureInfo.InvariantCulture) else string number
            if Double.Parse(short, CultureInfo.InvariantCulture) = number then short else string number
        | other -> string other

    static member private arm(values: (string * obj) list, steps: Step list) : string * Step list =
        match values |> List.countBy fst |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(twice, _) -> Sweep.refuse $"The sweep varies \"{twice}\" twice; give each its own name."
        | None -> ()

        let name = values |> List.map (fun (name, value) -> $"{name} {Sweep.shown value}") |> String.concat ", "
        name, steps @ List.map Step.Value values

    /// Every point of what is varied as an arm, named by its values: `arms (Sweep.grid (sweep { ... }))`.
    static member grid(varied: Sweep<Step list>) : (string * Step list) list =
        varied.Points() |> List.map Sweep.arm

    /// <summary>Points drawn by chance, no two alike: <c>sweep { ... } |> Sweep.random (20, seed = 1)</c>.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="seed">Another seed, other points; default 1.</param>
    static member random(count: int, ?seed: int) : Sweep<Step list> -> (string * Step list) list =
        fun varied ->
            if count < 1 then
                Sweep.refuse $"Sweep.random: the number of points is {count}; it must be at least 1."

            let random = Random(defaultArg seed 1)

            let points =
                Seq.init (count * 100) (fun _ -> varied.Draw random) |> Seq.distinctBy fst |> Seq.truncate count |> List.ofSeq

            if points.Length < count then
                Sweep.refuse $"Sweep.random: {count} different points are asked for, and there are only {points.Length}. Ask for fewer, or take them all by Sweep.grid."

            List.map Sweep.arm points

    /// The arm with the best mean of a metric: `result |> Sweep.best "pair-accuracy/accuracy"`, or eval/loss of the pairs of
    /// `validate`; less is better for names that end in loss. It is printed with the pairs that it was chosen on: choose on pairs that
    /// are not those of the final figures. Of equals the first one is taken.
    static member best (metric: string) (result: ExperimentResult) : Best =
        let sign = if metric.EndsWith "loss" then -1.0 else 1.0
        let arm = Result.arms result |> List.maxBy (fun arm -> sign * Result.mean arm metric result)

        let best =
            {
                Arm = arm
                Value = Result.mean arm metric result
                Interval = Result.interval arm metric result
                Metric = metric
                On =
                    (if metric.StartsWith "eval/" then
                         string result.Spec.Validation
                     else
                         result.Spec.EvaluationOf metric |> Option.ofObj |> Option.map string |> Option.defaultValue "the evaluator's own data")
                Among = (Result.arms result).Length
            }

        if not (Script.follows ()) then
            printfn $"{best}"

        best

/// The word that a sweep starts with.
[<AutoOpen>]
module SweepLanguage =
    /// What is varied, and the arm's steps made of it; `let!` takes a value of each.
    let sweep = SweepBuilder()
