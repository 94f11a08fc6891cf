// Reward over-optimisation with a gold reward that is known: as a policy goes away from the base, the reward model that it follows is ever
// more content, and how much of that is true? stories260K, whose samples are preferred by their happy words with every fourth label wrong.
// Bradley-Terry, ensembles (Coste et al., arXiv:2310.02743; Zhang et al., arXiv:2401.16635) and iterative data smoothing (Zhu et al.,
// arXiv:2401.16335) choose the best of N; DPO learns from the same pairs. Two and a half minutes of processor time.
//
//     artifacts/rewardkit run scripts/over-optimisation.fsx
//     artifacts/rewardkit run scripts/over-optimisation.fsx -- small    on very little, in seconds: does all work?
//
// What it shows, on 40 prompts: of 64 samples the Bradley-Terry models' own choice gains 1.37 by their reward, in gold's scale, and 0.22
// happy words (0.55 to 0.77); half of those are won by N = 4, and from 16 to 32 gold stands still (0.73) while the proxy goes on. Choosing by
// gold itself comes to 3.10. Gold does not fall, as far as 64 samples reach (3.2 nats).
//
// What it does not show is which proxy is best. At N = 64 the mean of three has 0.15 more happy words than a single model (-0.04 to 0.34),
// data smoothing 0.11 (-0.02 to 0.24), the lower bound 0.05 (-0.16 to 0.26), whose proxy promises most (2.19). Intervals are over prompts,
// with three seeds and one draw of 250 pairs. All are poor models: on 735 held-out pairs, whose labels are gold's own, Bradley-Terry is right in
// 58.1 % (55.1 to 61.0) and data smoothing in 56.6 % (53.7 to 59.6), while the longer answer is right in 73.7 % and word bigrams that learnt from
// the same noisy pairs in 72.9 %. Much of the gap between proxy and gold is theirs, then, and not what a good model would leave.
//
// DPO on the same noisy pairs comes to 2.0 happy words at 6.8 nats and 3.3 at 31.8, which the Bradley-Terry proxies hardly see (0.7 and
// 1.0): its curve is no over-optimisation of them. β hardly mattered at the near end (2 and 10 gave 6.8 and 6.9 nats). DPO's own rewards are
// right in 63.3 to 66.4 % of the held-out pairs.

#load "rewardkit.fsx"

open System
open RewardKit

let story = Model.load ("models/stories260K", template = "text", maxPromptTokens = 40, maxResponseTokens = 48)

let names = [ "Tom"; "Lily"; "Ben"; "Mia"; "Sam"; "Sue"; "Tim"; "Anna"; "Max"; "Lucy" ]

let things =
    [ "a red ball"; "a big dog"; "an old boat"; "a tall tree"; "a small box"; "a blue hat"; "a noisy bird"; "a long road"
      "a green frog"; "a little car"; "a fat cat"; "a bright star"; "a yellow duck"; "a dark cave"; "a big cake"; "a soft bed"
      "a wet leaf"; "a white horse"; "a tiny ant"; "a loud bell"; "a round stone"; "a warm coat"; "a clean cup"; "a broken toy"
      "a sweet apple"; "a big truck"; "a pink flower"; "a high wall"; "a slow snail"; "a deep hole" ]

let size = if Script.small then 10 else names.Length * things.Length
let prompts = [ for name in names do for thing in things -> $"One day, {name} saw {thing}." ] |> List.truncate size
let test, training = prompts |> List.indexed |> List.partition (fun (i, _) -> i % 5 = 0)
let asked = test |> List.map snd |> List.truncate 40

/// So many samples of the base a prompt.
let samplesOf prompts count = Decoding.answer (story, prompts, temperature = 1.0, maxTokens = 40, samples = count)

// The gold reward is computable, and no model ever sees it: how many words of a happy story an answer has.
let happy =
    set [ "happy"; "smile"; "smiled"; "laugh"; "laughed"; "love"; "loved"; "fun"; "play"; "played"; "friend"; "friends"
          "nice"; "hug"; "hugged"; "proud"; "excited"; "kind"; "glad" ]

let happiness (text: string) =
    text.ToLowerInvariant().Split([| ' '; '.'; ','; ';'; '!'; '?'; '"'; '\n' |])
    |> Array.filter happy.Contains
    |> Array.length
    |> float

let gold = Reward.by ("happy words", fun _ text -> happiness text)

/// Of two samples of the base the happier one is preferred; that share of the labels is wrong.
let preferences name wrong (answers: Answer list) =
    let random = Random 1

    [ for _, answers in answers |> List.groupBy _.Question do
          for two in List.chunkBySize 2 answers do
              match two |> List.sortBy (fun answer -> happiness answer.Text) with
              | [ worse; better ] when happiness better.Text > happiness worse.Text ->
                  let chosen, rejected = if random.NextDouble() < wrong then worse, better else better, worse
                  worse.Question, chosen.Text, rejected.Text
              | _ -> () ]
    |> Data.ofPairs name

// Every fourth label is wrong: there is something to be over-fitted.
let pairs = samplesOf (List.map snd training) 4 |> preferences "noisy" 0.25

// Best of N: all N from the same samples, so that no curve wobbles by what was drawn. Two by two they are held-out pairs, whose labels
// are gold's own.
let most = if Script.small then 8 else 64
let samples = samplesOf asked most
let golds = Answers.rewards gold samples
let heldOut = samples |> preferences "held-out" 0.0

let starts = if Script.small then [ 1; 2 ] else [ 1..3 ]

