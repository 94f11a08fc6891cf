using System.Reflection;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Training;

namespace RewardKit.Hosting.Experiments;

/// <summary>Finds what is wrong with an experiment before anything is trained.</summary>
internal static class ExperimentCheck
{
    /// <summary>Checks names, files, every plugin with its options, the baselines, and the text generator where one is needed.</summary>
    /// <returns>
    /// The experiment with every option of every plugin spelled out, and the arms that cannot be run because a plugin failed
    /// to be made, with the reason.
    /// </returns>
    /// <exception cref="RewardKitException">Something is wrong.</exception>
    public static (ExperimentSpec Spec, IReadOnlyDictionary<string, RewardKitException> Unusable) Check(ExperimentSpec spec, MethodSource methods)
    {
        if (spec.Arms.Count == 0) throw RewardKitException.Input($"The experiment \"{spec.Name}\" has no arm. Add one: arm \"NAME\" [ … ].");
        if (spec.Seeds.Count == 0) throw RewardKitException.Input($"The experiment \"{spec.Name}\" has no seed. Add: seeds [ 1 ].");
        if (spec.Evaluations.Count == 0)
            throw RewardKitException.Input($"The experiment \"{spec.Name}\" has no evaluator, so it would measure nothing. Add: evaluate [ … ].");
        Unique("arm", spec.Arms.Select(a => a.Name));
        Unique("seed", spec.Seeds.Select(s => s.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        foreach (var file in spec.Evaluations.Select(e => e.Pairs).Prepend(spec.Validation).Append(spec.Train).Concat(spec.Arms.Select(spec.TrainOf)).Concat(spec.Arms.Select(a => a.Reference)).SelectMany(d => d?.Files ?? []))
            if (!File.Exists(file.Path)) throw RewardKitException.Input($"There is no data file {file.Path}.");
        InOrder(spec.Arms);
        foreach (var arm in spec.Arms) Members(spec, arm);

        // All uses first: that needs the manifests alone. Then one of each is made, because a constructor may refuse, too.
        spec = spec with
        {
            Arms = [.. spec.Arms.Select(a => In(a, () => a with { Loss = a.Loss is { } l ? methods.Complete(l) : null, Augmenters = [.. a.Augmenters.Select(methods.Complete)], Composer = a.Composer is { } c ? methods.Complete(c) : null }))],
            Evaluations = Evaluations(spec, methods),
        };
        string? rewards = null; // An evaluator that reads rewards of single responses.
        string? scores = null; // An evaluator that judges what a model says of texts, not what it writes.
        foreach (var evaluation in spec.Evaluations)
        {
            var needs = methods.CreateEvaluator(evaluation.Evaluator).Needs;
            if (needs.HasFlag(EvaluatorNeeds.Rewards)) rewards ??= evaluation.Evaluator.Id;
            if (!needs.HasFlag(EvaluatorNeeds.Writer) || needs.HasFlag(EvaluatorNeeds.Rewards)) scores ??= evaluation.Evaluator.Id;
        }
        var unusable = new Dictionary<string, RewardKitException>();
        foreach (var arm in spec.Arms)
        {
            try
            {
                Make(spec, arm, methods, rewards, scores);
            }
            catch (Exception e) when (e is not RewardKitException { ExitCode: 2 })
            {
                // The plugin failed, which is no mistake in the experiment: the other arms can be run.
                unusable.Add(arm.Name, e as RewardKitException
                    ?? RewardKitException.Failure($"The arm \"{arm.Name}\" cannot be run: {PluginFault.Describe(e)}", e));
            }
        }
        return (spec, unusable);
    }

    /// <summary>The evaluators with every option spelled out.</summary>
    /// <exception cref="RewardKitException">One has no pairs, or has pairs of its own, or needs a text generator that is not named.</exception>
    public static IReadOnlyList<EvaluationSpec> Evaluations(ExperimentSpec spec, MethodSource methods)
    {
        EvaluationSpec[] all = [.. spec.Evaluations.Select(e => e with { Evaluator = methods.Complete(e.Evaluator) })];
        foreach (var evaluation in all)
        {
            if (methods.Describe(evaluation.Evaluator) is { } described && described.OwnData != evaluation.Pairs is null)
                throw RewardKitException.Input($"The {described.Label} " + (described.OwnData
                    ? "brings its own data, but is given pairs. Leave them out." : "judges by held-out pairs, but is given none. Name them."));
            if (methods.CreateEvaluator(evaluation.Evaluator).Needs.HasFlag(EvaluatorNeeds.Generator)) NeedGenerator(spec.Generator, $"The evaluator {evaluation.Evaluator.Id}");
        }
        return all;
    }

    private static void Make(ExperimentSpec spec, ArmSpec arm, MethodSource methods, string? rewards, string? scores)
    {
        var loss = arm.Loss is { } method ? In(arm, () => methods.CreateLoss(method)).Needs : ForwardNeeds.Rewards;
        if (loss.HasFlag(ForwardNeeds.Preferences) && rewards is not null)
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" trains a pairwise model, which says which of two responses is better, and the evaluator {rewards} needs a reward for "
                + "each response. Judge pairwise arms in an experiment of their own, by pair-accuracy or reward-bench.");
        if (ModelSpec.TrainsPolicy(loss) && spec.TrainingOf(arm).Keep == KeepModel.BestAccuracy)
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" trains a language model by a loss that reads no reward, and KeepModel.BestAccuracy chooses by the accuracy of rewards. "
                + "Choose KeepModel.LowestLoss.");
        if (scores is not null && LeavesNoReward(arm, methods))
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" trains a language model by a loss that reads no reward, and the evaluator {scores} needs one. Let the arm score by its "
                + "implicit reward: add Score.implicitReward () to its steps.");
        if (spec.Arms.FirstOrDefault(a => a.Name == arm.Baseline) is { } baseline && LeavesNoReward(baseline, methods))
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" filters with the arm \"{baseline.Name}\", which trains a language model by a loss that reads no reward. Let that one score by its "
                + "implicit reward: add Score.implicitReward () to its steps.");
        if (arm.Composer is not { } scoring || !In(arm, () => methods.CreateComposer(scoring)).Needs.HasFlag(ComposerNeeds.Policies))
            foreach (var other in arm.Members.OfType<ArmMember>().Select(member => spec.ArmNamed(member.Arm)))
                if (LeavesNoReward(other, methods))
                    throw RewardKitException.Input(
                        $"The arm \"{arm.Name}\" scores with the arm \"{other.Name}\", which trains a language model by a loss that reads no reward. Let that one score by "
                        + "its implicit reward: add Score.implicitReward () to its steps.");
        var asked = new HashSet<string>();
        foreach (var use in arm.Augmenters)
        {
            var augmenter = In(arm, () => methods.CreateAugmenter(use));
            var needs = augmenter.Needs;
            if (needs.HasFlag(AugmenterNeeds.Policies)) asked.UnionWith(augmenter.Policies);
            if (asked.FirstOrDefault(name => !arm.Policies.ContainsKey(name)) is { } missing)
                throw RewardKitException.Input(
                    $"The arm \"{arm.Name}\" uses the augmenter {use.Id}, which asks for a language model under the name \"{missing}\", and the arm names none. "
                    + $"Add Policy.named \"{missing}\" MODEL to its steps.");
            if (needs.HasFlag(AugmenterNeeds.Baseline) && arm.Baseline is null)
                throw RewardKitException.Input(
                    $"The arm \"{arm.Name}\" uses the augmenter {use.Id}, which filters with a baseline reward model, but the arm names none. "
                    + "Add Baseline.arm \"NAME\" with the name of another arm, or turn the filter off in the augmenter's options.");
            if (needs.HasFlag(AugmenterNeeds.Generator))
                NeedGenerator(arm.Generator ?? spec.Generator, $"The arm \"{arm.Name}\" uses the augmenter {use.Id}, which");
        }
        if (arm.Policies.Keys.FirstOrDefault(name => !asked.Contains(name)) is { } unused)
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" names a language model \"{unused}\" that none of its augmenters asks for"
                + (asked.Count == 0 ? "." : $"; they ask for {string.Join(", ", asked.Order(StringComparer.Ordinal))}."));
        if (arm.Composer is not { } composer) return;
        var composes = In(arm, () => methods.CreateComposer(composer));
        if (composes.Needs.HasFlag(ComposerNeeds.Generator)) NeedGenerator(arm.Generator ?? spec.Generator, $"The arm \"{arm.Name}\" scores with {composer.Id}, which");
        var alone = composes.GetType().GetCustomAttribute<ComposerAttribute>()?.Traits.HasFlag(PluginTraits.NoMembers) == true;
        if (alone && (arm.Loss is not null || arm.Members.Count > 0))
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" scores with {composer.Id}, which asks no model that was trained, but the arm "
                + (arm.Loss is null ? "names members. Leave them out." : "trains one. Leave its loss out, and what else is for training."));
    }

    // A policy has no reward by itself; a composer may make one of its log-probabilities.
    private static bool LeavesNoReward(ArmSpec arm, MethodSource methods) =>
        arm.Loss is { } loss && ModelSpec.TrainsPolicy(In(arm, () => methods.CreateLoss(loss)).Needs)
        && (arm.Composer is not { } composer || !In(arm, () => methods.CreateComposer(composer)).Needs.HasFlag(ComposerNeeds.Policies));

    private static void NeedGenerator(GeneratorSpec? generator, string who)
    {
        if (generator is null)
            throw RewardKitException.Input(
                $"{who} has text written by a language model, but the experiment names none. "
                + "Add generator (Generator.server (url = \"http://localhost:8000/v1\", model = \"NAME\")), or Generator.local \"FOLDER\".");
        generator.Check();
    }

    // What an arm scores with, as far as names and numbers say it.
    private static void Members(ExperimentSpec spec, ArmSpec arm)
    {
        if (arm.Loss is null && (arm.Augmenters.Count > 0 || arm.Baseline is not null || arm.Policies.Count > 0 || arm.Model is not null || arm.Train is not null || arm.Training is not null))
            throw RewardKitException.Input(
                $"The arm \"{arm.Name}\" has no loss, so that it trains nothing, but something that is for training. Add a loss, as Loss.bradleyTerry (), or leave that out.");
        if (arm.Composer is null && arm.Members.Count != (arm.Loss is null ? 1 : 0))
            throw RewardKitException.Input(arm.Members.Count == 0
                ? $"The arm \"{arm.Name}\" has no loss and nothing to score with. Add a loss, as Loss.bradleyTerry (), or a member: Members.arm \"NAME\"."
                : $"The arm \"{arm.Name}\" has members, but nothing that makes one scorer of them. Add one, as Score.ensemble ().");
        foreach (var member in arm.Members)
        {
            if (!double.IsFinite(member.Weight))
                throw RewardKitException.Input(FormattableString.Invariant($"The arm \"{arm.Name}\" has a member of weight {member.Weight}, which is no number."));
            if (member is ArmMember { Seed: { } seed } other && !spec.SeedsOf(spec.ArmNamed(other.Arm)).Contains(seed))
                throw RewardKitException.Input(
                    $"The arm \"{arm.Name}\" has the arm \"{other.Arm}\" under seed {seed} as its member, but that one is run under "
                    + $"{string.Join(", ", spec.SeedsOf(spec.ArmNamed(other.Arm)))}. Name one of these, or add the seed to the experiment's.");
        }
    }

    /// <summary>The runs that must be there before an arm's: its baseline's and those of its members.</summary>
    /// <param name="spec">The experiment.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="seed">The seed that it is run under.</param>
    public static IEnumerable<(string Role, string Arm, int Seed)> Before(ExperimentSpec spec, ArmSpec arm, int seed) =>
    [
        .. arm.Baseline is { } baseline ? [("baseline", baseline, spec.SeedsOf(spec.ArmNamed(baseline)).Contains(seed) ? seed : spec.Seeds[0])] : Array.Empty<(string, string, int)>(),
        .. arm.Members.OfType<ArmMember>().Select(member => ("member", member.Arm, spec.SeedOf(member, seed))),
    ];

    /// <summary>The arms in an order in which each comes after its baseline and its members.</summary>
    /// <exception cref="RewardKitException">One of these is not there, or arms are each other's.</exception>
    public static IReadOnlyList<ArmSpec> InOrder(IReadOnlyList<ArmSpec> arms)
    {
        var order = new List<ArmSpec>();
        foreach (var arm in arms) Place(arm, []);
        return order;

        void Place(ArmSpec arm, string[] path)
        {
            if (order.Contains(arm)) return;
            if (path.Contains(arm.Name))
                throw RewardKitException.Input($"The arms {string.Join(" → ", path.Append(arm.Name))} are each other's baselines or members, so none can be run first.");
            var before = arm.Members.OfType<ArmMember>().Select(member => ("a member", member.Arm));
            foreach (var (role, name) in arm.Baseline is { } baseline ? before.Prepend(("its baseline", baseline)) : before)
                Place(
                    arms.FirstOrDefault(a => a.Name == name) ?? throw RewardKitException.Input(
                        $"The arm \"{arm.Name}\" names \"{name}\" as {role}, but there is no such arm. The arms are: {string.Join(", ", arms.Select(a => a.Name))}."),
                    [.. path, arm.Name]);
            order.Add(arm);
        }
    }

    // The same plugin may stand in many arms with other options: the message says in which it is wrong.
    private static T In<T>(ArmSpec arm, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (RewardKitException e)
        {
            var message = $"The arm \"{arm.Name}\" cannot be run. {e.Message}";
            throw e.ExitCode == 2 ? RewardKitException.Input(message, e) : RewardKitException.Failure(message, e);
        }
    }

    private static void Unique(string what, IEnumerable<string> names)
    {
        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw RewardKitException.Input($"The {what} {twice.Key} stands {twice.Count()} times in the experiment; each may stand once.");
    }
}
