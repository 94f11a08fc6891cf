using System.Text.RegularExpressions;

namespace RewardKit.Models;

/// <summary>
/// A low-rank adapter (Hu et al. 2021, arXiv:2106.09685): each target's W becomes W + scale · B A, where W stays as it is
/// and A <c>[rank, inputs]</c> and B <c>[outputs, rank]</c> are trained.
/// </summary>
public sealed record LoraOptions
{
    /// <summary>The one target that stands for all linear layers but the output heads.</summary>
    public const string AllLinear = "all-linear";

    // A pattern may come with a folder, from strangers: it must not cost more than this.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>The rank, at least 1; default 8.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The scale is this divided by the rank; default 16.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>In training, the share of a target's inputs that A does not see, in [0, 1); default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Names of linear layers, or the ends of their names: <c>q_proj</c> for those of all layers, or
    /// <c>layers.0.self_attn.q_proj</c> for one; or <see cref="AllLinear"/>, the default.
    /// </summary>
    public IReadOnlyList<string> Targets { get; init; } = [AllLinear];

    /// <summary>
    /// A regular expression that the whole name of a linear layer fits, such as <c>.*\.(q|v)_proj</c>, instead of
    /// <see cref="Targets"/>.
    /// </summary>
    public string? TargetPattern { get; init; }

    /// <summary>Divides by the root of the rank instead (rsLoRA, Kalajdzievski 2023, arXiv:2312.03732).</summary>
    public bool RankStabilized { get; init; }

    /// <summary>What B A is multiplied by.</summary>
    internal double Scale => Alpha / (RankStabilized ? Math.Sqrt(Rank) : Rank);

    /// <summary>Refuses what no adapter can have.</summary>
    /// <param name="where">Where the options come from, for the message.</param>
    /// <exception cref="RewardKitException">A number is out of range, or targets are missing or named twice over.</exception>
    public void Check(string where) => Checked(where);

    /// <summary>These, if an adapter can have them.</summary>
    internal LoraOptions Checked(string where)
    {
        if (Rank < 1) throw RewardKitException.Input($"{where}: the rank is {Rank}; expected at least 1.");
        if (!double.IsFinite(Alpha)) throw RewardKitException.Input(FormattableString.Invariant($"{where}: alpha is {Alpha}; expected a number."));
        if (Dropout is not (>= 0 and < 1))
            throw RewardKitException.Input(FormattableString.Invariant($"{where}: the dropout is {Dropout}; expected at least 0 and below 1."));
        if (TargetPattern is null && Targets.Count == 0)
            throw RewardKitException.Input($"{where}: no targets are named; name linear layers, or \"{AllLinear}\".");
        if (TargetPattern is not null && Targets is not ([] or [AllLinear]))
            throw RewardKitException.Input($"{where}: both targets and a pattern of targets are given; give one of them.");
        return this;
    }

    /// <summary>Which of a model's linear layers are targets.</summary>
    /// <param name="names">The names of all linear layers but the output heads.</param>
    /// <param name="where">The file or the options, for the message.</param>
    /// <exception cref="RewardKitException">A target is unknown.</exception>
    internal IReadOnlyList<string> Among(IReadOnlyList<string> names, string where)
    {
        if (TargetPattern is { } pattern)
        {
            string[] fitting = [.. names.Where(Matcher(pattern, where))];
            return fitting.Length > 0 ? fitting : throw RewardKitException.Input($"{where}: no linear layer fits the pattern {pattern}; {Known(names)}");
        }
        if (Targets is [AllLinear]) return names;
        foreach (var target in Targets)
            if (!names.Any(name => Ends(name, target)))
                throw RewardKitException.Input($"{where}: there is no linear layer \"{target}\" to adapt; {Known(names)}");
        return [.. names.Where(name => Targets.Any(target => Ends(name, target)))];
    }

    private static bool Ends(string name, string target) => name == target || name.EndsWith("." + target, StringComparison.Ordinal);

    private static Func<string, bool> Matcher(string pattern, string where)
    {
        try
        {
            var regex = new Regex($@"\A(?:{pattern})\z", RegexOptions.CultureInvariant, s_patience);
            return name =>
            {
                try
                {
                    return regex.IsMatch(name);
                }
                catch (RegexMatchTimeoutException e)
                {
                    throw RewardKitException.Input($"{where}: the pattern {pattern} takes too long on {name}; write a simpler one, or name the targets.", e);
                }
            };
        }
        catch (ArgumentException e)
        {
            throw RewardKitException.Input($"{where}: the pattern {pattern} is no regular expression: {e.Message}", e);
        }
    }

    private static string Known(IReadOnlyList<string> names) =>
        $"the linear layers are {string.Join(", ", names.Select(Last).Distinct())}, each with a name like {names[0]}. Output heads are not adapted: the scalar head is trained whole.";

    /// <summary>The last part of a name.</summary>
    internal static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
}
