using System.Globalization;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// Reads Llama's and Gemma's <c>tokenizer.model</c>: a SentencePiece model (Kudo and Richardson 2018) of type BPE. The
/// pair is joined whose joint piece has the highest score. Where Hugging Face's conversion finds special tokens in text,
/// so does this: control pieces, which SentencePiece itself never finds.
/// </summary>
internal static class SentencePieceModel
{
    // The trainer's own limit is 512 bytes; the merges of a piece are found in the square of its length.
    private const int LongestPiece = 512;

    private enum PieceType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    private readonly record struct Piece(string Text, float Score, PieceType Type);

    // The fields of sentencepiece_model.proto that decide how text is encoded, with its defaults.
    private sealed class Spec
    {
        public int ModelType = 1, Unknown, Bos = 1, Eos = 2, Pad = -1;
        public bool ByteFallback, SpaceAsSuffix, HasCharacterMap;
        public bool AddDummyPrefix = true, RemoveExtraSpaces = true, EscapeSpaces = true;
        public string NormalizerName = "";
    }

    public static TokenizerParts Read(byte[] file, string path)
    {
        var (pieces, spec) = (new List<Piece>(), new Spec());
        if (IsTiktoken(file))
            throw RewardKitException.Input(
                $"{path}: is a tiktoken vocabulary (Llama 3's original form), not a SentencePiece model. "
                + "Name a folder with the tokenizer.json of the same model.");
        var reader = new ProtobufReader(path, file);
        while (reader.Next())
        {
            if (reader.Field == 1) pieces.Add(ReadPiece(reader.Message()));
            else if (reader.Field == 2) ReadTrainer(reader.Message(), spec);
            else if (reader.Field == 3) ReadNormalizer(reader.Message(), spec);
        }
        Refuse(spec, pieces, path);

        var vocab = new Dictionary<string, int>(pieces.Count);
        for (var id = 0; id < pieces.Count; id++)
            if (!vocab.TryAdd(pieces[id].Text, id))
                throw RewardKitException.Input($"{path}: piece {id} is '{pieces[id].Text}' again; piece {vocab[pieces[id].Text]} is the same.");
        var bpe = new BpeFile(vocab, MergeList(pieces, vocab))
        {
            Unknown = spec.Unknown,
            FuseUnknown = true,
            ByteFallback = spec.ByteFallback,
        };
        var added = pieces.Select((piece, id) => (piece, id)).Where(p => p.piece.Type is not (PieceType.Normal or PieceType.Byte))
            .Select(p => new AddedToken(p.id, p.piece.Text, Special: p.piece.Type != PieceType.UserDefined)
            {
                Normalized = p.piece.Type == PieceType.UserDefined,
                IsNormalForm = true,
            });
        return new(bpe, Normalizer.SentencePiece(spec.AddDummyPrefix), new(), TokenDecoder.SentencePiece(spec.AddDummyPrefix))
        {
            Added = [.. added],
            Special = new(Existing(spec.Bos), Existing(spec.Eos), Existing(spec.Pad), Existing(spec.Bos) is not null, false),
        };

        int? Existing(int id) => id >= 0 && id < pieces.Count ? id : null;
    }

    private static Piece ReadPiece(ProtobufReader reader)
    {
        var (text, score, type) = ("", 0f, PieceType.Normal);
        while (reader.Next())
        {
            if (reader.Field == 1) text = reader.Text();
            else if (reader.Field == 2) score = reader.Float();
            else if (reader.Field == 3)
                type = Enum.IsDefined((PieceType)reader.Integer()) ? (PieceType)reader.Integer()
                    : throw reader.Malformed($"a piece has the type {reader.Integer()}");
        }
        if (text.Length == 0) throw reader.Malformed("a piece has no text");
        if (text.Length > LongestPiece) throw reader.Malformed($"a piece has {text.Length} characters");
        return float.IsNaN(score) ? throw reader.Malformed($"the score of the piece '{text}' is not a number") : new(text, score, type);
    }

