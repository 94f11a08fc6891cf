// Crome (arXiv:2506.16507) beside Bradley-Terry and RRM, with the paper's ablation of neutral rows, on Anthropic's HH-RLHF
// harmlessness pairs. Three seeds, a small Llama with random weights.
//
//     artifacts/rewardkit run scripts/crome.fsx
//     artifacts/rewardkit run scripts/crome.fsx -- small    on very little, in seconds: does all work?
//
// The oracle that rewrites answers is a language model in the paper. Name a server with OpenAI's interface, and it is one here:
//
//     CROME_SERVER=http://localhost:8000/v1 CROME_MODEL=google/gemma-3-27b-it artifacts/rewardkit run scripts/crome.fsx
//
// Without one, rules of this script stand in for it. They really change the answers, one attribute at a time, but by a few
// fixed sentences and cuts, which a reward model can learn by heart; and the model learns from 1,282 pairs alone. So this shows
// how the parts work together, not the paper's effect: with the rules, Bradley-Terry was right on 63 % of the test pairs,
// Crome's arms on 57 to 60 %, differences that 345 pairs do not tell apart.
//
// For the paper's scale, change what stands at the top: Gemma-2-9b-it, UltraFeedback's 60,000 pairs, an oracle of some 27B,
// learning rate 1e-6, 256 rows a step, 1 epoch, share 1.0.

#load "rewardkit.fsx"

open System
open System.Text.Encodings.Web
open System.Text.RegularExpressions
open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

let start =
    Model.llama (
        tokenizer = "models/bpe-2k-tokenizer",
        hiddenSize = 32,
        intermediateSize = 88,
        layers = 2,
        heads = 4,
        maxPromptTokens = 64,
        maxResponseTokens = 192
    )

let schedule =
    Training.settings (epochs = 3, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01)

/// The share of the pairs that causal rows are made of, up to ten of each.
let share = 0.2

/// The filter's τ for neutral rows; below 0 there is none. The paper has 0.2. A baseline as small as this one is nearly
/// undecided on any pair, which would leave hardly a row.
let neutralThreshold = -1.0

/// The transformations of reWordBench that the arms are judged by, too; the paper has `set = RewordPairs.Set.Crome`, which takes long.
let reworded = "ignore-above, punct-spaces, twitter-handle"

let server = Environment.GetEnvironmentVariable "CROME_SERVER"
let serverModel = Environment.GetEnvironmentVariable "CROME_MODEL"

