using System.Text;
using System.Text.Json;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// Writes a training as it comes along: <c>metrics.jsonl</c>, one line a step, and the same numbers as <c>train/NAME</c>
/// for TensorBoard. Names are those of TRL's logs; the loss's own metrics stand under <c>loss/NAME</c>, what was measured on
/// held-out pairs under <c>eval/NAME</c>, and the rewards of a few of those pairs in <c>samples.jsonl</c>. A step is in the
/// files when <see cref="Add"/> returns, so that a training killed afterwards leaves it. What an earlier training left in
/// the folder is cut back to the step that this one goes on from, so that each step is there once. Only <c>seconds</c> and
/// what ends in <c>_per_second</c> differ between two runs of the same content.
/// </summary>
/// <param name="folder">Where to write; nothing is touched before the first step.</param>
internal sealed class RunMetrics(string folder) : IDisposable
{
    private FileStream? _lines;
    private FileStream? _samples;
    private EventFile? _events;
    private StepReport? _last;
    private int _from;

    /// <summary>Takes in what a training reports of a step: the one that it goes on from, or one that it has done.</summary>
    public void Take(string stage, StepReport step)
    {
        if (stage == "resume") (_last, _from) = (step, step.Log.Step);
        else Add(step);
    }

    /// <summary>Adds a step; steps come in order.</summary>
    /// <exception cref="RewardKitException">The files cannot be written.</exception>
    public void Add(StepReport step)
    {
        var values = Values(step).ToDictionary(v => v.Name, v => v.Value);
        try
        {
            _lines ??= Open("metrics.jsonl");
            _events ??= new(folder, _from);
            _lines.Write(Line(values));
            _events.Write(step.Log.Step, values.Where(v => v.Key != "step").Select(v => KeyValuePair.Create(IsValidation(v.Key) ? v.Key : "train/" + v.Key, v.Value)));
            if (step.Validation is { Samples.Count: > 0 } tried)
            {
                _samples ??= Open("samples.jsonl");
                _samples.Write(Line(new { step = step.Log.Step, tried.Samples }));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of("the metrics of the run", folder, e);
        }
        _last = step;
    }

    /// <summary>What a run's folder has of these files.</summary>
    public static IEnumerable<string> FilesIn(string run) =>
        ((string[])["metrics.jsonl", "samples.jsonl", EventFile.Prefix + "*"]).SelectMany(name => Directory.GetFiles(run, name));

    public void Dispose()
    {
        _lines?.Dispose();
        _samples?.Dispose();
        _events?.Dispose();
    }

    // Steps up to the one gone on from stay; a line that was cut off goes with those behind them.
    private FileStream Open(string name)
    {
        var file = new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        var kept = 0;
        while (content.AsSpan(kept).IndexOf((byte)'\n') is var end and >= 0 && StepOf(content.AsMemory(kept, end)) <= _from) kept += end + 1;
        file.SetLength(kept);
        file.Position = kept;
        return file;
    }

    private static double StepOf(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetDouble();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return double.PositiveInfinity;
        }
    }

    private static byte[] Line<T>(T content) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(content, StoreJson.Options) + "\n");

    private static bool IsValidation(string name) => name.StartsWith("eval/", StringComparison.Ordinal);

    private IEnumerable<(string Name, double Value)> Values(StepReport step)
    {
        yield return ("step", step.Log.Step);
        yield return ("epoch", step.Epoch);
        yield return ("loss", step.Log.Metrics["loss"]);
        if (step.Rewards is { } rewards)
        {
            if (rewards.Accuracy is { } accuracy) yield return ("accuracy", accuracy);
            if (rewards.Margin is { } margin) yield return ("margin", margin);
            yield return ("min_reward", rewards.Min);
            yield return ("mean_reward", rewards.Mean);
            yield return ("max_reward", rewards.Max);
        }
        yield return ("learning_rate", step.Log.LearningRate);
        yield return ("grad_norm", step.Log.GradNorm);
        yield return ("num_tokens", step.Tokens);
        foreach (var (name, value) in step.Log.Metrics.Where(m => m.Key != "loss").OrderBy(m => m.Key, StringComparer.Ordinal))
            yield return (IsValidation(name) ? name : "loss/" + name, value);
        yield return ("seconds", step.Seconds);
        var seconds = step.Seconds - (_last?.Seconds ?? 0);
        if (seconds <= 0) yield break;
        yield return ("pairs_per_second", (step.Pairs - (_last?.Pairs ?? 0)) / seconds);
        yield return ("tokens_per_second", (step.Tokens - (_last?.Tokens ?? 0)) / seconds);
    }
}
