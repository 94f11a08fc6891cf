using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>What besides its inputs decides a computation: the generators' states and autocast, to be had again later.</summary>
internal sealed class ReplayState
{
    private readonly List<(Device Device, byte[] State)> _generators = [];
#if !TORCH_PACKAGE
    private readonly List<(DeviceType Device, bool On, ScalarType Type)> _autocast = [];
#endif

    private ReplayState()
    {
    }

    /// <summary>The state now, with the generators of the processor and of the inputs' devices.</summary>
    public static ReplayState Capture(IEnumerable<Tensor> inputs)
    {
        var state = new ReplayState();
        state._generators.Add((CPU, GeneratorState.Read(CPU)));
        foreach (var device in inputs.Select(input => input.device).Where(device => device.type == DeviceType.CUDA).DistinctBy(device => device.index))
        {
#if TORCH_PACKAGE
            throw Provider.Lacks("A checkpoint on CUDA, whose random numbers must be had again,");
#else
            state._generators.Add((device, GeneratorState.Read(device)));
#endif
        }
#if !TORCH_PACKAGE
        foreach (var device in new[] { DeviceType.CPU, DeviceType.CUDA }) state._autocast.Add((device, Autocast.IsEnabled(device), Autocast.Type(device)));
#endif
        return state;
    }

    /// <summary>Forgets the generators that nobody has used since.</summary>
    public void ForgetUnused() => _generators.RemoveAll(generator => GeneratorState.Read(generator.Device).AsSpan().SequenceEqual(generator.State));

    /// <summary>Goes back to this state until the result is disposed.</summary>
    public IDisposable Restore()
    {
        var undo = new Undo();
        foreach (var (device, state) in _generators)
        {
            var now = GeneratorState.Read(device);
            undo.Add(() => GeneratorState.Write(device, now));
            GeneratorState.Write(device, state);
        }
#if !TORCH_PACKAGE
        foreach (var (device, on, type) in _autocast) undo.Add(Autocast.Enter(device, on, type).Dispose);
#endif
        return undo;
    }

    private sealed class Undo : IDisposable
    {
        private readonly Stack<Action> _steps = new();

        public void Add(Action step) => _steps.Push(step);

        public void Dispose()
        {
            while (_steps.TryPop(out var step)) step();
        }
    }
}
