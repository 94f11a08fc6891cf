namespace TorchSharp;

public static partial class torch
{
    /// <summary>1, with the probability given for each element, or 0.</summary>
    public static Tensor bernoulli(Tensor input, Generator? generator = null) => Ops.bernoulli(input, generator);

    /// <summary>Indices drawn with the weights in the last dimension, [..., num_samples].</summary>
    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) =>
        Ops.multinomial(input, num_samples, replacement, generator);

    /// <summary>Seeds the default generators of all devices, and returns that of the processor.</summary>
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    /// <summary>The state of the default generator, bytes [n].</summary>
    public static Tensor get_rng_state() => random.get_rng_state();

    /// <summary>Takes over a state that get_rng_state gave.</summary>
    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);
}
