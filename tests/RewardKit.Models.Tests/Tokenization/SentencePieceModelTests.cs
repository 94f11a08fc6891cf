using System.IO.Compression;
using System.Text;
using System.Text.Json;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class SentencePieceModelTests
{
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Byte = 6;

    // SentencePiece numbers pieces in the order of their scores, so that a vocabulary is a model again; Llama's runs of
    // spaces were put in later, all with the same, lowest score.
    [TestCase("phi-3-mini")]
    [TestCase("stories260K")]
    public void A_model_encodes_as_the_tokenizer_json_of_the_same_vocabulary(string name)
    {
        var json = Files.Tokenizer(name);
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["tokenizer.model"], ModelOf(name));
        var model = Tokenizer.Load(folder["tokenizer.model"]);
        var texts = new RandomTexts(seed: 3);

        Assert.That((model.BosId, model.EosId, model.AddsBos, model.VocabSize), Is.EqualTo((1, 2, true, Vocabulary(name).Count)));
        Assert.That(model.EncodeWithSpecialTokens("Hello"), Is.EqualTo((int[])[1, .. model.Encode("Hello")]));
        for (var i = 0; i < 3000; i++)
        {
            // phi-3 has more added tokens, and some of them take in the white space behind them.
            var text = texts.Next().Replace('<', '(');
            Assert.That(model.Encode(text), Is.EqualTo(json.Encode(text)), text);
            Assert.That(model.Decode(model.Encode(text)), Is.EqualTo(json.Decode(json.Encode(text))), text);
        }
    }

    [Test]
    public void The_highest_score_is_joined_first_and_of_equal_scores_the_leftmost()
    {
        using var folder = new TempFolder();
        (string, float, int)[] pieces =
            [("<unk>", 0, Unknown), ("a", -9, Normal), ("b", -9, Normal), ("ab", -2, Normal), ("bb", -1, Normal), ("ba", -2, Normal), ("aa", -3, Normal), ("\u2581", -9, Normal)];
        File.WriteAllBytes(folder["tokenizer.model"], Model(pieces, bos: -1, addDummyPrefix: false));
        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("abb"), Is.EqualTo((int[])[1, 4]), "bb before ab");
            Assert.That(tokenizer.Encode("aba"), Is.EqualTo((int[])[3, 1]), "ab and ba are equal");
            Assert.That(tokenizer.Encode("baba"), Is.EqualTo((int[])[5, 5]));
            Assert.That(tokenizer.Encode("azz a"), Is.EqualTo((int[])[1, 0, 7, 1]), "unknown ones in a row are one");
            Assert.That((tokenizer.BosId, tokenizer.AddsBos, tokenizer.PrependsSpace), Is.EqualTo(((int?)null, false, false)));
        });
    }

    [Test]
    public void User_defined_pieces_are_found_whole_and_in_the_form_of_normalised_text()
    {
        using var folder = new TempFolder();
        (string, float, int)[] pieces =
            [("<unk>", 0, Unknown), ("<s>", 0, Control), ("a", -1, Normal), ("\u2581", -2, Normal), ("\u2581\u2581", 0, UserDefined), ("<b>", 0, UserDefined)];
        File.WriteAllBytes(folder["tokenizer.model"], Model(pieces, addDummyPrefix: false));
        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.That(tokenizer.Encode("a  a<b> <s>a"), Is.EqualTo((int[])[2, 4, 2, 5, 3, 1, 2]));
        Assert.That(tokenizer.Decode([2, 4, 2, 5, 3, 1, 2]), Is.EqualTo("a  a<b> a"));
    }

    [Test]
    public void What_is_not_supported_is_refused_by_name()
    {
        using var folder = new TempFolder();
        (string, float, int)[] pieces = [("<unk>", 0, Unknown), ("a", 0, Normal)];
        var refused = new (byte[] File, string Named)[]
        {
            (Model(pieces, modelType: 1), "a Unigram model"),
            (Model(pieces, modelType: 3), "a model of type 3"),
            (Model(pieces, characterMap: true), "normalizer_spec.precompiled_charsmap"),
            (Model(pieces, removeExtraSpaces: true), "normalizer_spec.remove_extra_whitespaces"),
            (Model([.. pieces, ("a", 0, Normal)]), "piece 2 is 'a' again"),
            (Model([.. pieces, ("b", float.NaN, Normal)]), "'b' is not a number"),
            (Model([.. pieces, ("b", 0, 9)]), "a piece has the type 9"),
            (Model([.. pieces, (new string('b', 1000), 0, Normal)]), "a piece has 1000 characters"),
            (Model(pieces)[..10], "runs past the end"),
            (Encoding.UTF8.GetBytes("IQ== 0\nIg== 1\n"), "tiktoken"),
            ([0x0F], "wire type 7"),
        };

        Assert.Multiple(() =>
        {
            foreach (var (file, named) in refused)
            {
                File.WriteAllBytes(folder["tokenizer.model"], file);
                Assert.That(() => Tokenizer.Load(folder.Path), Throws.TypeOf<RewardKitException>()
                    .With.Message.Contains(folder["tokenizer.model"]).And.Message.Contains(named));
            }
        });
    }

    /// <summary>A model with the vocabulary of a tokenizer.json.</summary>
    public static byte[] ModelOf(string name) => Model(Vocabulary(name).OrderBy(entry => entry.Value).Select(entry => entry.Key).Select((piece, id) =>
        (piece, name == "phi-3-mini" && piece.Length > 1 && piece.All(c => c == '\u2581') ? -1e9f : -(float)id, Kind(piece, id))));

    private static int Kind(string piece, int id) => id switch
    {
        0 => Unknown,
        1 or 2 => Control,
        _ when piece is ['<', '0', 'x', _, _, '>'] => Byte,
        _ => Normal,
    };

    private static Dictionary<string, int> Vocabulary(string name)
    {
        var path = Path.Combine(Files.TokenizerFolder(name), "tokenizer.json");
        using Stream stream = File.Exists(path) ? File.OpenRead(path) : new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress);
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.GetProperty("model").GetProperty("vocab").Deserialize<Dictionary<string, int>>()!;
    }

    // sentencepiece_model.proto: pieces = 1 {piece = 1, score = 2, type = 3}, trainer_spec = 2, normalizer_spec = 3.
    private static byte[] Model(
        IEnumerable<(string Text, float Score, int Type)> pieces, int modelType = 2, int bos = 1, bool addDummyPrefix = true,
        bool characterMap = false, bool removeExtraSpaces = false)
    {
        using var file = new MemoryStream();
        foreach (var (text, score, type) in pieces)
            Write(file, 1, [.. Bytes(1, Encoding.UTF8.GetBytes(text)), (2 << 3) | 5, .. BitConverter.GetBytes(score), .. Number(3, type)]);
        Write(file, 2, [.. Number(3, modelType), .. Number(35, 1), .. Number(40, 0), .. Number(41, bos), .. Number(42, bos < 0 ? -1 : 2), .. Number(43, -1)]);
        Write(file, 3,
        [
            .. Bytes(1, "identity"u8.ToArray()), .. characterMap ? Bytes(2, [1, 2, 3]) : [],
            .. Number(3, addDummyPrefix ? 1 : 0), .. Number(4, removeExtraSpaces ? 1 : 0), .. Number(5, 1),
        ]);
        return file.ToArray();

        static void Write(MemoryStream file, int field, byte[] message) => file.Write(Bytes(field, message));
        static byte[] Bytes(int field, byte[] content) => [.. Varint((ulong)(field << 3 | 2)), .. Varint((ulong)content.Length), .. content];
        static byte[] Number(int field, int value) => [.. Varint((ulong)(field << 3)), .. Varint((ulong)(long)value)];

        static byte[] Varint(ulong value)
        {
            var bytes = new List<byte>();
            for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
            bytes.Add((byte)value);
            return [.. bytes];
        }
    }
}
