using RewardKit.Torch;
using TorchSharp;

namespace RewardKit.Training.Checkpoints;

/// <summary>The states of the generators that a training on one device draws from.</summary>
internal static class Generators
{
    /// <summary>The states now, by the device's kind.</summary>
    public static Dictionary<string, byte[]> Get(torch.Device device) =>
        Of(device).ToDictionary(d => Name(d), GeneratorState.Read);

    /// <summary>Takes the states up.</summary>
    public static void Set(IReadOnlyDictionary<string, byte[]> states, torch.Device device)
    {
        foreach (var one in Of(device))
            if (states.TryGetValue(Name(one), out var state)) GeneratorState.Write(one, state);
    }

    private static IEnumerable<torch.Device> Of(torch.Device device) =>
        device.type == DeviceType.CPU ? [torch.CPU] : [torch.CPU, device];

    private static string Name(torch.Device device) => device.type.ToString().ToLowerInvariant();
}
