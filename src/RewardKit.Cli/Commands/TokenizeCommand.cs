using System.CommandLine;
using RewardKit.Models.Tokenization;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit tokenize FOLDER</c>.</summary>
internal static class TokenizeCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER")
        {
            Description = "A model or tokenizer folder, or one file: a tokenizer.json or a SentencePiece tokenizer.model.",
        };
        var decode = new Option<bool>("--decode") { Description = "The other way: read {\"ids\": [...]}, write {\"text\": ...}." };
        var template = new Option<bool>("--template")
        {
            Description = "Apply the chat template to {\"text\": ...}, too, as one turn of the user.",
        };
        var bare = new Option<bool>("--no-special-tokens")
        {
            Description = "Put no special tokens around texts; with --decode, leave special tokens out of the text.",
        };
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "tokenize",
            """
            Shows the tokens of texts as a model gets them. Reads JSON Lines from standard input, {"text": ...} or
            {"messages": [{"role": ..., "content": ...}, ...]}, and writes {"ids": [...], "tokens": [...]} for each.
            Messages go through the tokenizer's chat template, or the plain one where it has none, with the special tokens
            that scoring gives them; a text gets those of the tokenizer's post-processor.
            """,
            "echo '{\"text\": \"Hello world\"}' | rewardkit tokenize models/llama",
            "rewardkit tokenize models/llama < chats.jsonl | rewardkit tokenize models/llama --decode")
        {
            folder, decode, template, bare, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var lines = new TokenizeLines(Tokenizer.Load(parsed.GetRequiredValue(folder)), parsed.GetValue(template), parsed.GetValue(bare));
            using var input = Console.OpenStandardInput();
            using var output = Console.OpenStandardOutput();
            if (parsed.GetValue(decode)) JsonLines.Map(input, output, lines.Decode, cancellation);
            else JsonLines.Map(input, output, lines.Encode, cancellation);
        }));
        return command;
    }
}
