using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// Scalars in a file that TensorBoard reads: records in TFRecord's framing, each an Event message of TensorFlow's
/// <c>event.proto</c>. Each step is in the file when <see cref="Write"/> returns.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7; // Event
    private const int Status = 1, Start = 1; // SessionLog
    private const int Value = 1; // Summary
    private const int Tag = 1, SimpleValue = 2; // Summary.Value
    internal const string Prefix = "events.out.tfevents.";
    private readonly FileStream _file;

    /// <summary>
    /// Makes the file in a folder. TensorBoard reads a folder's files in the order of the time in their names, and drops what
    /// earlier ones have of the steps after the one that the new file goes on from.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="last">The step that the file goes on from; 0 for a beginning, which deletes the files that are there.</param>
    public EventFile(string folder, long last = 0)
    {
        var earlier = Directory.GetFiles(folder, Prefix + "*").Select(Path.GetFileName).ToArray();
        if (last == 0)
            foreach (var file in earlier) File.Delete(Path.Combine(folder, file!));
        // Also where the last one is of the same second, or the clock was put back.
        var seconds = earlier.Select(f => long.TryParse(f!.Split('.')[3], CultureInfo.InvariantCulture, out var time) ? time + 1 : 0)
            .Append(DateTimeOffset.UtcNow.ToUnixTimeSeconds()).Max();
        _file = new(
            Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{seconds:0000000000}.rewardkit")),
            FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        Record(Message(e =>
        {
            Time(e);
            e.WriteTag(FileVersion, WireFormat.WireType.LengthDelimited);
            e.WriteString("brain.Event:2");
        }));
        if (last == 0) return;
        Record(Message(e =>
        {
            Time(e);
            e.WriteTag(Step, WireFormat.WireType.Varint);
            e.WriteInt64(last + 1);
            Nested(e, SessionLog, log =>
            {
                log.WriteTag(Status, WireFormat.WireType.Varint);
                log.WriteEnum(Start);
            });
        }));
    }

    /// <summary>Adds the scalars of one step.</summary>
    public void Write(long step, IEnumerable<KeyValuePair<string, double>> scalars) => Record(Message(e =>
    {
        Time(e);
        e.WriteTag(Step, WireFormat.WireType.Varint);
        e.WriteInt64(step);
        Nested(e, Summary, summary =>
        {
            foreach (var (tag, value) in scalars)
                Nested(summary, Value, v =>
                {
                    v.WriteTag(Tag, WireFormat.WireType.LengthDelimited);
                    v.WriteString(tag);
                    v.WriteTag(SimpleValue, WireFormat.WireType.Fixed32);
                    v.WriteFloat((float)value);
                });
        });
    }));

    public void Dispose() => _file.Dispose();

    private static void Time(CodedOutputStream e)
    {
        e.WriteTag(WallTime, WireFormat.WireType.Fixed64);
        e.WriteDouble((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds);
    }

    private static void Nested(CodedOutputStream outer, int field, Action<CodedOutputStream> write)
    {
        outer.WriteTag(field, WireFormat.WireType.LengthDelimited);
        outer.WriteBytes(UnsafeByteOperations.UnsafeWrap(Message(write)));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        var bytes = new MemoryStream();
        using (var coded = new CodedOutputStream(bytes, leaveOpen: true)) write(coded);
        return bytes.ToArray();
    }

    // The length, its checksum, the message, its checksum; in one piece, so that no reader sees half of it.
    private void Record(byte[] message)
    {
        var record = new byte[8 + 4 + message.Length + 4];
        BinaryPrimitives.WriteInt64LittleEndian(record, message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Checksum(record.AsSpan(0, 8)));
        message.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + message.Length), Checksum(message));
        _file.Write(record);
    }

    // TFRecord masks its CRC-32C, because a checksum over data that hold checksums is a weak one.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }
}
