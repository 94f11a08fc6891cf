using TorchSharp;

namespace RewardKit.Conformance;

using Weights = MergerSubject.Weights;

/// <summary>What an <see cref="IWeightMerger"/> keeps.</summary>
internal static class MergerRules
{
    private const double Close = 1e-6;

    [Rule("M01", RuleKind.Required, AtEveryOption = true,
        Protects = "The result is loaded as the first model's architecture: a tensor with another name, shape or type is a model that cannot be loaded.",
        Fix = "Return the first model's Weights, and make each of just the shape and type that it has there: .to_type(weight.Type) after computing in float32.")]
    public static void Names_shapes_and_types_are_the_first_models(MergerSubject subject)
    {
        using var scope = torch.NewDisposeScope();
        var first = Weights.Draw(1);
        var merged = ((IWeightMerger)subject.Make()).Merge([new(first, 0.6), new(Weights.Draw(2), 0.4)]);
        if (merged.NewTokens.Count == 0 && Difference(first.All, merged.Weights) is { } difference) throw Verdict.Broken(difference);
        foreach (var weight in merged.Weights)
        {
            using var made = merged.Make(weight);
            if (!made.shape.SequenceEqual(weight.Shape)) throw Verdict.Broken($"{weight.Name} is said to be [{string.Join(", ", weight.Shape)}], and made [{string.Join(", ", made.shape)}]");
            if (made.dtype != weight.Type) throw Verdict.Broken($"{weight.Name} is said to be {weight.Type}, and made {made.dtype}");
        }
    }

    [Rule("M02", RuleKind.Required, AtEveryOption = true,
        Protects = "A sweep over weights begins at the model alone. If one model is not itself, no point of the sweep is what it says.",
        Fix = "Divide by the sum of the weights, or refuse weights that do not sum to 1 with RewardKitException.Input.")]
    public static void One_model_alone_comes_back(MergerSubject subject) =>
        Same(Weights.Draw(1), subject.Merge(new MergeMember(Weights.Draw(1), 1)), 0, "one model alone");

    [Rule("M03", RuleKind.Required, AtEveryOption = true,
        Protects = "With all weight on the first model, the others must not leave a trace: this is the baseline of every table.",
        Fix = "Multiply each model's part by its weight; compute in float32 or wider and convert once, at the end.")]
    public static void All_weight_on_the_first_gives_the_first(MergerSubject subject) =>
        Same(Weights.Draw(1), subject.Merge(new(Weights.Draw(1), 1), new(Weights.Draw(2), 0)), 0, "weights 1 and 0");

    [Rule("M04", RuleKind.Required, AtEveryOption = true,
        Protects = "Models that are equal have no middle but themselves.",
        Fix = "Let the shares of the models sum to 1.")]
    public static void Equal_models_give_that_model(MergerSubject subject) =>
        Same(Weights.Draw(1), subject.Merge(new(Weights.Draw(1), 0.3), new(Weights.Draw(1), 0.7)), Close, "a model and its copy with weights 0.3 and 0.7");

    [Rule("M05", RuleKind.Required, AtEveryOption = true,
        Protects = "The user names the models in some order; only the first has a place of its own, as the one that the result is like.",
        Fix = "Treat all models but the first alike. A method in which places matter says so: Traits = PluginTraits.OrderedMembers.")]
    public static void Order_of_the_other_models_does_not_matter(MergerSubject subject)
    {
        if (subject.Has(PluginTraits.OrderedMembers)) throw Verdict.NotTested("The merger says that its models' places matter (PluginTraits.OrderedMembers).");
        MergeMember[] models = [new(Weights.Draw(1), 0.5), new(Weights.Draw(2), 0.3), new(Weights.Draw(3), 0.2)];
        var (plain, swapped) = (subject.Merge(models), subject.Merge(models[0], models[2], models[1]));
        foreach (var (one, other) in plain.Zip(swapped))
            // A bfloat16 number has eight bits.
            Verdict.Same(Numbers.Difference(one.Values, other.Values, one.Name.Contains("mlp", StringComparison.Ordinal) ? 0.01 : Close), $"{one.Name}, with the second and third model exchanged");
    }

    [Rule("M06", RuleKind.Required,
        Protects = "A merger that leaves the first model as it is passes every identity, and merges nothing.",
        Fix = "Let the other models' layers enter the result by their weights.")]
    public static void Other_models_change_the_layers(MergerSubject subject)
    {
        var (first, merged) = (Weights.Draw(1), subject.Merge(new(Weights.Draw(1), 0.5), new(Weights.Draw(2), 0.5)));
        if (merged.Where(tensor => first.All.Any(w => w.Name == tensor.Name && w.Role == WeightRole.Body)).All(tensor => tensor.Values.SequenceEqual(first[tensor.Name])))
            throw Verdict.Broken("with weights 0.5 and 0.5, no layer differs from the first model's");
    }

    [Rule("M07", RuleKind.Required,
        Protects = "Two models of different shape cannot be merged. Broadcasting would make numbers of them all the same.",
        Fix = "Compare names and shapes before anything is computed, and refuse with RewardKitException.Input that names the tensor and both shapes.")]
    public static void Models_that_do_not_fit_are_refused(MergerSubject subject)
    {
        const string layer = "model.norm.weight";
        foreach (var (what, other) in new[]
        {
            ("a layer of another shape", Weights.Draw(2).With(layer, w => w with { Shape = [1] })),
            ("a layer of another name", Weights.Draw(2).With(layer, w => w with { Name = "model.final.weight" })),
        })
        {
            try
            {
                subject.Merge(new(Weights.Draw(1), 0.5), new(other, 0.5));
            }
            catch (RewardKitException e) when (e.Message.Contains(layer, StringComparison.Ordinal) || e.Message.Contains("model.final.weight", StringComparison.Ordinal))
            {
                continue;
            }
            catch (Exception e)
            {
                throw Verdict.Broken($"{what}: {e.GetType().Name}, which does not name the tensor: {e.Message}");
            }
            throw Verdict.Broken($"{what}: it is merged nevertheless");
        }
    }

    [Rule("M08", RuleKind.Untested,
        Protects = "A merged model should be good at what its parts are good at.",
        Fix = "Evaluate the result over the weights, on held-out pairs of each domain.")]
    public static void The_result_is_good(MergerSubject subject) => throw Verdict.NotTested("The kit's models hold random numbers.");

    private static void Same(Weights first, IReadOnlyList<(string Name, double[] Values)> merged, double tolerance, string what)
    {
        foreach (var weight in first.All)
            Verdict.Same(
                merged.FirstOrDefault(tensor => tensor.Name == weight.Name).Values is { } values ? Numbers.Difference(first[weight.Name], values, tolerance) : "it is missing",
                $"{what}: {weight.Name} of the model, then of the result");
    }

    private static string? Difference(IReadOnlyList<ModelWeight> first, IReadOnlyList<ModelWeight> merged)
    {
        foreach (var weight in first)
        {
            if (merged.FirstOrDefault(w => w.Name == weight.Name) is not { } found) return $"{weight.Name} is missing from the result";
            if (!found.Shape.SequenceEqual(weight.Shape)) return $"{weight.Name} is [{string.Join(", ", weight.Shape)}], and in the result [{string.Join(", ", found.Shape)}]";
            if (found.Type != weight.Type) return $"{weight.Name} is {weight.Type}, and in the result {found.Type}";
        }
        return merged.FirstOrDefault(w => first.All(f => f.Name != w.Name)) is { } more ? $"the result has {more.Name}, which the first model lacks" : null;
    }
}
