using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What the optimisers have in common: groups, state for each parameter, and both in files.</summary>
public abstract class OptimizerHelper : optim.Optimizer
{
    /// <summary>The settings that a group may leave open.</summary>
    protected OptimizerOptions? _defaults;

    /// <summary>The state by the parameters' handles.</summary>
    protected OrderedDict<nint, OptimizerState> _state = [];

    /// <summary>An optimiser without groups.</summary>
    public OptimizerHelper() : base(0)
    {
    }

    /// <summary>The parameters of all groups.</summary>
    public override IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

    /// <summary>Sets the gradients to zero.</summary>
    public override void zero_grad() => base.zero_grad();

    /// <summary>Adds a group as it is; optimisers complete its settings and make its state.</summary>
    public override void add_param_group(ParamGroup param_group) => _parameter_groups.Add(param_group);

    /// <summary>The settings and the state themselves, not copies.</summary>
    public virtual StateDictionary state_dict()
    {
        var dictionary = new StateDictionary();
        foreach (var group in _parameter_groups)
        {
            dictionary.Options.Add(group.Options!);
            dictionary.State.AddRange(group.Parameters.Select(parameter => _state[parameter.Handle]));
        }
        return dictionary;
    }

    /// <summary>Copies settings and state of an optimiser over parameters of the same shapes in the same groups.</summary>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        Check(own, state_dict.Options.Count, state_dict.State.Count);
        foreach (var (target, source) in own.Options.Zip(state_dict.Options))
        {
            if (!ReferenceEquals(target, source)) target.LoadStateDict(source);
        }
        foreach (var (target, source) in own.State.Zip(state_dict.State))
        {
            if (!ReferenceEquals(target, source)) target.LoadStateDict(source);
        }
    }

    /// <summary>Writes settings and state to a file, in TorchSharp's format.</summary>
    public void save_state_dict(string location)
    {
        using var writer = new BinaryWriter(File.Create(location));
        save_state_dict(writer);
    }

    /// <summary>Writes the optimiser's name, settings and state, in TorchSharp's format.</summary>
    public void save_state_dict(BinaryWriter writer)
    {
        var dictionary = state_dict();
        writer.Write(GetType().Name);
        TensorFile.WriteCount(writer, dictionary.Options.Count);
        TensorFile.WriteCount(writer, dictionary.State.Count);
        foreach (var options in dictionary.Options) options.SaveStateDict(writer);
        foreach (var state in dictionary.State) state.SaveStateDict(writer);
    }

    /// <summary>Reads settings and state from a file, in TorchSharp's format.</summary>
    public void load_state_dict(string location)
    {
        using var reader = new BinaryReader(File.OpenRead(location));
        load_state_dict(reader);
    }

    /// <summary>Reads settings and state, in TorchSharp's format.</summary>
    /// <exception cref="InvalidDataException">They are of another optimiser.</exception>
    /// <exception cref="ArgumentException">Groups, parameters, types or shapes differ.</exception>
    public void load_state_dict(BinaryReader reader)
    {
        var name = reader.ReadString();
        if (name != GetType().Name) throw new InvalidDataException($"This is the state of the optimiser {name}, not of {GetType().Name}");
        var own = state_dict();
        Check(own, TensorFile.ReadCount(reader), TensorFile.ReadCount(reader));
        foreach (var options in own.Options) options.LoadStateDict(reader);
        foreach (var state in own.State) state.LoadStateDict(reader);
    }

    /// <summary>Moves the state to a device.</summary>
    public void to(Device device)
    {
        foreach (var state in _state.Values) state.to(device);
    }

    /// <summary>Calls <paramref name="body"/> on each group, unrecorded and in a scope of its own.</summary>
    protected Tensor? _step<T>(Action<T> body, Func<Tensor>? loss_closure = null) where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using var grad = enable_grad();
            loss = loss_closure();
        }
        using var noGrad = no_grad();
        foreach (var group in _parameter_groups)
        {
            using var scope = NewDisposeScope();
            body((T)group);
        }
        return loss;
    }

    /// <summary>
    /// Calls <paramref name="update"/> on each parameter that has a gradient, with its state, which follows the parameter to
    /// its device.
    /// </summary>
    internal Tensor? Each<TGroup, TState>(Func<Tensor>? closure, Action<TGroup, Parameter, Tensor, TState> update)
        where TGroup : ParamGroup where TState : OptimizerState =>
        _step<TGroup>(group =>
        {
            foreach (var parameter in group.Parameters)
            {
                using var scope = NewDisposeScope();
                if (parameter.grad is not { } gradient) continue;
                var state = _state[parameter.Handle];
                state.to(parameter.device);
                update(group, parameter, gradient, (TState)state);
            }
        }, closure);

    /// <summary>Adds a group whose settings are complete, and makes its state.</summary>
    internal void AddGroup(ParamGroup group, Func<Parameter, OptimizerState> state)
    {
        group.Parameters = group.Parameters.ToList();
        var known = new HashSet<Parameter>(parameters(), ReferenceEqualityComparer.Instance);
        foreach (var parameter in group.Parameters)
        {
            if (!known.Add(parameter)) throw new ArgumentException("A parameter stands in two groups of the optimiser, or twice in one");
        }
        group.InitialLearningRate = group.LearningRate;
        _parameter_groups.Add(group);
        foreach (var parameter in group.Parameters)
        {
            var made = state(parameter);
            made.Initialize(group.Options!);
            _state.Add(parameter.Handle, made);
        }
    }

    /// <summary>Frees the state.</summary>
    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        foreach (var state in _state.Values) (state as IDisposable)?.Dispose();
        _state.Clear();
    }

    internal static void CheckRange(double value, double low, double high, string name)
    {
        if (!(value >= low && value < high))
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {low}" + (double.IsPositiveInfinity(high) ? "" : $" and below {high}"));
    }

    private void Check(StateDictionary own, long groups, long states)
    {
        if (groups != own.Options.Count || states != own.State.Count)
        {
            throw new ArgumentException(
                $"The state has {groups} groups and {states} parameters, but this {GetType().Name} has {own.Options.Count} and {own.State.Count}");
        }
    }
}
