namespace RewardKit.Models.Tokenization;

/// <summary>
/// Text to token ids and back, as the Hugging Face tokenizer of the same files does it, id for id. Byte-pair encoding in
/// its two common forms: over bytes (GPT-2, Llama 3) and over characters with byte fallback (Llama 2, Mistral). A
/// component beyond that is refused by name on loading. Safe to use from several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerFiles _files;
    private readonly TokenizerParts _parts;
    private readonly AddedTokens _rawAdded;
    private readonly AddedTokens _normalizedAdded;
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly HashSet<int> _special;

    private Tokenizer(TokenizerFiles files, TokenizerParts parts)
    {
        _files = files;
        _parts = parts;
        _rawAdded = new(parts.Added.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _normalizedAdded = new(parts.Added.Where(t => t.Normalized).Select(t => (Normalize(t.Content), t)));
        _ids = new(parts.Vocab);
        foreach (var token in parts.Added) _ids[token.Content] = token.Id;
        _tokens = new string?[_ids.Count == 0 ? 0 : _ids.Values.Max() + 1];
        foreach (var (token, id) in _ids) _tokens[id] = token;
        _special = [.. parts.Added.Where(t => t.Special).Select(t => t.Id)];
        var special = SpecialTokens.Read(files, parts.TemplateStart, TokenToId);
        (BosId, EosId, PadId, AddsBos, HasChatTemplate) = special;
    }

    /// <summary>The folder it was loaded from.</summary>
    public string Folder => _files.Folder;

    /// <summary>The highest id plus one: the rows an embedding needs.</summary>
    public int VocabSize => _tokens.Length;

    /// <summary>The token that begins a text, whether or not <see cref="AddsBos"/>; null if there is none.</summary>
    public int? BosId { get; }

    /// <summary>The token that ends a text; null if there is none.</summary>
    public int? EosId { get; }

    /// <summary>The token that fills rows; null if none is named. Never used here: batches have no padding.</summary>
    public int? PadId { get; }

    /// <summary>
    /// Whether a model's input begins with <see cref="BosId"/>: as <c>add_bos_token</c> says, or else the post-processor.
    /// </summary>
    public bool AddsBos { get; }

    /// <summary>Whether the files bring a chat template of their own.</summary>
    public bool HasChatTemplate { get; }

    /// <summary>Whether encoding puts a space in front of the text (SentencePiece's dummy prefix).</summary>
    public bool PrependsSpace => _parts.Normalizer?.PrependsSpace ?? false;

    /// <summary>
    /// Loads <c>tokenizer.json</c>, or GPT-2's <c>vocab.json</c> and <c>merges.txt</c>; each may be compressed, with
    /// <c>.gz</c> after its name. Special tokens come from <c>tokenizer_config.json</c>,
    /// <c>special_tokens_map.json</c> and <c>config.json</c>, as far as they are there.
    /// </summary>
    /// <param name="folder">A Hugging Face model or tokenizer folder.</param>
    /// <exception cref="RewardKitException">A file is missing or malformed, or needs something not supported.</exception>
    public static Tokenizer Load(string folder)
    {
        var files = new TokenizerFiles(folder);
        return new(files, TokenizerLoader.Load(files));
    }

    /// <summary>Encodes a text. No special token is added; those written in the text are found.</summary>
    /// <param name="text">The text. A lone surrogate counts as U+FFFD.</param>
    /// <returns>The ids.</returns>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 3 + 4);
        foreach (var raw in _rawAdded.Split(text))
        {
            if (raw.Id is { } id)
            {
                ids.Add(id);
                continue;
            }
            var normalized = Normalize(text.Substring(raw.Start, raw.Length));
            foreach (var piece in _normalizedAdded.Split(normalized))
            {
                if (piece.Id is { } added) ids.Add(added);
                else EncodePiece(normalized.Substring(piece.Start, piece.Length), ids);
            }
        }
        return [.. ids];
    }

    /// <summary>Decodes ids to text. Ids outside the vocabulary are left out.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="keepSpecialTokens">Whether special tokens appear in the text.</param>
    public string Decode(IEnumerable<int> ids, bool keepSpecialTokens = false)
    {
        var tokens = new List<string>();
        foreach (var id in ids)
            if ((uint)id < (uint)_tokens.Length && _tokens[id] is { } token && (keepSpecialTokens || !_special.Contains(id)))
                tokens.Add(token);
        return _parts.Decoder.Apply(tokens);
    }

    /// <summary>The id of a token, written as in the vocabulary; null if there is no such token.</summary>
    /// <param name="token">The token.</param>
    public int? TokenToId(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token with an id, written as in the vocabulary; null if there is no such id.</summary>
    /// <param name="id">The id.</param>
    public string? IdToToken(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>Copies the tokenizer's files into another folder, uncompressed.</summary>
    /// <param name="folder">An existing folder.</param>
    public void CopyTo(string folder) => _files.CopyTo(folder);

    private string Normalize(string text) => _parts.Normalizer?.Apply(text) ?? text;

    private void EncodePiece(string text, List<int> ids)
    {
        foreach (var (start, length) in _parts.PreTokenizer.Split(ref text))
        {
            var word = text.AsSpan(start, length);
            if (!_parts.PreTokenizer.ByteLevel && _parts.Model.SplitsAtSpaceMarks)
            {
                for (var end = 1; end < word.Length; end++)
                {
                    if (word[end] != '\u2581' || word[end - 1] == '\u2581') continue;
                    _parts.Model.Encode(word[..end], false, ids);
                    word = word[end..];
                    end = 0;
                }
            }
            if (word.Length > 0) _parts.Model.Encode(word, _parts.PreTokenizer.ByteLevel, ids);
        }
    }
}
