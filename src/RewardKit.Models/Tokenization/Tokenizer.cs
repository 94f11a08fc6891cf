namespace RewardKit.Models.Tokenization;

/// <summary>
/// Text to token ids and back, as the Hugging Face tokenizer of the same files does it, id for id. Byte-pair encoding in
/// its two common forms: over bytes (GPT-2, Llama 3, Qwen) and over characters with byte fallback (Llama 2, Mistral,
/// Gemma). A component beyond that is refused by name on loading. Safe to use from several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerFiles _files;
    private readonly TokenizerParts _parts;
    private readonly Stage _stages;
    private readonly AddedTokens _rawAdded;
    private readonly AddedTokens _normalizedAdded;
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly HashSet<int> _special;
    private readonly PostProcessor _around;

    private Tokenizer(TokenizerFiles files, TokenizerParts parts)
    {
        _files = files;
        _parts = parts;
        _stages = parts.PreTokenizer.Before(new BpeModel(parts.Bpe));
        _rawAdded = new(parts.Added.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _normalizedAdded = new(parts.Added.Where(t => t.Normalized).Select(t => (t.IsNormalForm ? t.Content : parts.Normalizer.Apply(t.Content), t)));
        _ids = new(parts.Bpe.Vocab);
        foreach (var token in parts.Added) _ids[token.Content] = token.Id;
        _tokens = new string?[_ids.Count == 0 ? 0 : _ids.Values.Max() + 1];
        foreach (var (token, id) in _ids) _tokens[id] = token;
        _special = [.. parts.Added.Where(t => t.Special).Select(t => t.Id)];
        var special = SpecialTokens.Read(files, parts, TokenToId);
        (BosId, EosId, PadId, AddsBos, HasChatTemplate) = special;
        _around = parts.PostProcessor ?? new(AddsBos ? [BosId!.Value] : [], []);
    }

    /// <summary>The files it was loaded from.</summary>
    internal TokenizerFiles Files => _files;

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
    public bool PrependsSpace => _parts.Normalizer.PrependsSpace || _parts.PreTokenizer.PrependsSpace;

    /// <summary>
    /// Loads <c>tokenizer.json</c>, or GPT-2's <c>vocab.json</c> and <c>merges.txt</c>, or Llama's <c>tokenizer.model</c>
    /// (SentencePiece, of type BPE), whichever is there first; each may be compressed, with <c>.gz</c> after its name.
    /// Special tokens come from <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>config.json</c>, as
    /// far as they are there.
    /// </summary>
    /// <param name="path">
    /// A Hugging Face model or tokenizer folder; or one file, in the form of <c>tokenizer.json</c> or named <c>*.model</c>.
    /// </param>
    /// <exception cref="RewardKitException">A file is missing or malformed, or needs something not supported.</exception>
    public static Tokenizer Load(string path)
    {
        var files = new TokenizerFiles(path);
        return new(files, TokenizerLoader.Load(files));
    }

    /// <summary>Encodes a text. No special token is added; those written in the text are found.</summary>
    /// <param name="text">The text. A lone surrogate counts as U+FFFD.</param>
    /// <returns>The ids.</returns>
    /// <exception cref="RewardKitException">The tokenizer's own regular expression takes too long on this text.</exception>
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
            var normalized = _parts.Normalizer.Apply(raw.Length == text.Length ? text : text.Substring(raw.Start, raw.Length));
            foreach (var piece in _normalizedAdded.Split(normalized))
            {
                if (piece.Id is { } added) ids.Add(added);
                else _stages.Run(normalized.AsSpan(piece.Start, piece.Length), raw.Start + piece.Start == 0, ids);
            }
        }
        return [.. ids];
    }

    /// <summary>
    /// Encodes a text with the special tokens around it that the tokenizer's post-processor asks for, as Hugging Face's
    /// tokenizers do unless told otherwise.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>The ids.</returns>
    public int[] EncodeWithSpecialTokens(string text) => [.. _around.Before, .. Encode(text), .. _around.After];

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

    /// <summary>Whether the token is a special one, which decoding leaves out.</summary>
    /// <param name="id">The id.</param>
    internal bool IsSpecial(int id) => _special.Contains(id);

    /// <summary>Copies the tokenizer's files into another folder, uncompressed.</summary>
    /// <param name="folder">An existing folder.</param>
    public void CopyTo(string folder) => _files.CopyTo(folder);
}
