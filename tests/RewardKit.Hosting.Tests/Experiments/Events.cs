using System.Buffers.Binary;
using System.Text;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>One record of a TensorBoard file.</summary>
internal sealed record Event(double WallTime, long Step, string? FileVersion, IReadOnlyList<KeyValuePair<string, float>> Scalars, bool IsStart = false);

/// <summary>Reads TensorBoard's files from the formats' descriptions alone; throws where a checksum or a length is wrong.</summary>
internal static class Events
{
    public static IReadOnlyList<Event> Read(byte[] file)
    {
        var events = new List<Event>();
        for (var at = 0; at < file.Length;)
        {
            var length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            Check(file.AsSpan(at, 8), file.AsSpan(at + 8));
            Check(file.AsSpan(at + 12, length), file.AsSpan(at + 12 + length));
            events.Add(Parse(file[(at + 12)..(at + 12 + length)]));
            at += 12 + length + 4;
        }
        return events;
    }

    /// <summary>CRC-32C bit by bit, as in RFC 3720.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xffffffffu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }
        return crc ^ 0xffffffff;
    }

    private static void Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> masked)
    {
        var crc = Crc32C(bytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(masked) != unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8))
            throw new InvalidDataException("A checksum is wrong.");
    }

    private static Event Parse(byte[] message)
    {
        var (time, step, version) = (0.0, 0L, (string?)null);
        var scalars = new List<KeyValuePair<string, float>>();
        var start = false;
        foreach (var (field, wire, value) in Fields(message))
        {
            switch (field, wire)
            {
                case (1, 1): time = BinaryPrimitives.ReadDoubleLittleEndian(value); break;
                case (2, 0): step = BinaryPrimitives.ReadInt64LittleEndian(value); break;
                case (3, 2): version = Encoding.UTF8.GetString(value); break;
                case (5, 2): scalars.AddRange(Fields(value).Select(v => Scalar(v.Value))); break;
                // SessionLog { status: START }
                case (7, 2): start = value.AsSpan().SequenceEqual((byte[])[0x08, 0x01]); break;
                default: throw new InvalidDataException($"Field {field} of wire type {wire} in an event.");
            }
        }
        return new(time, step, version, scalars, start);
    }

    private static KeyValuePair<string, float> Scalar(byte[] message)
    {
        var fields = Fields(message).ToDictionary(f => (f.Field, f.Wire), f => f.Value);
        return new(Encoding.UTF8.GetString(fields[(1, 2)]), BinaryPrimitives.ReadSingleLittleEndian(fields[(2, 5)]));
    }

    private static List<(int Field, int Wire, byte[] Value)> Fields(byte[] message)
    {
        var fields = new List<(int, int, byte[])>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = (int)Varint();
            var wire = tag & 7;
            if (wire == 0)
            {
                fields.Add((tag >> 3, wire, BitConverter.GetBytes(Varint())));
                continue;
            }
            var length = wire switch { 1 => 8, 5 => 4, 2 => (int)Varint(), _ => throw new InvalidDataException($"Wire type {wire}.") };
            fields.Add((tag >> 3, wire, message[at..(at + length)]));
            at += length;
        }
        return fields;

        ulong Varint()
        {
            var value = 0ul;
            for (var shift = 0; ; shift += 7)
            {
                var b = message[at++];
                value |= (ulong)(b & 127) << shift;
                if (b < 128) return value;
            }
        }
    }
}