    private static void ReadTrainer(ProtobufReader reader, Spec spec)
    {
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3: spec.ModelType = reader.Integer(); break;
                case 24: spec.SpaceAsSuffix = reader.Integer() != 0; break;
                case 35: spec.ByteFallback = reader.Integer() != 0; break;
                case 40: spec.Unknown = reader.Integer(); break;
                case 41: spec.Bos = reader.Integer(); break;
                case 42: spec.Eos = reader.Integer(); break;
                case 43: spec.Pad = reader.Integer(); break;
            }
        }
    }

    private static void ReadNormalizer(ProtobufReader reader, Spec spec)
    {
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: spec.NormalizerName = reader.Text(); break;
                case 2: spec.HasCharacterMap = reader.Bytes.Length > 0; break;
                case 3: spec.AddDummyPrefix = reader.Integer() != 0; break;
                case 4: spec.RemoveExtraSpaces = reader.Integer() != 0; break;
                case 5: spec.EscapeSpaces = reader.Integer() != 0; break;
            }
        }
    }

    private static void Refuse(Spec spec, List<Piece> pieces, string path)
    {
        var reason =
            spec.ModelType == 1 ? "trainer_spec.model_type: a Unigram model"
            : spec.ModelType != 2 ? string.Create(CultureInfo.InvariantCulture, $"trainer_spec.model_type: a model of type {spec.ModelType}")
            : spec.SpaceAsSuffix ? "trainer_spec.treat_whitespace_as_suffix: spaces behind words"
            : spec.HasCharacterMap ? $"normalizer_spec.precompiled_charsmap: the normalisation {spec.NormalizerName}"
            : spec.RemoveExtraSpaces ? "normalizer_spec.remove_extra_whitespaces: removal of spaces"
            : !spec.EscapeSpaces ? "normalizer_spec.escape_whitespaces: spaces as they are"
            : pieces.Any(piece => piece.Type == PieceType.Unused) ? $"pieces: the unused piece '{pieces.First(p => p.Type == PieceType.Unused).Text}'"
            : null;
        if (reason is not null)
            throw RewardKitException.Input(
                $"{path}: the tokenizer has {reason}, which is not supported (known: models of type BPE without normalisation). "
                + "Name a folder with a tokenizer.json instead.");
        if (spec.Unknown < 0 || spec.Unknown >= pieces.Count)
            throw RewardKitException.Input($"{path}: trainer_spec.unk_id is {spec.Unknown}, but there are {pieces.Count} pieces.");
    }

    // Equal scores have equal ranks: then the leftmost pair is joined.
    private static List<(int, int, int, int)> MergeList(List<Piece> pieces, Dictionary<string, int> vocab)
    {
        var ranks = pieces.Where(piece => piece.Type == PieceType.Normal).Select(piece => piece.Score).Distinct().OrderDescending()
            .Select((score, rank) => (score, rank)).ToDictionary(x => x.score, x => x.rank);
        var byText = vocab.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(int, int, int, int)>();
        for (var id = 0; id < pieces.Count; id++)
        {
            var (text, score, type) = pieces[id];
            if (type != PieceType.Normal) continue;
            for (var cut = 1; cut < text.Length; cut++)
                if (Part(text.AsSpan(0, cut)) is { } left && Part(text.AsSpan(cut)) is { } right) merges.Add((left, right, ranks[score], id));
        }
        return merges;

        int? Part(ReadOnlySpan<char> text) =>
            byText.TryGetValue(text, out var id) && pieces[id].Type == PieceType.Normal ? id : null;
    }

    // Lines of base64, a space and a rank.
    private static bool IsTiktoken(ReadOnlySpan<byte> file)
    {
        var line = file[..Math.Min(file.Length, 100)];
        if (line.IndexOf((byte)'\n') is > 0 and var end) line = line[..end];
        var space = line.IndexOf((byte)' ');
        return space > 0 && line[..space].IndexOfAnyExcept("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8) < 0
            && space + 1 < line.Length && line[(space + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }
}
