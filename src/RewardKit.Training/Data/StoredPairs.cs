using System.Collections;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RewardKit.Training.Data;

/// <summary>
/// Pairs in a temporary file, of which memory holds the places only. The file has no name, so that it is gone with the process,
/// however that ends.
/// </summary>
internal sealed class StoredPairs : IReadOnlyList<PreferenceExample>
{
    private const int Buffered = 1 << 20;
    private readonly SafeFileHandle _file = Open();
    private readonly List<long> _ends = [];
    private readonly MemoryStream _buffer = new();
    private readonly BinaryWriter _writer;
    private long _written;

    public StoredPairs() => _writer = new(_buffer);

    /// <inheritdoc/>
    public int Count => _ends.Count;

    /// <inheritdoc/>
    public PreferenceExample this[int index]
    {
        get
        {
            var start = index == 0 ? 0 : _ends[index - 1];
            var bytes = new byte[_ends[index] - start];
            lock (_buffer)
            {
                if (_ends[index] > _written) Flush();
            }
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(_file, bytes.AsSpan(done), start + done);
                if (read == 0) throw new EndOfStreamException("The temporary file with the pairs was cut.");
                done += read;
            }
            return Read(new(new MemoryStream(bytes)));
        }
    }

    /// <summary>Writes one more pair behind the others.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Add(PreferenceExample pair)
    {
        Write(pair);
        _ends.Add(_written + _buffer.Length);
        if (_buffer.Length >= Buffered) Flush();
    }

    /// <inheritdoc/>
    public IEnumerator<PreferenceExample> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Flush()
    {
        RandomAccess.Write(_file, _buffer.GetBuffer().AsSpan(0, (int)_buffer.Length), _written);
        _written += _buffer.Length;
        _buffer.SetLength(0);
    }

    private static SafeFileHandle Open()
    {
        var path = Path.Combine(Path.GetTempPath(), $"rewardkit-pairs-{Guid.NewGuid():N}");
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose);
        // Where a file without a name can be read on, a killed process leaves nothing.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return file;
    }

    private void Write(PreferenceExample pair)
    {
        Write(pair.Id);
        Write(pair.Prompt);
        Write(pair.Chosen);
        Write(pair.Rejected);
        Write(pair.Provenance.Source);
        _writer.Write(pair.Provenance.Record);
        Write(pair.Provenance.Augmentation);
        Write(pair.Provenance.Attribute);
        Write(pair.Provenance.Parent);
        _writer.Write((byte)pair.Relation);
        Write(pair.Margin);
        Write(pair.SoftLabel);
        Write(pair.Rewards?.Chosen);
        Write(pair.Rewards?.Rejected);
        Write(pair.ChosenSteps);
        Write(pair.RejectedSteps);
    }

    private static PreferenceExample Read(BinaryReader reader)
    {
        return new(Text()!, Turns(), Turns(), Turns(), new(Text()!, reader.ReadInt64(), Text(), Text(), Text()))
        {
            Relation = (Relation)reader.ReadByte(),
            Margin = Number(),
            SoftLabel = Number(),
            Rewards = Both(Number(), Number()),
            ChosenSteps = Steps(),
            RejectedSteps = Steps(),
        };

        StepLabels? Steps() =>
            reader.Read7BitEncodedInt() is > 0 and var count ? new(Enumerable.Range(1, count - 1).Select(_ => new StepLabel(reader.Read7BitEncodedInt(), reader.ReadDouble()))) : null;

        Conversation Turns() => new(Enumerable.Range(0, reader.Read7BitEncodedInt()).Select(_ => new Message(Text()!, Text()!)).ToArray());

        static PairScore? Both(double? chosen, double? rejected) => chosen is { } c && rejected is { } r ? new(c, r) : null;

        double? Number() => reader.ReadBoolean() ? reader.ReadDouble() : null;

        string? Text()
        {
            var length = reader.Read7BitEncodedInt() - 1;
            return length < 0 ? null : new(MemoryMarshal.Cast<byte, char>(reader.ReadBytes(2 * length)));
        }
    }

    private void Write(Conversation turns)
    {
        _writer.Write7BitEncodedInt(turns.Messages.Length);
        foreach (var turn in turns.Messages)
        {
            Write(turn.Role);
            Write(turn.Content);
        }
    }

    private void Write(StepLabels? labels)
    {
        _writer.Write7BitEncodedInt(labels is null ? 0 : labels.Count + 1);
        foreach (var (end, right) in labels ?? Enumerable.Empty<StepLabel>())
        {
            _writer.Write7BitEncodedInt(end);
            _writer.Write(right);
        }
    }

    private void Write(double? number)
    {
        _writer.Write(number is not null);
        if (number is { } value) _writer.Write(value);
    }

    // As UTF-16: a JSON text may hold half a surrogate pair, which UTF-8 would lose.
    private void Write(string? text)
    {
        _writer.Write7BitEncodedInt(text is null ? 0 : text.Length + 1);
        if (text is not null) _writer.Write(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}
