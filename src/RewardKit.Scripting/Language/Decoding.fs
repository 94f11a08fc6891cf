namespace RewardKit

open System
open System.IO
open RewardKit.Hosting.Decoding
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Scoring
open RewardKit.Models
open RewardKit.Scripting
open RewardKit.Training.Data

/// An answer to a prompt: Question, Text, Tokens, LogProb, and how far it lies from the base model.
type Answer = RewardKit.Hosting.Decoding.Answer

/// What the host does for the running script.
module internal Work =
    let context what =
        match ScriptContext.Current with
        | null -> raise (RewardKitException.Input $"{what} works in a script that RewardKit runs: rewardkit run SCRIPT.fsx")
        | context when isNull context.Work -> raise (RewardKitException.Failure $"{what}: this host decodes nothing.")
        | context ->
            Arguments.check ()
            context.Work

    let folder (name: string) = Path.Combine(Script.runs, name)

/// What gives texts a reward: of the script's own, or a trained model.
[<AbstractClass; Sealed>]
type Reward =
    /// <summary>
    /// A function of the script's own: <c>Reward.by ("short", fun prompt text -> -float text.Length)</c>.
    /// </summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="reward">From the content of a prompt's last turn and the answer's text to the reward.</param>
    static member by(name: string, reward: string -> string -> float) : ScorerSpec =
        ScriptedScorerSpec(
            name,
            Func<ScoreRequest, float>(fun request -> reward request.Prompt.LastContent request.Response.LastContent),
            Reward.content name "by"
        )

    /// <summary>
    /// A function of the script's own that gives rewards at places in an answer, as an aspect at the end of each sentence:
    /// <c>Reward.within ("questions", fun prompt text -> [ for i in 0 .. text.Length - 1 do if text[i] = '?' then i + 1, -1.0 ])</c>. Their
    /// sum is the answer's reward.
    /// </summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="places">
    /// From the content of a prompt's last turn and the answer's text to places, each as the number of characters before it and the reward there.
    /// </param>
    static member within(name: string, places: string -> string -> (int * float) list) : ScorerSpec =
        ScriptedStepsSpec(
            name,
            Func<ScoreRequest, Collections.Generic.IReadOnlyList<PlacedReward>>(fun request ->
                [| for place, reward in places request.Prompt.LastContent request.Response.LastContent -> PlacedReward(place, reward) |]),
            Reward.content name "within"
        )

    static member private content (name: string) (how: string) =
        if String.IsNullOrWhiteSpace name then
            raise (RewardKitException.Input $"A reward has no name; give it one, as Reward.{how} (\"short\", ...).")

        match ScriptContext.Current with
        | null -> ""
        | context -> context.NextInline()

    /// <summary>A trained reward model: <c>Reward.model (result |> Experiment.trained ("bradley-terry", seed = 1))</c>.</summary>
    /// <param name="model">The model.</param>
    static member model(model: ModelSpec) : ScorerSpec = ModelScorerSpec model

    /// <summary>
    /// Several made one: <c>Score.ensemble (aggregate = Ensemble.Aggregate.Worst) |> Reward.composed [ Reward.model first, 1.0; Reward.model second, 1.0 ]</c>.
    /// </summary>
    /// <param name="members">The scorers with their weights.</param>
    static member composed(members: (ScorerSpec * float) list) : Step -> ScorerSpec = Reward.together (members, null)

    /// <summary>The same, with pairs whose responses tell the members' scales apart, for composers that normalise.</summary>
    /// <param name="members">The scorers with their weights.</param>
    /// <param name="reference">The pairs.</param>
    static member composed(members: (ScorerSpec * float) list, reference: PairData) : Step -> ScorerSpec = Reward.together (members, reference)

    static member private together(members: (ScorerSpec * float) list, reference) : Step -> ScorerSpec =
        function
        | Step.Composer composer ->
            ComposedScorerSpec(composer, [| for scorer, weight in members -> struct (scorer, weight) |], reference)
        | _ -> raise (RewardKitException.Input "Reward.composed makes one scorer of several by a function of Score, as Score.ensemble (); this is none.")

