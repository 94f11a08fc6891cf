namespace RewardKit

open System
open System.IO
open RewardKit.Hosting.Generators
open RewardKit.Scripting

/// What writes text for augmenters and evaluators that need a language model: `generator (Generator.server (...))` in an
/// experiment. Every answer of a server and of a local model is kept: work that was interrupted goes on where it stopped,
/// and nothing is asked twice.
[<AbstractClass; Sealed>]
type Generator =

    /// <summary>
    /// A server with OpenAI's chat completions, as vLLM, SGLang, llama.cpp or OpenAI's own:
    /// <c>Generator.server (url = "http://localhost:8000/v1", model = "qwen2.5-7b-instruct")</c>.
    /// </summary>
    /// <param name="url">Where its interface begins, usually ending in /v1.</param>
    /// <param name="model">The model's name, as the server knows it. It stands for the answers, wherever it is asked.</param>
    /// <param name="key">
    /// The name of the environment variable that has the API key; default: OPENAI_API_KEY for OpenAI's own server, none for
    /// any other.
    /// </param>
    /// <param name="concurrency">The most requests under way at once, 1 to 10000; default 16.</param>
    /// <param name="timeout">How long one try may take in seconds, above 0; default 300.</param>
    /// <param name="tries">How often a request is tried before the work ends, 1 to 1000; default 8.</param>
    /// <param name="answers">
    /// The file in which answers are kept, relative to the script; default: generated.db in the experiment's folder.
    /// </param>
    static member server
        (
            url: string,
            model: string,
            ?key: string,
            ?concurrency: int,
            ?timeout: float,
            ?tries: int,
            ?answers: string
        ) : GeneratorSpec =
        let options = ServerOptions(Url = url, Model = model)

        ServerSpec(
            ServerOptions(
                Url = url,
                Model = model,
                KeyVariable = Option.toObj key,
                Concurrency = defaultArg concurrency options.Concurrency,
                Timeout =
                    (match timeout with
                     | Some seconds when seconds > 0.0 && seconds <= 86400.0 -> TimeSpan.FromSeconds seconds
                     | Some seconds ->
                         raise (
                             RewardKitException.Input
                                 $"Generator.server: timeout = {seconds} is out of range; it must be above 0, and at most 86400 seconds."
                         )
                     | None -> options.Timeout),
                Tries = defaultArg tries options.Tries
            ),
            Answers = (answers |> Option.map Script.path |> Option.toObj)
        )

    /// <summary>A language model in a Hugging Face folder, in this process: on the GPU where there is one.</summary>
    /// <param name="folder">The folder, relative to the script.</param>
    /// <param name="dtype">The weights' type: "float32", "bfloat16", "float16", or "auto"; default as for Model.load.</param>
    /// <param name="rows">How many prompts are answered at a time, at least 1; default 32.</param>
    /// <param name="answers">
    /// The file in which answers are kept, relative to the script; default: generated.db in the experiment's folder.
    /// </param>
    static member local(folder: string, ?dtype: string, ?rows: int, ?answers: string) : GeneratorSpec =
        let folder = Script.path folder

        if not (Directory.Exists folder) then
            raise (RewardKitException.Input $"There is no model folder {folder}. Name one relative to the script.")

        LocalSpec(
            folder,
            Dtype = Option.toObj dtype,
            Rows = defaultArg rows 32,
            Answers = (answers |> Option.map Script.path |> Option.toObj)
        )

    /// <summary>
    /// Answers by a function of the script's own: <c>Generator.scripted ("echo", fun prompt -> prompt)</c>. For tests, and
    /// where no language model is needed. Finished runs that used it are found again as long as the script stays the same.
    /// </summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="answer">From the content of a prompt's last turn to the answer; several threads may call it at once.</param>
    static member scripted(name: string, answer: string -> string) : GeneratorSpec =
        Generator.scriptedReplies (
            name,
            fun request -> TextReply(answer request.Prompt.LastContent, FinishReason.StopToken)
        )

    /// <summary>As Generator.scripted, by a function that sees the whole request and says how the answer ends.</summary>
    /// <param name="name">The name that reports show.</param>
    /// <param name="answer">The function; several threads may call it at once.</param>
    static member scriptedReplies(name: string, answer: TextRequest -> TextReply) : GeneratorSpec =
        if String.IsNullOrWhiteSpace name then
            raise (RewardKitException.Input "A scripted generator has no name; give it one, as Generator.scripted (\"echo\", ...).")

        let content =
            match ScriptContext.Current with
            | null -> ""
            | context -> context.NextInline()

        ScriptedSpec(name, Func<TextRequest, TextReply> answer, content)

    /// <summary>
    /// Answers from a file: a JSON object a line with <c>prompt</c>, the content of a prompt's last turn, and <c>reply</c>.
    /// </summary>
    /// <param name="path">The file, plain or gzip, relative to the script.</param>
    static member file(path: string) : GeneratorSpec = AnswerFileSpec(Script.path path)

    /// <summary>
    /// Another generator for one arm's augmenters than the experiment's: a step of the arm, as
    /// <c>arm "local" [ Generator.only (Generator.local "models/base"); Augment.crome (); Loss.crome () ]</c>.
    /// </summary>
    /// <param name="generator">The generator.</param>
    static member only(generator: GeneratorSpec) : Step = Step.Generator generator
