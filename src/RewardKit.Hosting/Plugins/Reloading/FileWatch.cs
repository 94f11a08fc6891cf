using System.Diagnostics;

namespace RewardKit.Hosting.Plugins.Reloading;

/// <summary>Something to watch; it need not exist yet.</summary>
/// <param name="Path">A file or a folder, absolute.</param>
/// <param name="Depth">How many levels of folders below a folder count; zero: the files in it alone.</param>
public sealed record WatchedPath(string Path, int Depth = int.MaxValue);

/// <summary>
/// Tells when files have changed and then stayed as they are for a moment. What has changed is found by comparing sizes and
/// times, so that it does not matter how it was done: written in place, renamed over, deleted and made again. The system's
/// notifications only make it look at once; a slow poll finds what they miss. One thread waits; others may change what is
/// watched.
/// </summary>
public sealed class FileWatch : IDisposable
{
    private static readonly TimeSpan Flock = TimeSpan.FromMilliseconds(10);
    private readonly TimeSpan _quiet;
    private readonly TimeSpan _poll;
    private readonly bool _notified;
    private readonly AutoResetEvent _hint = new(false);
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Folder, bool Below), (FileSystemWatcher? Watcher, DateTime Made)> _armed = [];
    private IReadOnlyList<WatchedPath> _paths = [];
    private Dictionary<string, State> _seen = [];

    private readonly record struct State(long Length, DateTime Written);

    /// <summary>Watches nothing yet.</summary>
    /// <param name="quiet">How long files must stay as they are; 75 ms if not said.</param>
    /// <param name="poll">How often to look without being told; 150 ms if not said.</param>
    /// <param name="notified">False to rely on the poll alone, for a file system that notifies nobody.</param>
    public FileWatch(TimeSpan? quiet = null, TimeSpan? poll = null, bool notified = true) =>
        (_quiet, _poll, _notified) = (quiet ?? TimeSpan.FromMilliseconds(75), poll ?? TimeSpan.FromMilliseconds(150), notified);

    /// <summary>
    /// Watches these from now on. What was watched before keeps its known state, so that no change is lost; what is new counts
    /// as it is now.
    /// </summary>
    /// <param name="paths">All that is to be watched.</param>
    public void Watch(IEnumerable<WatchedPath> paths)
    {
        lock (_lock)
        {
            var (before, known) = (_paths, _seen);
            _paths = [.. paths];
            _seen = Snapshot();
            foreach (var path in _seen.Keys.Concat(known.Keys).Distinct().Where(p => before.Any(w => Covers(w, p))).ToArray())
            {
                if (known.TryGetValue(path, out var state)) _seen[path] = state;
                else _seen.Remove(path);
            }
            foreach (var path in _seen.Keys.Where(p => !_paths.Any(w => Covers(w, p))).ToArray()) _seen.Remove(path);
            Arm();
        }
    }

    /// <summary>Waits until something has changed and is quiet again.</summary>
    /// <param name="timeout">How long to wait for a change to begin.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The files that were made, changed or removed; none when the time is up.</returns>
    public IReadOnlyList<string> Wait(TimeSpan timeout, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var left = timeout == Timeout.InfiniteTimeSpan ? _poll : timeout - clock.Elapsed;
            WaitHandle.WaitAny([_hint, cancellation.WaitHandle], left < TimeSpan.Zero ? TimeSpan.Zero : left < _poll ? left : _poll);
            // Notifications come in flocks, and of files beside those that are watched.
            cancellation.WaitHandle.WaitOne(Flock);
            cancellation.ThrowIfCancellationRequested();
            if (Look() is { } now)
            {
                while (!cancellation.WaitHandle.WaitOne(_quiet) && Look() is { } later && !Same(now, later)) now = later;
                cancellation.ThrowIfCancellationRequested();
                if (Changes() is { Count: > 0 } changes) return changes;
            }
            if (timeout != Timeout.InfiniteTimeSpan && clock.Elapsed >= timeout) return [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (watcher, _) in _armed.Values) watcher?.Dispose();
            _armed.Clear();
        }
        _hint.Dispose();
    }

    // The present state, where it is another than the known one.
    private Dictionary<string, State>? Look()
    {
        lock (_lock)
        {
            var now = Snapshot();
            Arm();
            return Same(now, _seen) ? null : now;
        }
    }

    private List<string> Changes()
    {
        lock (_lock)
        {
            var (before, now) = (_seen, Snapshot());
            _seen = now;
            return [.. before.Keys.Union(now.Keys).Where(p => !before.TryGetValue(p, out var a) || !now.TryGetValue(p, out var b) || a != b)
                .Order(StringComparer.Ordinal)];
        }
    }

    private Dictionary<string, State> Snapshot()
    {
        var states = new Dictionary<string, State>();
        foreach (var (path, depth) in _paths)
        {
            try
            {
                var options = new EnumerationOptions { RecurseSubdirectories = depth > 0, MaxRecursionDepth = depth, AttributesToSkip = 0 };
                foreach (var file in Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", options) : [new FileInfo(path)])
                {
                    if (file.Exists) states[file.FullName] = new(file.Length, file.LastWriteTimeUtc);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Something is being removed; what is left is seen the next time.
            }
        }
        return states;
    }

    // Notifications end with the folder that they were asked for, even if one of that name is made again.
    private void Arm()
    {
        if (!_notified) return;
        var wanted = _paths.Select(w => Directory.Exists(w.Path) ? (Folder: w.Path, Below: w.Depth == int.MaxValue)
            : (Folder: Path.GetDirectoryName(w.Path)!, Below: false)).Where(w => Directory.Exists(w.Folder)).ToHashSet();
        foreach (var gone in _armed.Where(a => !wanted.Contains(a.Key) || Directory.GetCreationTimeUtc(a.Key.Folder) != a.Value.Made).ToArray())
        {
            gone.Value.Watcher?.Dispose();
            _armed.Remove(gone.Key);
        }
        foreach (var place in wanted.Where(w => !_armed.ContainsKey(w)))
            _armed.Add(place, (Notify(place.Folder, place.Below), Directory.GetCreationTimeUtc(place.Folder)));
    }

    private FileSystemWatcher? Notify(string folder, bool below)
    {
        try
        {
            var watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = below };
            watcher.Changed += Hint;
            watcher.Created += Hint;
            watcher.Deleted += Hint;
            watcher.Renamed += Hint;
            watcher.Error += Hint;
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            // No more notifications are to be had (the system limits them), or the folder has just gone: the poll remains.
            return null;
        }
    }

    private void Hint(object sender, EventArgs e)
    {
        try
        {
            _hint.Set();
        }
        catch (ObjectDisposedException)
        {
            // A late notification.
        }
    }

    private static bool Covers(WatchedPath watched, string file)
    {
        if (watched.Path == file) return true;
        var relative = Path.GetRelativePath(watched.Path, file);
        return !relative.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(relative)
            && relative.Count(c => c == Path.DirectorySeparatorChar) <= watched.Depth;
    }

    private static bool Same(Dictionary<string, State> a, Dictionary<string, State> b) =>
        a.Count == b.Count && a.All(f => b.TryGetValue(f.Key, out var state) && state == f.Value);
}