/// What stands in for a language model: it finds in a prompt of Crome's what is asked for, and does it by rules.
module Rules =

    let private sentences (text: string) =
        Regex.Split(text.Trim(), @"(?<=[.!?])\s+") |> Array.filter (fun s -> s <> "")

    let private words (text: string) =
        Regex.Matches(text.ToLowerInvariant(), @"[\w']+") |> Seq.map _.Value |> Array.ofSeq

    let private join (parts: string seq) = String.Join(" ", parts)

    /// One of some texts, the same for the same key in every process.
    let private pick (key: string) (texts: string[]) =
        let hash = key |> Seq.fold (fun sum letter -> (sum * 31 + int letter) % 1000003) 7
        texts[hash % texts.Length]

    let private offTopic =
        [| "My favourite colour is blue."
           "The museum opens at nine on weekdays."
           "Tomatoes need a lot of sun."
           "I once had a bicycle with three gears."
           "The train to the coast leaves from platform four."
           "Owls can turn their heads very far." |]

    let private rude =
        [| "What a stupid thing to ask."
           "Only an idiot would not know that."
           "I am sick of people like you."
           "You really are a waste of my time." |]

    let private kind =
        [| "Thank you for asking me about this."
           "I can see that this matters to you."
           "I appreciate that you talk to me about it."
           "That is a fair thing to wonder about." |]

    let private caution =
        [| "I don't want anybody to get hurt, so please don't do this."
           "This could harm you or somebody else, and I can't help with that."
           "I'd rather not support that, because it may be dangerous or against the law."
           "Please think of the people whom this would hurt." |]

    let private reckless =
        [| "Sure, just go ahead, nobody will find out."
           "Do it, it's fun, and the law is not your problem."
           "Sure, here is how you get away with it."
           "They deserve it anyway, so do what you like." |]

    let private more =
        [| "If you tell me more about your situation, I can be more specific. It also helps to write down first what you know already."
           "There are several sides to this. It is worth asking somebody who knows the subject, and comparing two or three sources."
           "A good first step is a small one that you can undo. Then look at what happened, and go on from there." |]

    let private isRefusal (sentence: string) =
        Regex.IsMatch(sentence, @"\b(not|n't|sorry|illegal|harm|danger\w*|wrong|hurt)\b|n't\b", RegexOptions.IgnoreCase)

    let private filler =
        Regex(@"\b(Well, |Um, |Okay, |I think |I guess |I mean, |you know, |really |just |very |actually |basically )", RegexOptions.IgnoreCase)

    let private attributes =
        """{"harmlessness": 0.35, "relevance": 0.2, "completeness": 0.2, "respect": 0.15, "conciseness": 0.1}"""

    /// Makes an answer worse in an attribute.
    let private worse (attribute: string) (question: string) (answer: string) =
        let parts = sentences answer

        match attribute with
        | "harmlessness" -> join (Seq.append [ pick answer reckless ] (Array.filter (isRefusal >> not) parts))
        | "relevance" -> join (Seq.append (Array.truncate (parts.Length / 2) parts) [ pick answer offTopic; pick question offTopic ])
        | "completeness" when parts.Length > 1 -> join (Array.truncate (parts.Length / 2) parts)
        | "completeness" -> answer.Split ' ' |> fun all -> join (Array.truncate (all.Length / 2) all)
        | "respect" -> join [ answer; pick answer rude ]
        | _ -> join (parts |> Seq.collect (fun part -> [ part; part ]))

    /// Makes an answer better in an attribute. Where a rule finds nothing to mend, the answer stays as it is.
    let private better (attribute: string) (question: string) (answer: string) =
        match attribute with
        | "harmlessness" -> join [ pick answer caution; answer ]
        | "relevance" ->
            let longest = words (question.Split("user: ") |> Array.last) |> Array.distinct |> Array.sortByDescending _.Length
            let topic = String.Join(" and ", Array.truncate 2 longest)
            $"You ask about {topic}. {answer}"
        | "completeness" -> join [ answer; pick answer more ]
        | "respect" -> join [ pick answer kind; answer ]
        | _ -> filler.Replace(answer, "")

    let private synonyms =
        [ "can't", "cannot"; "don't", "do not"; "I'm", "I am"; "it's", "it is"; "you're", "you are"; "that's", "that is"
          "maybe", "perhaps"; "help", "assist"; "buy", "purchase"; "want", "wish"; "kids", "children"; "talk", "speak"
          "big", "large"; "start", "begin"; "sorry", "afraid"; "bad", "poor"; "think", "believe"; "sure", "certain" ]

    /// Says the same in other words, as far as the rules know some.
    let private paraphrase (answer: string) =
        synonyms
        |> List.fold (fun (text: string) (one, other) -> Regex.Replace(text, $@"(?<![\w'])%s{Regex.Escape one}(?![\w'])", other)) answer

    /// The share of words that two answers have in common.
    let private overlap (one: string) (other: string) =
        let count text = words text |> Array.countBy id |> Map.ofArray
        let a, b = count one, count other
        let common = a |> Map.fold (fun sum word n -> sum + min n (Map.tryFind word b |> Option.defaultValue 0)) 0
        float common / float (max 1 (max (words one).Length (words other).Length))

    /// The manner of one answer on the content of another: contractions, exclamation marks, how it begins and ends.
    let private inMannerOf (answer: string) (content: string) =
        let text = if answer.Contains "n't" then content else paraphrase content
        let text = if answer.Contains '!' then text.Replace(".", "!") else text.Replace("!", ".")
        let text = if Regex.IsMatch(answer, @"^(I|I'm) ") then "I mean: " + text else text
        let last = Array.tryLast (sentences answer) |> Option.defaultValue ""
        if last.EndsWith '?' && not (text.EndsWith '?') then join [ text; last ] else text

    let private tagged (tag: string) (prompt: string) =
        prompt.Split($"<{tag}>\n").[1].Split($"\n</{tag}>").[0]

    let private text (value: string) =
        "\"" + JavaScriptEncoder.Default.Encode value + "\""

    let private json (properties: (string * string) list) =
        "{" + String.Join(", ", [ for name, value in properties -> text name + ": " + value ]) + "}"

    let private array (items: string list) = "[" + String.Join(", ", items) + "]"

    let answer (prompt: string) =
        let has (part: string) = prompt.Contains part
        let inside tag = tagged tag prompt
        let attribute = Regex.Match(prompt.Split('\n')[0], @": (\w+)\.").Groups[1].Value

        if has "<attributes>" then
            json [ "Attributes", inside "attributes" ]
        elif has "\"Attributes\"" then
            json [ "Attributes", attributes ]
        elif has "<accepted>" then
            [ $"what serves {attribute}", "raises it"
              $"what goes against {attribute}", "lowers it"
              "the first sentence", "sets the direction"
              "the last sentence", "leaves the impression"
              "what is left out", "raises or lowers it" ]
            |> List.map (fun (element, impact) -> json [ "element", text element; "impact", text impact ])
            |> fun elements -> json [ attribute, array elements ]
        elif has "Rewritten answer:" then
            let rewrite = if has "Make an answer worse" then worse else better
            "Rewritten answer: " + rewrite attribute (inside "question") (inside "answer")
        elif has "Verdict:" then
            // Noticeable, but not another answer altogether.
            let same = overlap (inside "original") (inside "rewrite")
            if same > 0.25 && same < 0.95 then "Verdict: Pass" else "Verdict: Fail"
        elif has "\"differences\"" then
            let analysis =
                json [ "Response_1", text (inside "response_1"); "Response_2", text (inside "response_2") ]

            let difference =
                json [ "attribute", text "content"; "difference", text "what is said"; "analysis", analysis ]

            json [ "differences", array [ difference ] ]
        elif has "Final Response" then
            let content = (inside "differences").Split " To become: " |> Array.last
            json [ "Final Response", text (inMannerOf (inside "answer") content) ]
        else
            "Paraphrase: " + paraphrase (inside "answer")

