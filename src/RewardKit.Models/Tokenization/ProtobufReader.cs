using System.Buffers.Binary;

namespace RewardKit.Models.Tokenization;

/// <summary>Walks over the fields of a message in protocol buffers' wire format.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="message">The message's bytes.</param>
/// <param name="offset">Where in the file they begin, for messages.</param>
internal ref struct ProtobufReader(string path, ReadOnlySpan<byte> message, int offset = 0)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;
    private int _start;

    /// <summary>The current field's number.</summary>
    public int Field { get; private set; }

    /// <summary>The current field's value where it is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>The current field's value where it is a string or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    private int _wireType;

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="RewardKitException">The bytes are no message.</exception>
    public bool Next()
    {
        if (_at == _message.Length) return false;
        _start = _at;
        var tag = Varint();
        (Field, _wireType) = (tag >> 3 <= int.MaxValue ? (int)(tag >> 3) : 0, (int)(tag & 7));
        Number = 0;
        Bytes = default;
        if (Field == 0) throw Malformed("a field has no number");
        switch (_wireType)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw Malformed($"a field has the wire type {_wireType}");
        }
        return true;
    }

    /// <summary>The current field as a message of its own.</summary>
    public readonly ProtobufReader Message()
    {
        Expect(2);
        return new(path, Bytes, offset + _at - Bytes.Length);
    }

    /// <summary>The current field as text.</summary>
    public readonly string Text()
    {
        Expect(2);
        return System.Text.Unicode.Utf8.IsValid(Bytes) ? System.Text.Encoding.UTF8.GetString(Bytes)
            : throw Malformed($"field {Field} is not valid UTF-8");
    }

    /// <summary>The current field as a floating-point number.</summary>
    public readonly float Float()
    {
        Expect(5);
        return BitConverter.UInt32BitsToSingle((uint)Number);
    }

    /// <summary>The current field as a 32-bit integer.</summary>
    public readonly int Integer()
    {
        Expect(0);
        return (int)Number;
    }

    /// <summary>Says what is wrong with the current field.</summary>
    public readonly RewardKitException Malformed(string what) => RewardKitException.Input(
        $"{path}: not a SentencePiece model: {what}, at byte {offset + _start}. Copy the file again, or name one with a tokenizer.json beside it.");

    private readonly void Expect(int wireType)
    {
        if (_wireType != wireType) throw Malformed($"field {Field} has the wire type {_wireType}, expected {wireType}");
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Take(1)[0];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Malformed("a number does not end");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_message.Length - _at)) throw Malformed($"a field runs past the end of its message");
        var taken = _message.Slice(_at, (int)count);
        _at += (int)count;
        return taken;
    }
}
