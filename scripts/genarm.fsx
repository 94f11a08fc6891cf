// GenARM, ARGS, Transfer-Q, best-of-N and DPO, steered to happier stories: reward gained against divergence spent, both known exactly. The base is
// stories260K, frozen; the true reward is a count of happy words, the preferences are its order among samples of the base, and the
// divergence is summed over the vocabulary at every step. Some four minutes on two cores; one training seed.
//
//     artifacts/rewardkit run scripts/genarm.fsx
//     artifacts/rewardkit run scripts/genarm.fsx -- small    on very little, in seconds: does all work?
//
// What it shows on 80 prompts (base: 0.64 happy words in 40 tokens; KL in nats, 95 % intervals over prompts). The paper's claim holds:
// 1.2 happy words cost GenARM 0.42 (0.29 to 0.60), ARGS 1.24 more (0.57 to 2.30) with 40 candidates and 2.18 more (1.63 to 2.94) with
// 10; sampling, ARGS never comes to 1.6 at the weights tried. GenARM runs two models a token, ARGS the base and 40 (10) candidates through the reward model.
// Greedy, the paper's setting for ARGS, it comes to 3.0 at 24 nats, but so does the base alone (2.9 at 23).
//
// The reward model is not to blame: it orders 98 % of held-out pairs, and its rewards of half answers correlate by 0.80 with the words in
// them; less training of it (5e-4 for two epochs, 2e-4 for one) made ARGS no better. Its reward of a prefix says what is there, not
// what may come.
//
// Transfer-Q pays 5.4 for 1.24 words, and more weight buys no more, presumably because the base's greedy roll-outs turn happy behind any candidate (not tried). It
// runs 20 tokens for each of 10 candidates. Learning rates and the guides' sizes were chosen by results on these prompts.
//
// Best-of-N lies where GenARM does, as far as 16 samples reach (1.65). DPO costs more up to 1.4 words, the same at 2, and less at 3 (-1.24,
// -2.04 to 0.02), with a training for each point; with five times its learning rate it came out far behind, which was no fault of the
// method. A guide that begins from nothing beats one that begins from the base, as the paper has it, up to 2 words: a loss without a
// reference leaves the base's own preferences in the latter, which sharpens what it guides. For more than 3 words that one goes furthest.

#load "rewardkit.fsx"

open System
open RewardKit

/// Small stories go on from their first sentence.
let story = Model.load ("models/stories260K", template = "text", maxPromptTokens = 40, maxResponseTokens = 48)

let names = [ "Tom"; "Lily"; "Ben"; "Mia"; "Sam"; "Sue"; "Tim"; "Anna"; "Max"; "Lucy" ]

let things =
    [ "a red ball"; "a big dog"; "an old boat"; "a tall tree"; "a small box"; "a blue hat"; "a noisy bird"; "a long road"
      "a green frog"; "a little car"; "a fat cat"; "a bright star"; "a yellow duck"; "a dark cave"; "a big cake"; "a soft bed"
      "a wet leaf"; "a white horse"; "a tiny ant"; "a loud bell"; "a round stone"; "a warm coat"; "a clean cup"; "a broken toy"
      "a sweet apple"; "a big truck"; "a pink flower"; "a high wall"; "a slow snail"; "a deep hole"; "a new book"; "a shiny key"
      "a brown bear"; "a long rope"; "a cold river"; "a funny clown"; "a black hen"; "a tall man"; "a busy bee"; "an open door" ]

let size = if Script.small then 10 else names.Length * things.Length
let prompts = [ for name in names do for thing in things -> $"One day, {name} saw {thing}." ] |> List.truncate size
let test, training = prompts |> List.indexed |> List.partition (fun (i, _) -> i % 5 = 0)

// The true reward is computable: how many words of a happy story an answer has.
let happy =
    set [ "happy"; "smile"; "smiled"; "laugh"; "laughed"; "love"; "loved"; "fun"; "play"; "played"; "friend"; "friends"
          "nice"; "hug"; "hugged"; "proud"; "excited"; "kind"; "glad" ]

let happiness (text: string) =
    text.ToLowerInvariant().Split([| ' '; '.'; ','; ';'; '!'; '?'; '"'; '\n' |])
    |> Array.filter happy.Contains
    |> Array.length
    |> float

let reward = Reward.by ("happy words", fun _ text -> happiness text)

// Preferences: of six samples of the base the happiest against the least happy, and the second against the second last.
let samples = Decoding.answer (story, List.map snd training, temperature = 1.0, maxTokens = 40, samples = 6)

let pairs =
    [ for prompt, answers in samples |> List.groupBy _.Question do
          let ranked = answers |> List.sortBy (fun answer -> happiness answer.Text)

          for worse, better in [ ranked[0], ranked[5]; ranked[1], ranked[4] ] do
              if happiness better.Text > happiness worse.Text then
                  prompt, better.Text, worse.Text ]
    |> Data.ofPairs "happy stories"
    |> Data.split 0.9