let byRules = String.IsNullOrEmpty server

let oracle =
    if byRules then
        Generator.scripted ("rules", Rules.answer)
    else
        Generator.server (url = server, model = serverModel)

let baseline = Baseline.arm "bradley-terry"

// One seed for the rewrites of all runs, so that a server is asked once.
let causal = Augment.cromeCausal (share = share, seed = 1)
let neutral ratio = Augment.cromeNeutral (ratio, neutralThreshold)
let aligned ratio = Augment.cromeCan (ratio, restore = false, filterThreshold = neutralThreshold, seed = 1)
let paraphrased = Augment.cromePara (filterThreshold = neutralThreshold, seed = 1)

experiment "crome" {
    model start
    train pairs.Train
    generator oracle

    // Every arm sees its rows equally often; arms with more rows take more steps.
    training schedule

    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "rrm" [ baseline; Augment.rrm (sample = 0.15); Loss.bradleyTerry () ]

    // The names are the paper's: causal rows alone, and with each kind of neutral rows. IQN is its main model.
    arm "crome-c" [ baseline; causal; Loss.crome () ]
    arm "crome-iqn" [ baseline; causal; neutral 1.0; Loss.crome () ]
    arm "crome-can" [ baseline; causal; aligned 1.0; Loss.crome () ]
    arm "crome-para" [ baseline; causal; paraphrased; Loss.crome () ]
    arm "crome-iqn+can" [ baseline; causal; neutral 0.5; aligned 0.5; Loss.crome () ]

    // The paper's second question: what is left of the accuracy where the same pairs are worded or laid out otherwise.
    evaluate [ Evaluate.pairAccuracy pairs.Test; Evaluate.rewordPairs (pairs.Test, transformations = reworded) ]
    seeds (if Script.small then [ 1 ] else [ 1; 2; 3 ])
}
|> Experiment.run
|> ignore

if byRules then
    printfn
        "The rewrites are by the rules of this script, not by a language model, and the model is a small one that has read \
         nothing else: no evidence for or against the paper. Name a server in CROME_SERVER for real rewrites."
