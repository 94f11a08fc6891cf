using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Activation checkpointing (Chen et al., arXiv:1604.06174): what a stretch of the forward pass would keep for its backward
/// pass is dropped, and computed again from its inputs when the backward pass gets there. The gradients are those of the plain
/// run, bit for bit.
/// </summary>
/// <remarks>
/// The second run sees the random numbers, the autocast state and the grad mode of the first. The function must compute the
/// same from the same inputs, must not change them, and lives as long as the graph. Parameters that it uses are found by
/// themselves. Every other tensor that it reads goes in as an input: one that it captures may be disposed with its scope before
/// the backward pass, and one captured with gradients of its own is refused. Second derivatives work.
/// </remarks>
public static class Checkpoint
{
    /// <summary>Runs a function of one tensor and keeps only its input.</summary>
    public static Tensor Run(Func<Tensor, Tensor> function, Tensor input) => Run(inputs => [function(inputs[0])], [input])[0];

    /// <summary>Runs a function and keeps only its inputs.</summary>
    /// <returns>What the function returns, in new tensors.</returns>
    /// <exception cref="InvalidOperationException">The function changes an input, or captures a tensor that has gradients of its own.</exception>
    public static Tensor[] Run(Func<Tensor[], Tensor[]> function, params Tensor[] inputs)
    {
        if (!is_grad_enabled()) return function(inputs);
        using var scope = NewDisposeScope();
        var state = ReplayState.Capture(inputs);
        var first = Recorded(function, inputs, out var leaves);
        state.ForgetUnused();
        if (!first.Any(output => output.requires_grad)) return Keep(first.Select(output => output.alias()));
        return Keep(Recomputed.apply([new Recipe(function, inputs.Length, state, first), .. inputs, .. leaves]));

        static Tensor[] Keep(IEnumerable<Tensor> outputs) => [.. outputs.Select(output => output.MoveToOuterDisposeScope())];
    }

    /// <summary>Inputs cut off from what made them, so that gradients are counted from here.</summary>
    private static Tensor[] Cut(IEnumerable<Tensor> inputs) => [.. inputs.Select(input => input.requires_grad ? input.detach().requires_grad_() : input)];

#if TORCH_PACKAGE
    /// <summary>
    /// The first run. Which parameters it uses cannot be seen in TorchSharp calls: they get their gradients in the second run,
    /// and a leaf that nobody sees makes the outputs require gradients.
    /// </summary>
    private static Tensor[] Recorded(Func<Tensor[], Tensor[]> function, Tensor[] inputs, out Tensor[] leaves)
    {
        leaves = [zeros(1).requires_grad_()];
        return function(Cut(inputs));
    }
#else
    /// <summary>The first run, and the parameters that it used.</summary>
    private static Tensor[] Recorded(Func<Tensor[], Tensor[]> function, Tensor[] inputs, out Tensor[] leaves)
    {
        var versions = inputs.Select(Version).ToArray();
        var cut = Cut(inputs);
        var mark = Native.rk_graph_mark();
        var outputs = function(cut);
        if (!inputs.Select(Version).SequenceEqual(versions))
            throw new InvalidOperationException("A checkpointed function changes an input in place, so it cannot be computed again; let it work on a clone");
        try
        {
            var own = cut.Select(input => input.Handle).ToHashSet();
            leaves = [.. Native.GraphLeaves(outputs, mark, "Checkpoint.Run").Where(leaf => !own.Contains(leaf.Handle))];
        }
        catch (System.Runtime.InteropServices.ExternalException error)
        {
            throw new InvalidOperationException(
                $"A checkpointed function may use parameters and its inputs, but this one captures another tensor with gradients; pass that as an input. {error.Message}", error);
        }
        return outputs;

        static long Version(Tensor input) => Operator.Call<long>("aten::_version", input);
    }
#endif

    /// <summary>All that the second run needs, besides the tensors.</summary>
    private sealed class Recipe(Func<Tensor[], Tensor[]> function, int inputs, ReplayState state, Tensor[] first)
    {
        private Tensor[]? _first = first;

        public Func<Tensor[], Tensor[]> Function => function;

        public int Inputs => inputs;

        public ReplayState State => state;

        /// <summary>The outputs of the first run, once.</summary>
        public Tensor[] TakeFirst()
        {
            var first = _first!;
            _first = null;
            return first;
        }
    }

    private sealed class Recomputed : autograd.MultiTensorFunction<Recomputed>
    {
        private const string Key = "recipe";

        public override string Name => "Checkpoint";

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var recipe = (Recipe)vars[0];
            var first = recipe.TakeFirst();
            var outputs = first.Select(output => output.detach()).ToList();
            ctx.save_data(Key, recipe);
            ctx.save_for_backward(vars.OfType<Tensor>().ToList());
            ctx.mark_non_differentiable(outputs.Where((_, k) => !first[k].requires_grad).ToList());
            // No zeros for outputs that nobody used: 0 · ∞ would make gradients that the plain run does not have.
            ctx.set_materialize_grads(false);
            return outputs;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            var recipe = (Recipe)ctx.get_data(Key);
            var saved = ctx.get_saved_variables();
            // Gradients that shall have gradients themselves must hang on the inputs.
            var again = is_grad_enabled();
            var given = saved.Take(recipe.Inputs).ToArray();
            using var grad = enable_grad();
            using var replay = recipe.State.Restore();
            var inputs = again ? [.. given.Select(input => input.requires_grad ? input.alias() : input)] : Cut(given);
            var outputs = Run(recipe.Function, inputs);
            var used = Enumerable.Range(0, outputs.Length).Where(k => !grad_outputs[k].IsInvalid && outputs[k].requires_grad).ToArray();
            var gradients = Gradients(
                [.. used.Select(k => outputs[k])], [.. used.Select(k => grad_outputs[k])], [.. inputs, .. saved.Skip(recipe.Inputs)], again);
            return [null!, .. gradients];
        }

        private static Tensor[] Run(Func<Tensor[], Tensor[]> function, Tensor[] inputs)
        {
            try
            {
                return function(inputs);
            }
            catch (ObjectDisposedException error)
            {
                throw new InvalidOperationException(
                    "A checkpointed function cannot run again, because something that it captured is disposed by now; pass it as an input instead", error);
            }
        }

        /// <summary>The gradients by each source, null where there is none.</summary>
        private static IEnumerable<Tensor> Gradients(List<Tensor> outputs, List<Tensor> weights, Tensor[] sources, bool again)
        {
            var wanted = sources.Where(source => source.requires_grad).ToList();
#if TORCH_PACKAGE
            if (outputs.Count > 0) autograd.backward(outputs, weights, again, again);
            var found = wanted.Select(source => source.grad).ToList();
#else
            var found = outputs.Count == 0 ? wanted.ConvertAll(_ => (Tensor)null!) : autograd.grad(outputs, wanted, weights, again, again, allow_unused: true);
#endif
            var next = 0;
            return sources.Select(source => source.requires_grad ? found[next++]! : null!).ToList();
        }
    }
}