/// Trains arms on these pairs, six times over them, and gives each by its name and seed.
let trained name learningRate seeds' steps =
    let result =
        experiment name {
            model story
            train pairs
            training (Training.settings (epochs = 6, batchSize = 16, learningRate = learningRate))
            arms steps
            evaluate [ Evaluate.pairAccuracy heldOut ]
            seeds seeds'
        }
        |> Experiment.run

    fun arm seed -> result |> Experiment.trained (arm, seed = seed)

let rewardModel =
    trained "over-optimisation-proxies" 1e-3 starts [ "bradley-terry", [ Loss.bradleyTerry () ]; "data smoothing", [ Loss.dataSmoothing (beta = 0.7) ] ]

/// The reward models of an arm, one a seed. Their curves are meaned: what one of them is like.
let models arm = [ for seed in starts -> Reward.model (rewardModel arm seed) ]

let ensemble aggregate =
    [ Score.ensemble (aggregate = aggregate, normalise = true)
      |> Reward.composed ([ for model in models "bradley-terry" -> model, 1.0 ], pairs) ]

let proxies =
    [ "Bradley-Terry", models "bradley-terry"
      "ensemble, mean", ensemble Ensemble.Aggregate.Mean
      "ensemble, lower bound", ensemble Ensemble.Aggregate.LowerBound
      "data smoothing", models "data smoothing" ]

let spread (values: float list) =
    let mean = List.average values
    mean, sqrt (values |> List.averageBy (fun value -> (value - mean) ** 2.0))

/// A proxy's zero and scale mean nothing: it is brought to the mean and the spread that gold has on samples of the base.
let scaled proxy =
    let mean, deviation = spread (Answers.rewards proxy samples)
    let goldMean, goldDeviation = spread golds
    fun answers -> Answers.rewards proxy answers |> List.map (fun reward -> goldMean + (reward - mean) / deviation * goldDeviation)

/// By prompt, meaned over models.
let together (curves: float list list) = curves |> List.transpose |> List.map List.average

// Over the root of the divergence best of N and DPO are both to be seen (Gao et al., arXiv:2210.10760).
let point divergence (byPrompt: float list) = Plot.point (sqrt divergence, List.average byPrompt, ?interval = Interval.ofMean byPrompt)

let ns = [ 1; 2; 4; 8; 16; 32; 64 ] |> List.filter (fun n -> n <= most)
let rewards = [ for name, scorers in proxies -> name, [ for scorer in scorers -> scaled scorer samples ] ]

/// By prompt, the gold reward of the best of n by a proxy, and the proxy's own.
let best n proxies =
    let worth values = [ for proxy in proxies -> samples |> Answers.bestOfN n proxy (values proxy) ] |> together
    worth (fun _ -> golds), worth id

// The DPO family: policies of the same pairs, their answers judged by gold, and by the Bradley-Terry proxies.
let betas = if Script.small then [ 0.1 ] else [ 2.0; 0.5; 0.1; 0.02 ]

let policy =
    trained "over-optimisation-dpo" 3e-4 [ 1 ] [ for beta in betas -> $"dpo {beta}", [ Loss.dpo (beta = beta); Score.implicitReward () ] ]

let dpo =
    let judges = [ for scorer in models "bradley-terry" -> scaled scorer ]

    let points =
        [ for beta in betas do
              let answers =
                  Decoding.answer (
                      policy $"dpo {beta}" 1, asked, against = story, maxTokens = 40, temperature = 1.0,
                      samples = if Script.small then 2 else 8
                  )

              let byPrompt values =
                  answers |> Answers.bestOfN 1 values values

              let x = List.average (Answers.divergences answers)
              point x (byPrompt (Answers.rewards gold answers)), point x (together [ for judge in judges -> byPrompt (judge answers) ]) ]

    "DPO", List.map fst points, List.map snd points

let curves =
    [ for name, proxies in rewards do
          let gold, proxy = [ for n in ns -> best n proxies ] |> List.unzip
          name, List.map2 point (ns |> List.map BestOfN.DivergenceBound) gold, List.map2 point (ns |> List.map BestOfN.DivergenceBound) proxy
      "gold itself", [ for n in ns -> best n [ golds ] |> fst |> point (BestOfN.DivergenceBound n) ], []
      dpo ]

Report.plot (
    "over-optimisation",
    title = "Gold and proxy reward over the distance from the base",
    x = "√KL from the base, in nats",
    y = "happy words",
    lines =
        [ for name, gold, proxy in curves do
              Plot.line (name, gold, group = name)

              if proxy <> [] then
                  Plot.line ($"{name}: proxy", [ for at in proxy -> Plot.point (at.X, at.Y) ], group = name, dashed = true) ],
    notes =
        [ "Solid is gold. Dashed is what the proxy itself gives, in the scale that gold has on samples of the base; DPO is judged by the Bradley-Terry models."
          "Best of N for N = 1, 2, 4, ..., at a KL of log N − (N − 1)/N; DPO's is measured. Intervals are for 95 %, over prompts, with models and samples as they are." ]
)

for name, gold, proxy in curves do
    printfn $"{name}"

    for what, numbers in [ "KL", [ for point in gold -> point.X ** 2.0 ]; "gold", [ for point in gold -> point.Y ]; "proxy", [ for point in proxy -> point.Y ] ] do
        printfn "    %-6s %s" what (String.Join(" ", [ for number in numbers -> $"%6.2f{number}" ]))

// What the other proxies have over a single model at the largest N, by the same prompts.
let last proxies = best most proxies |> fst

for name, proxies in List.tail rewards do
    let more = List.map2 (-) (last proxies) (last (snd rewards.Head))
    let interval = Interval.ofMean more |> Option.get
    printfn $"N = {most}: {name} has %+.2f{List.average more} happy words more than Bradley-Terry (%.2f{interval.Low} to %.2f{interval.High})"
