using System.Text;
using System.Text.Json;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;

namespace RewardKit.Hosting.Generators;

/// <summary>
/// Text from a language model in this process. A request draws with its own seed, so that its answer is the same in any
/// company; a prompt that does not fit the context gets the answer <see cref="FinishReason.ContextFull"/> without text.
/// </summary>
public sealed class LocalGenerator : ITextSource, IDisposable
{
    private readonly Lock _gate = new();
    private readonly LanguageModel _model;
    private readonly PairEncoder _encoder;
    private readonly bool _owns;

    /// <summary>Makes a generator of a model that is loaded already.</summary>
    /// <param name="model">The model.</param>
    /// <param name="owns">Whether it is disposed with this.</param>
    public LocalGenerator(LanguageModel model, bool owns = false)
    {
        (_model, _owns) = (model, owns);
        // Training leaves room for a response of its own length; here a prompt may fill all but one token.
        _encoder = new(model.Encoder.Tokenizer, model.Encoder.Template, model.Model.Config.MaxPositionEmbeddings - 1, 1);
    }

    /// <inheritdoc/>
    public string Name => _model.Name;

    /// <inheritdoc/>
    public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default) =>
        this.CollectAsync(requests, cancellation);

    /// <inheritdoc/>
    public Task AnswerAsync(IReadOnlyList<TextRequest> requests, Action<int, TextReply> answered, CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            // Rows are generated side by side where they differ in prompt and seed alone.
            foreach (var alike in requests.Index().GroupBy(r => JsonSerializer.Serialize(r.Item.Options with { Seed = 0 })))
                Answer([.. alike.Select(r => (r.Index, r.Item))], answered, cancellation);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_owns) _model.Dispose();
    }

    private void Answer((int Index, TextRequest Request)[] requests, Action<int, TextReply> answered, CancellationToken cancellation)
    {
        var rows = new List<(int Index, int[] Prompt, long Seed)>();
        foreach (var (index, request) in requests)
        {
            cancellation.ThrowIfCancellationRequested();
            var (ids, truncated) = _encoder.EncodePrompt(request.Prompt);
            if (truncated) answered(index, new("", FinishReason.ContextFull));
            else rows.Add((index, ids, request.Options.Seed));
        }
        if (rows.Count == 0) return;
        var texts = rows.Select(_ => new StringBuilder()).ToArray();
        var tokens = new int[rows.Count];
        foreach (var token in _model.Stream([.. rows.Select(row => row.Prompt)], requests[0].Request.Options, [.. rows.Select(row => row.Seed)]))
        {
            cancellation.ThrowIfCancellationRequested();
            texts[token.Row].Append(token.Text);
            tokens[token.Row]++;
            if (token.Finish is not { } finish) continue;
            answered(rows[token.Row].Index, new(texts[token.Row].ToString(), finish, rows[token.Row].Prompt.Length, tokens[token.Row]));
            texts[token.Row].Clear();
        }
    }
}
