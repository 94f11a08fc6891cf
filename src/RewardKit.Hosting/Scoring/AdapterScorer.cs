using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Models.Tokenization;

namespace RewardKit.Hosting.Scoring;

/// <summary>
/// A trained adapter as a scorer, in a model whose base it shares with others: a LoRA ensemble of k members takes the memory of one base and
/// k adapters (Zhang et al., arXiv:2401.16635). They score in turn.
/// </summary>
internal sealed class AdapterScorer : ITrainedModel, IPlaceScorer
{
    private readonly string _adapter;
    private readonly Scorer _scorer;

    /// <summary>Adds an adapter to a model; the first one is there already.</summary>
    /// <param name="name">A name for messages.</param>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="shared">The model.</param>
    /// <param name="encoder">How texts become its tokens.</param>
    /// <param name="progress">Told, while scoring, how many texts are done, and of how many.</param>
    public AdapterScorer(string name, string folder, SharedModel shared, PairEncoder encoder, Action<int, int>? progress)
    {
        (Name, Base, _scorer) = (name, shared, new(name, shared.Model, encoder) { Progress = progress });
        _adapter = shared.Join(folder);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The model that it shares.</summary>
    public SharedModel Base { get; }

    /// <inheritdoc/>
    public IEnsembleScorer? Heads => Base.Model.Outputs > 1 ? new AllHeads(this) : null;

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        Base.With(_adapter, () => _scorer.Score(requests, cancellation));

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) =>
        Base.With(_adapter, () => _scorer.ScoreAt(requests, cancellation));

    /// <inheritdoc/>
    public void Dispose() => Base.Leave();

    private sealed class AllHeads(AdapterScorer adapter) : IEnsembleScorer
    {
        public string Name => adapter.Name;

        public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            adapter.Base.With(adapter._adapter, () => new HeadScorer(adapter._scorer).ScoreMembers(requests, cancellation));
    }
}

/// <summary>A model with several adapters, until the last one leaves.</summary>
/// <param name="model">The model, with the first adapter in use.</param>
/// <param name="key">What its adapters have in common.</param>
internal sealed class SharedModel(RewardModel model, string key)
{
    private readonly Lock _turn = new();
    private int _joined, _present;

    /// <summary>The model.</summary>
    public RewardModel Model => model;

    /// <summary>What its adapters have in common.</summary>
    public string Key => key;

    /// <summary>Whether it has not gone.</summary>
    public bool IsThere => _joined == 0 || _present > 0;

    /// <summary>Takes an adapter in.</summary>
    /// <returns>Its name in the model.</returns>
    public string Join(string folder)
    {
        lock (_turn)
        {
            var name = _joined == 0 ? model.Adapters.Active! : $"adapter {_joined}";
            if (_joined > 0) model.Adapters.Load(name, folder);
            _joined++;
            _present++;
            return name;
        }
    }

    /// <summary>Does something while an adapter is in use.</summary>
    public T With<T>(string adapter, Func<T> work)
    {
        lock (_turn)
        {
            if (model.Adapters.Active != adapter) model.Adapters.Use(adapter);
            return work();
        }
    }

    /// <summary>One leaves; with the last one the model goes.</summary>
    public void Leave()
    {
        lock (_turn)
            if (--_present == 0) model.Dispose();
    }
}
