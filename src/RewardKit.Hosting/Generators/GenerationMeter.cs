using System.Diagnostics;
using System.Globalization;
using RewardKit.Training;

namespace RewardKit.Hosting.Generators;

/// <summary>Counts what is generated and tells how far it is. Several threads may use it at once.</summary>
/// <param name="report">Told how far it is, some ten times a second at most, by one thread at a time.</param>
public sealed class GenerationMeter(Action<TrainingProgress>? report = null)
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(100);
    private readonly Lock _gate = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Dictionary<FinishReason, long> _ends = [];
    private TimeSpan _told = -s_quiet;
    private long _requests, _done, _found, _read, _written, _readNow, _writtenNow, _retries;

    /// <summary>How many answers came from the generator itself.</summary>
    public long Answered
    {
        get
        {
            lock (_gate) return _done - _found;
        }
    }

    /// <summary>
    /// The totals, under names for a report. Tokens are those of all answers, also of answers that were found again: what
    /// they cost when they were generated.
    /// </summary>
    public IReadOnlyList<(string Name, long Count)> Totals
    {
        get
        {
            lock (_gate)
            {
                if (_requests == 0) return [];
                var seldom = new (string, long)[]
                {
                    ("generator.retries", _retries), ("generator.refused", _ends.GetValueOrDefault(FinishReason.Refused)),
                    ("generator.cutOff", _ends.GetValueOrDefault(FinishReason.MaxTokens)), ("generator.contextFull", _ends.GetValueOrDefault(FinishReason.ContextFull)),
                };
                return
                [
                    ("generator.requests", _done), ("generator.foundAgain", _found), ("generator.promptTokens", _read), ("generator.tokens", _written),
                    .. seldom.Where(s => s.Item2 > 0),
                ];
            }
        }
    }

    /// <summary>The tokens of the answers that came from the generator itself, in words.</summary>
    public string Cost
    {
        get
        {
            lock (_gate) return $"{Short(_readNow)} tokens read, {Short(_writtenNow)} written";
        }
    }

    /// <summary>So many requests are to be answered.</summary>
    public void Begin(int requests)
    {
        lock (_gate)
        {
            _requests += requests;
            Tell(always: false);
        }
    }

    /// <summary>A request is answered.</summary>
    /// <param name="reply">The answer.</param>
    /// <param name="found">Whether it was there already.</param>
    public void Take(TextReply reply, bool found)
    {
        lock (_gate)
        {
            _done++;
            _read += reply.PromptTokens;
            _written += reply.Tokens;
            if (found) _found++;
            else
            {
                _readNow += reply.PromptTokens;
                _writtenNow += reply.Tokens;
            }
            _ends[reply.Finish] = _ends.GetValueOrDefault(reply.Finish) + 1;
            Tell(always: false);
        }
    }

    /// <summary>A request is tried again.</summary>
    public void Retry()
    {
        lock (_gate) _retries++;
    }

    /// <summary>No more comes for now: what was not told yet is.</summary>
    public void End()
    {
        lock (_gate) Tell(always: true);
    }

    private void Tell(bool always)
    {
        if (report is null || !always && _clock.Elapsed - _told < s_quiet) return;
        _told = _clock.Elapsed;
        var facts = new List<string>();
        if (_found > 0) facts.Add(string.Create(CultureInfo.InvariantCulture, $"{100 * _found / Math.Max(1, _done)} % found again"));
        if (_readNow + _writtenNow > 0) facts.Add(Cost);
        if (_retries > 0) facts.Add(string.Create(CultureInfo.InvariantCulture, $"{_retries} retries"));
        report(new("generate", _done, _requests, "texts") { Detail = facts.Count == 0 ? null : string.Join(", ", facts) });
    }

    private static string Short(long count) => count switch
    {
        < 10_000 => count.ToString(CultureInfo.InvariantCulture),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1000.0:0.#}k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.#}M"),
    };
}
