using System.Runtime.CompilerServices;

namespace RewardKit.Conformance;

/// <summary>A stream of examples that knows how it is read.</summary>
/// <param name="examples">The examples, made as they are asked for.</param>
internal sealed class ExampleStream(IEnumerable<PreferenceExample> examples) : IAsyncEnumerable<PreferenceExample>
{
    /// <summary>How often reading was begun.</summary>
    public int Readers { get; private set; }

    /// <summary>How many examples were read.</summary>
    public int Read { get; private set; }

    /// <summary>Whether every reader has said that it is done.</summary>
    public bool IsClosed { get; private set; } = true;

    /// <summary>Told of each example before it is handed out.</summary>
    public Action<int>? Reading { get; init; }

    /// <summary>Examples without end, a few a millisecond; after some seconds it ends for a reader that ignores its token.</summary>
    public static ExampleStream Endless(string source)
    {
        var begin = Environment.TickCount64;
        return new(Enumerable.Range(0, int.MaxValue).Select(i => SyntheticPairs.One(i, 1, source)).TakeWhile(_ => Environment.TickCount64 - begin < 2500))
        {
            Reading = read =>
            {
                if (read % 20 == 0) Thread.Sleep(1);
            },
        };
    }

    public IAsyncEnumerator<PreferenceExample> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        Readers++;
        IsClosed = false;
        return Items(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    private async IAsyncEnumerable<PreferenceExample> Items([EnumeratorCancellation] CancellationToken cancellation)
    {
        try
        {
            foreach (var example in examples)
            {
                cancellation.ThrowIfCancellationRequested();
                await ValueTask.CompletedTask;
                Reading?.Invoke(Read);
                Read++;
                yield return example;
            }
        }
        finally
        {
            IsClosed = true;
        }
    }
}
