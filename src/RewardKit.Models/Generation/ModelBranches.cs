using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>Ways on from a model's rows, which share the rows' keys and values: <see cref="ModelRows.Branch"/>.</summary>
internal sealed class ModelBranches(CausalModel model, KeyValueCache cache, CacheBranches cached, IReadOnlyList<int[]> beginnings)
{
    private readonly List<int>[] _texts = [.. beginnings.Select(ids => new List<int>(ids))];

    /// <summary>Their places in the cache.</summary>
    public CacheBranches Cached => cached;

    /// <summary>Adds a token to a branch; computed when the model is next asked.</summary>
    public void Take(int branch, int id) => _texts[branch].Add(id);

    /// <summary>Scores of what may come next in some branches, <c>[branches, vocab]</c>.</summary>
    public Tensor Next(IReadOnlyList<int> branches) => Passes.Read(Compute(branches), model.NextLogits);

    /// <summary>Rewards of all branches at their last tokens, <c>[branches]</c>; for a reward model.</summary>
    public Tensor Rewards() => Passes.Read(Compute([.. Enumerable.Range(0, _texts.Length)]), ((RewardModel)model).NextRewards);

    /// <summary>For each row the branch that has most of what the row goes on with, and how many tokens of it.</summary>
    /// <param name="rows">The rows' texts.</param>
    public IReadOnlyList<(int Branch, int Length)> Longest(IReadOnlyList<List<int>> rows)
    {
        return [.. Enumerable.Range(0, _texts.Length).GroupBy(branch => cached[branch].Row).Select(ways => ways.Select(branch => (branch, Common(branch))).MaxBy(way => way.Item2))];

        int Common(int branch)
        {
            var (text, at) = (rows[cached[branch].Row], cached[branch].Shared);
            var most = Math.Min(cached.Lengths[branch], text.Count - at);
            var length = 0;
            while (length < most && text[at + length] == _texts[branch][length]) length++;
            return length;
        }
    }

    private Tensor Compute(IReadOnlyList<int> branches)
    {
        int[] Added(int branch) => [.. _texts[branch][cached.Lengths[branch]..]];
        return Passes.Run(model, [.. branches.GroupBy(branch => cached[branch].Row).Select(ways => ways.ToArray())], branch => _texts[branch].Count - cached.Lengths[branch],
            together => cache.Append(model, cached, [.. _texts.Select((_, branch) => together.Contains(branch) ? Added(branch) : [])]));
    }
}
