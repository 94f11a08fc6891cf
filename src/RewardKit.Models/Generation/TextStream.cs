using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Generation;

/// <summary>
/// Turns one row's tokens into text as they come. A piece is given out once it can no longer change: when its characters
/// are whole, and when it cannot be the beginning of a stop string.
/// </summary>
internal sealed class TextStream
{
    private const char Broken = '\uFFFD';

    // A character has four bytes at most: what is broken for longer stays broken.
    private const int MostWaiting = 8;

    // Enough of the prompt to decode the next token as inside a text: the first loses its space in some vocabularies.
    private const int Context = 64;

    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<string> _stops;
    private readonly List<int> _ids;
    private int _from;
    private int _read;
    private string _held = "";

    public TextStream(Tokenizer tokenizer, IReadOnlyList<int> prompt, IReadOnlyList<string> stops)
    {
        (_tokenizer, _stops) = (tokenizer, stops);
        _ids = [.. prompt.Where(id => !tokenizer.IsSpecial(id)).TakeLast(Context)];
        _read = _ids.Count;
    }

    /// <summary>Whether a stop string has come; nothing more is given out then.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes a token and gives out what is sure of the text; nothing after a stop string.</summary>
    public string Add(int id)
    {
        if (Stopped || _tokenizer.IsSpecial(id)) return "";
        _ids.Add(id);
        return Release(Decoded(final: false), final: false);
    }

    /// <summary>Gives out the rest.</summary>
    public string End() => Stopped ? "" : Release(Decoded(final: true), final: true);

    // A token is decoded after those that came just before it, because some decoders look at their neighbours.
    private string Decoded(bool final)
    {
        var before = _tokenizer.Decode(_ids[_from.._read]);
        var all = _tokenizer.Decode(_ids[_from..]);
        if (all.Length <= before.Length) return "";
        if (!final && all[^1] == Broken && _ids.Count - _read < MostWaiting) return "";
        (_from, _read) = (_read, _ids.Count);
        return all[before.Length..];
    }

    private string Release(string piece, bool final)
    {
        _held += piece;
        // What was given out before cannot be part of a stop string.
        var stop = _stops.Select(s => _held.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        Stopped = stop >= 0;
        var sure = Stopped ? stop : final ? _held.Length : _held.Length - Begun();
        var released = _held[..sure];
        _held = Stopped ? "" : _held[sure..];
        return released;
    }

    /// <summary>How many characters at the end may be the beginning of a stop string.</summary>
    private int Begun() => _stops.Select(stop =>
    {
        for (var length = Math.Min(stop.Length - 1, _held.Length); length > 0; length--)
            if (_held.AsSpan(_held.Length - length).SequenceEqual(stop.AsSpan(0, length))) return length;
        return 0;
    }).DefaultIfEmpty(0).Max();
}
