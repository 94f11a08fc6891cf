using System.Globalization;

namespace RewardKit.Torch;

/// <summary>
/// Which of a run's processes this one is, and where they meet. Told by the variables that torchrun sets, and with it most
/// that start such runs: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT.
/// </summary>
/// <param name="Rank">This process, from 0.</param>
/// <param name="Size">How many there are.</param>
/// <param name="LocalRank">This process among those of its machine, from 0; says which GPU is its own.</param>
/// <param name="Host">The name or address of the machine of process 0.</param>
/// <param name="Port">A port that is free there.</param>
public sealed record ProcessPlace(int Rank, int Size, int LocalRank, string Host, int Port)
{
    /// <summary>Whether whoever started the processes serves their store, as torchrun does; else process 0 serves it.</summary>
    public bool StoreIsServed { get; init; }

    /// <summary>Tells a run's keys in the store from those of others, and of its own earlier starts.</summary>
    public string Prefix { get; init; } = "rewardkit";

    /// <summary>The place that the environment names; null where RANK and WORLD_SIZE are not set.</summary>
    /// <exception cref="FormatException">A variable is missing or makes no sense; the message names it.</exception>
    public static ProcessPlace? FromEnvironment() => From(Environment.GetEnvironmentVariable);

    internal static ProcessPlace? From(Func<string, string?> variable)
    {
        if (string.IsNullOrEmpty(variable("RANK")) && string.IsNullOrEmpty(variable("WORLD_SIZE"))) return null;
        var size = Number("WORLD_SIZE", 1, int.MaxValue);
        var rank = Number("RANK", 0, size - 1);
        // A run of one process needs no meeting place.
        if (size == 1) return new(0, 1, 0, "", 0);
        return new(rank, size, Number("LOCAL_RANK", 0, size - 1), Text("MASTER_ADDR"), Number("MASTER_PORT", 1, ushort.MaxValue))
        {
            StoreIsServed = variable("TORCHELASTIC_USE_AGENT_STORE") == "True",
            Prefix = $"rewardkit/{variable("TORCHELASTIC_RESTART_COUNT") ?? "0"}",
        };

        string Text(string name) => variable(name) is { Length: > 0 } text
            ? text
            : throw new FormatException($"RANK or WORLD_SIZE is set, so this is one of several processes, but {name} is not. torchrun sets RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT; set all of them, or none.");

        int Number(string name, int least, int most) =>
            int.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new FormatException($"{name} is \"{variable(name)}\"; expected a whole number from {least}{(most == int.MaxValue ? "" : $" to {most}")}.");
    }
}