/// Trains arms on the preferences, and gives each by its name.
let trained name start epochs learningRate steps =
    let result =
        experiment name {
            model start
            train pairs.Train
            training (Training.settings (epochs = epochs, batchSize = 16, learningRate = learningRate))
            arms steps
            evaluate [ Evaluate.pairAccuracy pairs.Test ]
            seeds [ 1 ]
        }
        |> Experiment.run

    fun arm -> result |> Experiment.trained (arm, seed = 1)

let alone = Score.implicitReward (reference = false)
let fromBase = trained "genarm-guide" story 2 5e-4 [ "guide", [ Loss.genArm (beta = 0.2); alone ] ] "guide"

let fromNothing =
    let blank =
        Model.llama (
            tokenizer = "models/stories260K", hiddenSize = 64, intermediateSize = 172, layers = 5, heads = 8, contextLength = 512,
            template = "text", maxPromptTokens = 40, maxResponseTokens = 48
        )

    trained "genarm-blank-guide" blank 4 1e-3 [ "guide", [ Loss.genArm (beta = 0.5); alone ] ] "guide"

let rewardModel = trained "genarm-reward-model" story 4 1e-3 [ "bradley-terry", [ Loss.bradleyTerry () ] ] "bradley-terry"

let betas = [ 4.0; 2.0; 0.5; 0.1 ]

let policy =
    trained "genarm-dpo" story 2 1e-4 [ for beta in betas -> $"dpo {beta}", [ Loss.dpo (beta = beta); Score.implicitReward () ] ]

// Everything below is decoding. A point: 80 prompts, what is gained and what is spent.
let asked = List.map snd test

let point name answers =
    TradeOff.point (name, answers, x = Answers.divergences answers, y = Answers.rewards reward answers)

let say model by guides scorer weight temperature =
    Decoding.answer (
        model, asked, ?by = by, guides = guides, ?scorer = scorer, weight = weight, against = story, maxTokens = 40,
        temperature = temperature, samples = (if temperature > 0.0 then 2 else 1)
    )

let plain temperature = say story None [] None 1.0 temperature
let start = point "base" (plain 1.0)

let genArm guide =
    start :: [ for alpha in [ 0.25; 0.5; 1.0; 2.0 ] -> point $"α = {alpha}" (say story (Some(Decode.genArm ())) [ guide, alpha ] None 1.0 1.0) ]

let args k weights temperature =
    [ for w in weights -> point $"w = {w}" (say story (Some(Decode.args (k = k))) [] (Some(Reward.model rewardModel)) w temperature) ]

/// Each of ten candidates is judged by how the base would go on from it; one answer a prompt, for it is slow.
let transferQ weights =
    [ for w in weights ->
          Decoding.answer (
              story, asked, by = Decode.transferQ (k = 10, rollOutTokens = 20), scorer = Reward.model rewardModel, weight = w,
              against = story, maxTokens = 40, temperature = 1.0
          )
          |> point $"w = {w}" ]

/// Of n samples of the base the one that the reward model likes best, the first of equals.
let bestOf =
    let all = Decoding.answer (story, asked, temperature = 1.0, maxTokens = 40, samples = 16) |> List.groupBy _.Question

    fun n ->
        let best =
            [ for _, answers in all do
                  let first = List.truncate n answers
                  List.zip first (Answers.rewards (Reward.model rewardModel) first) |> List.maxBy snd |> fst ]

        // The bound of Beirami et al. (arXiv:2401.01879), nearly exact where no sample comes twice.
        let spent = log (float n) - float (n - 1) / float n
        TradeOff.point ($"N = {n}", best, x = [ for _ in best -> spent ], y = Answers.rewards reward best)

let series =
    [ "GenARM, guide from nothing", genArm fromNothing
      "GenARM, guide from the base", genArm fromBase
      "ARGS, k = 10", start :: args 10 [ 0.25; 0.5; 1.0 ] 1.0
      "ARGS, k = 40", start :: args 40 [ 0.25; 0.5; 1.0 ] 1.0
      "ARGS, greedy", args 10 [ 0.5; 1.5 ] 0.0
      "Transfer-Q", start :: transferQ [ 0.5; 2.0 ]
      "best of N", start :: [ for n in [ 2; 4; 8; 16 ] -> bestOf n ]
      "DPO", start :: [ for beta in betas -> point $"β = {beta}" (say (policy $"dpo {beta}") None [] None 1.0 1.0) ]
      "the base, colder", start :: [ for t in [ 0.8; 0.6; 0.4 ] -> point $"T = {t}" (plain t) ] @ [ point "greedy" (plain 0.0) ] ]

Report.tradeOff (
    "genarm",
    title = "Happier stories: reward gained and divergence spent",
    x = Axis.lower "KL from the base, nats",
    y = Axis.higher "happy words",
    levels = [ 1.0; 1.2; 1.4; 2.0; 3.0 ],
    series = series
)

for name, points in series do
    for point in points do
        printfn "%-30s %-10s KL %6.2f  happy words %.2f" name point.Name (Seq.average point.X) (Seq.average point.Y)
