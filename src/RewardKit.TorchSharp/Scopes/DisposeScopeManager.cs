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

    internal DisposeScope? Innermost => _open.Count > 0 ? _open[^1] : null;

    internal ThreadDisposeScopeStatistics Counts => _statistics;

    internal DisposeScope Open()
    {
        var scope = new DisposeScope(this, Innermost);
        _open.Add(scope);
        return scope;
    }

    internal void Close(DisposeScope scope) => _open.RemoveAt(_open.LastIndexOf(scope));

    internal static void Register(torch.Tensor tensor)
    {
        var manager = Current;
        if (manager.Innermost is { } scope)
        {
            manager._statistics.CreatedInScopeCount++;
            scope.Include(tensor);
        }
        else
        {
            manager._statistics.CreatedOutsideScopeCount++;
        }
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
