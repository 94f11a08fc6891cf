namespace TorchSharp;

/// <summary>
/// Owns the tensors (and other disposables given to it) that were made while it was the innermost scope of its thread,
/// and disposes them with itself. Other threads may dispose or move what it owns.
/// </summary>
public sealed partial class DisposeScope : IDisposable
{
    /// <summary>The place of a tensor that its scope has let go of to dispose it.</summary>
    private const int Gone = -1;

    private readonly DisposeScope? _outer;
    private readonly DisposeScopeManager _manager;
    private List<IDisposable> _owned = [];
    // The list that the last clearing emptied, so that a scope used over and over allocates none.
    private List<IDisposable>? _spare;
    private bool _closed;

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        _manager = manager;
        _outer = outer;
    }

    /// <summary>How many disposables belong to it.</summary>
    public int DisposablesCount
    {
        get { lock (_manager.Gate) return _owned.Count; }
    }

    /// <summary>A copy of the list of what belongs to it.</summary>
    public IReadOnlyList<IDisposable> DisposablesView
    {
        get { lock (_manager.Gate) return _owned.ToArray(); }
    }

    /// <summary>Whether this belongs to it.</summary>
    public bool Contains(IDisposable disposable)
    {
        lock (_manager.Gate) return IndexOf(disposable) >= 0;
    }

    /// <summary>Takes this over from its scope, if it has one.</summary>
    /// <exception cref="ObjectDisposedException">The scope was disposed.</exception>
    public void Attach(IDisposable disposable)
    {
        var tensor = disposable as torch.Tensor;
        var owner = tensor?.OwningDisposeScope;
        if (ReferenceEquals(owner, this)) return;
        ThrowIfClosed();
        owner?.Leave(tensor!);
        lock (_manager.Gate)
        {
            if (IndexOf(disposable) >= 0) return;
            Include(disposable);
            if (tensor is not null && owner is null) _manager.Counts.AttachedToScopeCount++;
        }
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
    /// <exception cref="ObjectDisposedException">The other scope was disposed.</exception>
    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) MoveOne(scope, disposable);
    }

    /// <summary>Disposes what belongs to it and stays open.</summary>
    public void DisposeEverything() => Clear(null, close: false);

    /// <summary>Disposes what belongs to it except these, and stays open.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep) =>
        Clear(new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance), close: false);

    /// <summary>Forgets something that was disposed.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        lock (_manager.Gate)
        {
            if (Exclude(disposable) && disposable is torch.Tensor) _manager.Counts.DisposedInScopeCount++;
        }
    }

    /// <summary>Disposes what belongs to it and closes it.</summary>
    public void Dispose() => Clear(null, close: true);

    /// <summary>Called with the gate held.</summary>
    internal void Include(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = this;
            tensor.ScopeIndex = _owned.Count;
        }
        _owned.Add(disposable);
    }

    private void Clear(HashSet<IDisposable>? keep, bool close)
    {
        List<IDisposable> owned;
        lock (_manager.Gate)
        {
            if (_closed) return;
            if (close)
            {
                _closed = true;
                _manager.Close(this);
            }
            owned = _owned;
            _owned = _spare ?? [];
            _spare = null;
            // First let go of all: one of them, a module say, or another thread may dispose others. They are counted here.
            foreach (var disposable in owned)
            {
                if (keep is not null && keep.Contains(disposable))
                {
                    Include(disposable);
                }
                else if (disposable is torch.Tensor tensor)
                {
                    tensor.ScopeIndex = Gone;
                    _manager.Counts.DisposedInScopeCount++;
                }
            }
        }
        foreach (var disposable in owned)
        {
            if (keep is not null && keep.Contains(disposable)) continue;
            if (disposable is torch.Tensor tensor) tensor.DisposeFromScope();
            else disposable.Dispose();
        }
        owned.Clear();
        lock (_manager.Gate) _spare = owned;
    }

    private void MoveOne(DisposeScope? scope, IDisposable disposable)
    {
        if (ReferenceEquals(scope, this)) return;
        scope?.ThrowIfClosed();
        if (!Leave(disposable)) return;
        if (scope is not null)
        {
            lock (scope._manager.Gate) scope.Include(disposable);
        }
        else if (disposable is torch.Tensor)
        {
            lock (_manager.Gate) _manager.Counts.DetachedFromScopeCount++;
        }
    }

    private bool Leave(IDisposable disposable)
    {
        lock (_manager.Gate) return Exclude(disposable);
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

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed, this);
}
