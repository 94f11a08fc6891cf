namespace TorchSharp;

/// <summary>
/// Owns the tensors (and other disposables given to it) that were made while it was the innermost scope of its thread,
/// and disposes them with itself.
/// </summary>
public sealed partial class DisposeScope : IDisposable
{
    private readonly DisposeScope? _outer;
    private DisposeScopeManager? _manager;
    private List<IDisposable> _owned = [];

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        _manager = manager;
        _outer = outer;
    }

    /// <summary>How many disposables belong to it.</summary>
    public int DisposablesCount => _owned.Count;

    /// <summary>A copy of the list of what belongs to it.</summary>
    public IReadOnlyList<IDisposable> DisposablesView => _owned.ToArray();

    private static ThreadDisposeScopeStatistics Counts => DisposeScopeManager.Current.Counts;

    /// <summary>Whether this belongs to it.</summary>
    public bool Contains(IDisposable disposable) => IndexOf(disposable) >= 0;

    /// <summary>Takes this over from its scope, if it has one.</summary>
    public void Attach(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor)
        {
            if (ReferenceEquals(tensor.OwningDisposeScope, this)) return;
            if (tensor.OwningDisposeScope is { } owner) owner.Exclude(tensor);
            else Counts.AttachedToScopeCount++;
        }
        if (!Contains(disposable)) Include(disposable);
    }

    /// <summary>Takes these over from their scopes.</summary>
    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    /// <summary>Takes these over from their scopes.</summary>
    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        var list = disposables.ToList();
        foreach (var disposable in list) Attach(disposable);
        return list;
    }

    /// <summary>Lets these go; nothing disposes them any more.</summary>
    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) MoveOne(null, disposable);
    }

    /// <summary>Hands these to another scope, or lets them go where that is null. What is not here stays where it is.</summary>
    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) MoveOne(scope, disposable);
    }

    /// <summary>Disposes what belongs to it and stays open.</summary>
    public void DisposeEverything() => DisposeEverythingBut(Enumerable.Empty<IDisposable>());

    /// <summary>Disposes what belongs to it except these, and stays open.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var keep = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        var owned = _owned;
        _owned = [];
        // First let go of all: one of them, a module say, may dispose others.
        foreach (var disposable in owned)
        {
            if (disposable is torch.Tensor tensor) tensor.OwningDisposeScope = null;
        }
        foreach (var disposable in owned)
        {
            if (keep.Contains(disposable)) Include(disposable);
            else if (disposable is torch.Tensor tensor) tensor.DisposeFromScope();
            else disposable.Dispose();
        }
    }

    /// <summary>Forgets something that was disposed.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        if (!Exclude(disposable)) return;
        if (disposable is torch.Tensor) Counts.DisposedInScopeCount++;
    }

    /// <summary>Disposes what belongs to it and closes it.</summary>
    public void Dispose()
    {
        if (_manager is not { } manager) return;
        DisposeEverything();
        manager.Close(this);
        _manager = null;
    }

    internal void Include(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = this;
            tensor.ScopeIndex = _owned.Count;
        }
        _owned.Add(disposable);
    }

    private void MoveOne(DisposeScope? scope, IDisposable disposable)
    {
        if (ReferenceEquals(scope, this) || !Exclude(disposable)) return;
        if (scope is not null) scope.Include(disposable);
        else if (disposable is torch.Tensor) Counts.DetachedFromScopeCount++;
    }

    /// <summary>Takes the last one's place, so that leaving costs the same however many there are.</summary>
    private bool Exclude(IDisposable disposable)
    {
        var index = IndexOf(disposable);
        if (index < 0) return false;
        var last = _owned[^1];
        _owned[index] = last;
        if (last is torch.Tensor moved) moved.ScopeIndex = index;
        _owned.RemoveAt(_owned.Count - 1);
        if (disposable is torch.Tensor tensor) tensor.OwningDisposeScope = null;
        return true;
    }

    private int IndexOf(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor)
            return ReferenceEquals(tensor.OwningDisposeScope, this) ? tensor.ScopeIndex : -1;
        for (var k = 0; k < _owned.Count; k++)
        {
            if (ReferenceEquals(_owned[k], disposable)) return k;
        }
        return -1;
    }
}
