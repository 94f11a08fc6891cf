namespace TorchSharp;

/// <summary>The open scopes of a thread. New tensors belong to the innermost.</summary>
public class DisposeScopeManager
{
    [ThreadStatic] private static DisposeScopeManager? s_current;

    private readonly List<DisposeScope> _open = [];
    private readonly ThreadDisposeScopeStatistics _statistics = new();

    /// <summary>The counts of the calling thread.</summary>
    public static ThreadDisposeScopeStatistics Statistics => Current._statistics;

    internal static DisposeScopeManager Current => s_current ??= new DisposeScopeManager();

    /// <summary>
    /// Guards the thread's scopes and counts: another thread may dispose or move a tensor that belongs to one of them.
    /// Nothing is called and no other gate is taken while it is held.
    /// </summary>
    internal Lock Gate { get; } = new();

    internal ThreadDisposeScopeStatistics Counts => _statistics;

    internal DisposeScope Open()
    {
        lock (Gate)
        {
            var scope = new DisposeScope(this, _open.Count > 0 ? _open[^1] : null);
            _open.Add(scope);
            return scope;
        }
    }

    /// <summary>Called with the gate held.</summary>
    internal void Close(DisposeScope scope) => _open.RemoveAt(_open.LastIndexOf(scope));

    internal static void Register(torch.Tensor tensor)
    {
        var manager = Current;
        lock (manager.Gate)
        {
            if (manager._open.Count > 0)
            {
                manager._statistics.CreatedInScopeCount++;
                manager._open[^1].Include(tensor);
            }
            else
            {
                manager._statistics.CreatedOutsideScopeCount++;
            }
        }
    }

    /// <summary>Counts a tensor that was disposed and belongs to no scope.</summary>
    internal static void DisposedOutside()
    {
        var manager = Current;
        lock (manager.Gate) manager._statistics.DisposedOutsideScopeCount++;
    }
}

public static partial class torch
{
    /// <summary>Opens a scope; the tensors made on this thread until it is disposed belong to it and are disposed with it.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.Current.Open();

    /// <summary>Computes a tensor and disposes everything else that was made on the way.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}
