using System.IO.Enumeration;
using RewardKit.Models;
using TorchSharp.Modules;

namespace RewardKit.Training;

/// <summary>Parameters chosen by patterns of their names.</summary>
internal static class ParameterNames
{
    private const int Shown = 4;

    /// <summary>The trainable parameters that one of the patterns fits.</summary>
    /// <param name="model">Whose parameters.</param>
    /// <param name="patterns">Names in which <c>*</c> stands for anything.</param>
    /// <param name="option">The option that the patterns come from, for messages.</param>
    /// <exception cref="RewardKitException">A pattern fits none.</exception>
    public static Parameter[] Fitting(RewardModel model, IReadOnlyList<string> patterns, string option)
    {
        var trained = model.named_parameters().Where(p => p.parameter.requires_grad).ToArray();
        foreach (var pattern in patterns)
        {
            if (trained.Any(p => Fits(pattern, p.name))) continue;
            var names = string.Join(", ", trained.Select(p => p.name).Take(Shown));
            throw RewardKitException.Input(
                $"{option}: \"{pattern}\" fits no trained parameter of the model. A star stands for anything; the names are {names} ({trained.Length} in all, `rewardkit model inspect` shows them).");
        }
        return [.. trained.Where(p => patterns.Any(pattern => Fits(pattern, p.name))).Select(p => p.parameter)];
    }

    private static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
