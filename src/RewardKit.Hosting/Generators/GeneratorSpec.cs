using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Models.Generation;
using TorchSharp;

namespace RewardKit.Hosting.Generators;

/// <summary>A text generator as an experiment names it; nothing is loaded or asked before it is needed.</summary>
public abstract record GeneratorSpec
{
    /// <summary>
    /// The file in which its answers are kept, absolute; null: <c>generated.db</c> in the experiment's folder. Several
    /// experiments may share one.
    /// </summary>
    public string? Answers { get; init; }

    /// <summary>A name for messages and reports.</summary>
    public abstract string Name { get; }

    /// <summary>Whether its answers are worth keeping.</summary>
    internal virtual bool Keeps => true;

    /// <summary>What decides its answers beside the requests: part of the keys of runs, and of what is kept.</summary>
    internal abstract string Identity(FileHashes files);

    /// <summary>Refuses what can be seen to be wrong before anything is asked.</summary>
    /// <exception cref="RewardKitException">Something is.</exception>
    internal virtual void Check()
    {
    }

    /// <summary>Makes it.</summary>
    /// <param name="retrying">Told, in a sentence, of each try that failed and will be followed by another.</param>
    internal abstract ITextGenerator Open(Action<string> retrying);
}

/// <summary>A server with OpenAI's chat completions. Its model's name stands for its answers, wherever it is asked.</summary>
/// <param name="Options">The server, and how it is asked.</param>
public sealed record ServerSpec(ServerOptions Options) : GeneratorSpec
{
    /// <inheritdoc/>
    public override string Name => $"{Options.Model} at {Options.Url.Split('?')[0]}";

    internal override string Identity(FileHashes files) => $"server {Options.Model}";

    internal override void Check() => Options.Checked();

    internal override ITextGenerator Open(Action<string> retrying) => new ServerGenerator(Options) { Retrying = retrying };
}

/// <summary>A language model in this process, on the GPU where there is one.</summary>
/// <param name="Folder">Its folder, in Hugging Face's layout.</param>
public sealed record LocalSpec(string Folder) : GeneratorSpec
{
    /// <summary>The weights' type, as <see cref="ModelSpec.Dtype"/>.</summary>
    public string? Dtype { get; init; }

    /// <summary>How many prompts are answered at a time.</summary>
    public int Rows { get; init; } = 32;

    /// <inheritdoc/>
    public override string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    internal override string Identity(FileHashes files)
    {
        var spec = new ModelSpec { Folder = Folder };
        var folders = new List<(string Folder, IReadOnlyList<string> Files)> { (Folder, ModelFiles.OfModel(Folder)) };
        if (ModelFiles.BaseOf(spec) is { } below) folders.Add((below, ModelFiles.OfModel(below)));
        if (ModelFiles.TokenizerOf(spec) is { } tokenizer) folders.Add((tokenizer, ModelFiles.OfTokenizer(tokenizer)));
        return $"local {string.Join(' ', folders.Select(f => files.Of(f.Folder, f.Files)))} {Dtype}".TrimEnd();
    }

    internal override void Check()
    {
        if (!Directory.Exists(Folder)) throw RewardKitException.Input($"There is no model folder {Folder} for the text generator.");
        if (Rows < 1) throw RewardKitException.Input($"The generator's rows is {Rows}; expected at least 1.");
    }

    internal override ITextGenerator Open(Action<string> retrying) =>
        new LocalGenerator(LanguageModel.Load(Folder, torch.cuda.is_available() ? torch.CUDA : torch.CPU, Dtype, Rows), owns: true);
}

/// <summary>A function that the script itself defines.</summary>
/// <param name="Label">The name that the script gives it.</param>
/// <param name="Answer">The function; several threads may call it at once.</param>
/// <param name="ContentHash">A hash of all code and input that decide what it does.</param>
public sealed record ScriptedSpec(string Label, Func<TextRequest, TextReply> Answer, string ContentHash) : GeneratorSpec
{
    /// <inheritdoc/>
    public override string Name => Label;

    internal override bool Keeps => false;

    internal override string Identity(FileHashes files) => $"script {Label} {ContentHash}";

    internal override ITextGenerator Open(Action<string> retrying) => new ScriptedGenerator(Answer, Label);
}

/// <summary>Answers from a file: a JSON object a line with <c>prompt</c>, the content of a prompt's last turn, and <c>reply</c>.</summary>
/// <param name="File">The file, plain or gzip.</param>
public sealed record AnswerFileSpec(string File) : GeneratorSpec
{
    /// <inheritdoc/>
    public override string Name => Path.GetFileName(File);

    internal override bool Keeps => false;

    internal override string Identity(FileHashes files) => $"file {files.Of(File)}";

    internal override void Check()
    {
        if (!System.IO.File.Exists(File)) throw RewardKitException.Input($"There is no file {File} with a text generator's answers.");
    }

    internal override ITextGenerator Open(Action<string> retrying) => AnswerFile.Open(File);
}