/// Decoding as a function from values to values.
[<AbstractClass; Sealed>]
type Decoding =
    /// <summary>
    /// Answers prompts: <c>Decoding.answer (model, prompts, by = Decode.genArm (), guides = [ guide, 1.0 ], temperature = 1.0)</c>.
    /// Answers are kept in the script's runs folder: the same command goes on where it was stopped, and what is there is not
    /// made again. The answers to the first prompt come first.
    /// </summary>
    /// <param name="model">The model that is decoded from.</param>
    /// <param name="prompts">The prompts, each a user's turn.</param>
    /// <param name="by">How: a function of Decode, or Inline.decoder; default: the model alone.</param>
    /// <param name="guides">Models that steer, each with its weight, 0 or more.</param>
    /// <param name="scorer">What scores texts, for decoders that need it.</param>
    /// <param name="baselineScorer">
    /// What the model is aligned to already, for decoders that weigh the scorer against it (Decode.transferQ (indirect = true)).
    /// </param>
    /// <param name="weight">The scorer's weight, 0 or more; default 1.</param>
    /// <param name="against">
    /// Measures exactly how far what is sampled from lies from this model, usually the base: Answers.divergences. Default: not measured.
    /// </param>
    /// <param name="maxTokens">The most tokens of an answer, at least 1; default 256.</param>
    /// <param name="temperature">Scores are divided by it; default 0: always the most probable token.</param>
    /// <param name="topK">Only the k most probable tokens stay; default 0: all.</param>
    /// <param name="topP">Only the most probable tokens that sum to this stay, in (0, 1]; default 1: all.</param>
    /// <param name="repetitionPenalty">Above 1, tokens that were there already become less probable; default 1.</param>
    /// <param name="stop">An answer ends before one of these.</param>
    /// <param name="samples">How many answers a prompt gets, at least 1; default 1.</param>
    /// <param name="seed">Decides all draws; default 1.</param>
    static member answer
        (
            model: ModelSpec,
            prompts: string list,
            ?by: MethodUse,
            ?guides: (ModelSpec * float) list,
            ?scorer: ScorerSpec,
            ?baselineScorer: ScorerSpec,
            ?weight: float,
            ?against: ModelSpec,
            ?maxTokens: int,
            ?temperature: float,
            ?topK: int,
            ?topP: float,
            ?repetitionPenalty: float,
            ?stop: string list,
            ?samples: int,
            ?seed: int
        ) : Answer list =
        let usual = GenerationOptions()

        let options =
            GenerationOptions(
                MaxTokens = defaultArg maxTokens usual.MaxTokens,
                Temperature = defaultArg temperature 0.0,
                TopK = defaultArg topK usual.TopK,
                TopP = defaultArg topP usual.TopP,
                RepetitionPenalty = defaultArg repetitionPenalty usual.RepetitionPenalty,
                StopStrings = List.toArray (defaultArg stop []),
                Seed = int64 (defaultArg seed 1)
            )

        let specification =
            DecodingSpec(
                Model = model,
                Decoder = Option.toObj by,
                Guides = (defaultArg guides [] |> List.map GuideSpec |> List.toArray),
                Scorer = Option.toObj scorer,
                BaselineScorer = Option.toObj baselineScorer,
                ScorerWeight = defaultArg weight 1.0,
                Reference = Option.toObj against,
                Prompts = (prompts |> List.map Conversation.User |> List.toArray),
                Options = options,
                Samples = defaultArg samples 1,
                Folder = Work.folder "answers"
            )

        (Work.context "Decoding.answer").Answer(specification, Script.cancellation) |> List.ofSeq

/// Making one model of several, without training.
[<AbstractClass; Sealed>]
type Merging =
    /// <summary>
    /// Merges models with their shares: <c>Merge.rewardedSoups () |> Merging.merge [ kind, 0.5; brief, 0.5 ]</c>. The result is
    /// like the first, lies in the script's runs folder, and is not made again.
    /// </summary>
    /// <param name="models">The models.</param>
    static member merge(models: (ModelSpec * float) list) : MethodUse -> ModelSpec =
        fun merger ->
            MergeSpec(merger, models |> List.map GuideSpec |> List.toArray, Work.folder "merged")
            |> (Work.context "Merging.merge").Merge
