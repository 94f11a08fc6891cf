namespace RewardKit.Plugins.Diagnostics;

/// <summary>The held-out preferences that an evaluator is given.</summary>
internal static class Preferences
{
    /// <summary>Those among the given examples; ties have no right order.</summary>
    /// <exception cref="RewardKitException">There are none.</exception>
    public static PreferenceExample[] Of(EvaluationContext context, string evaluator, string function)
    {
        PreferenceExample[] pairs = [.. context.Pairs.Where(pair => pair.Relation == Relation.Preferred)];
        return pairs.Length > 0 ? pairs : throw RewardKitException.Input(
            $"{evaluator} needs held-out preferences, but was given {context.Pairs.Count} examples and none is one. Name the pairs in the script: {function} (pairs).");
    }
}
