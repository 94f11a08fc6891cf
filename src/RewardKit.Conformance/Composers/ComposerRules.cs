namespace RewardKit.Conformance;

/// <summary>What an <see cref="IScorerComposer"/> keeps.</summary>
internal static class ComposerRules
{
    private const double Close = 1e-9;

    [Rule("C01", RuleKind.Required, AtEveryOption = true,
        Protects = "A composed scorer is used like any other: one reward a request, in their order.",
        Fix = "Return as many finite numbers as there are requests, in their order; an empty list for none.")]
    public static void One_finite_score_for_each_request(ComposerSubject subject)
    {
        foreach (var count in (int[])[12, 1, 0])
        {
            var scores = subject.Scores(ComposerSubject.Members(3), ComposerSubject.Requests(count));
            if (scores.Count != count) throw Verdict.Broken($"for {count} requests there are {scores.Count} scores");
            if (scores.Any(score => !double.IsFinite(score))) throw Verdict.Broken($"of {count} scores {scores.Count(s => !double.IsFinite(s))} are not finite, though all members' are");
        }
    }

    [Rule("C02", RuleKind.Required, AtEveryOption = true,
        Protects = "A response's reward must not depend on which others are scored with it: a composed scorer is no exception.",
        Fix = "Take means and deviations from the context's reference responses, never from the requests at hand.")]
    public static void A_score_does_not_depend_on_the_other_requests(ComposerSubject subject)
    {
        var requests = ComposerSubject.Requests(12);
        var together = subject.Scores(ComposerSubject.Members(3), requests);
        var backwards = subject.Scores(ComposerSubject.Members(3), [.. requests.Reverse()]);
        Verdict.Same(Numbers.Difference(together, [.. backwards.Reverse()], Close), "twelve requests, then the same in another order");
        Verdict.Same(
            Numbers.Difference(together, [.. requests.SelectMany(request => subject.Scores(ComposerSubject.Members(3), [request]))], Close),
            "twelve requests at once, then one by one");
    }

    [Rule("C03", RuleKind.Required, AtEveryOption = true,
        Protects = "Members are named in some order by the user. An ensemble that minds it is two ensembles.",
        Fix = "Treat members alike. A method in which places matter (a holistic reward first) says so: Traits = PluginTraits.OrderedMembers.")]
    public static void Order_of_the_members_does_not_matter(ComposerSubject subject)
    {
        subject.HasMembers();
        if (subject.Has(PluginTraits.OrderedMembers)) throw Verdict.NotTested("The composer says that its members' places matter (PluginTraits.OrderedMembers).");
        var members = ComposerSubject.Members(4);
        Verdict.Same(
            Numbers.Difference(subject.Scores(members), subject.Scores([members[2], members[0], members[3], members[1]]), Close), "four members, then in another order");
    }

    [Rule("C04", RuleKind.Required, AtEveryOption = true,
        Protects = "One scorer alone must judge as it does without a composer, or every comparison of one member with several is unfair.",
        Fix = "Make sure that nothing but a rising function of its score is left of a single member: a deviation of one number is 0, not NaN. "
            + "A method that has its members score other texts, as answers with a critique, says so: Traits = PluginTraits.ScoresOtherTexts.")]
    public static void One_member_alone_keeps_its_order(ComposerSubject subject)
    {
        subject.HasMembers();
        if (subject.Has(PluginTraits.ScoresOtherTexts)) throw Verdict.NotTested("The composer says that it has its members score other texts (PluginTraits.ScoresOtherTexts).");
        var member = ComposerSubject.Members(1);
        var (own, composed) = (member[0].Scorer.Score(ComposerSubject.Requests(12)), subject.Scores(member));
        for (var i = 0; i < own.Count; i++)
            for (var j = 0; j < own.Count; j++)
                if (own[i] > own[j] && composed[i] < composed[j])
                    throw Verdict.Broken($"the member gives request {i + 1} {Numbers.Show(own[i])} and request {j + 1} {Numbers.Show(own[j])}; composed alone, they have {Numbers.Show(composed[i])} and {Numbers.Show(composed[j])}");
        if (composed.Distinct().Count() == 1) throw Verdict.Broken($"composed alone, the member gives every request {Numbers.Show(composed[0])}");
    }

    [Rule("C05", RuleKind.Optional, AtEveryOption = true,
        Protects = "A scorer composed with copies of itself has nothing to disagree about: means, worst cases and bounds all give its own score.",
        Fix = "Use sums of differences for deviations, which are exactly 0 for equal scores. A method on another scale breaks this with reason.")]
    public static void Equal_members_give_the_members_score(ComposerSubject subject)
    {
        subject.HasMembers();
        if (subject.Has(PluginTraits.ScoresOtherTexts)) throw Verdict.NotTested("The composer says that it has its members score other texts (PluginTraits.ScoresOtherTexts).");
        var member = ComposerSubject.Members(1)[0];
        Verdict.Same(Numbers.Difference(member.Scorer.Score(ComposerSubject.Requests(12)), subject.Scores([member, member, member]), 1e-6), "the member, then three times composed");
    }

    [Rule("C06", RuleKind.Required, AtEveryOption = true,
        Protects = "Weights are turned to zero to take a member out. One that still counts makes the comparison false.",
        Fix = "Multiply by the weight whatever a member contributes, deviations and counts included, or leave it out.")]
    public static void A_member_of_weight_zero_does_not_count(ComposerSubject subject)
    {
        subject.HasMembers();
        var members = ComposerSubject.Members(4);
        Verdict.Same(
            Numbers.Difference(subject.Scores([.. members.Take(3)]), subject.Scores([.. members.Take(3), members[3] with { Weight = 0 }]), Close),
            "three members, then with a fourth of weight zero");
    }

    [Rule("C07", RuleKind.Required,
        Protects = "Nothing can be composed of nothing; a score out of nowhere would be believed. And where no member counts, a user who names one is mistaken.",
        Fix = "Refuse an empty list, negative weights and weights that are all zero with RewardKitException.Input. A composer that is made of nothing, as a judge, "
            + "says so, Traits = PluginTraits.NoMembers, and refuses any member.")]
    public static void Members_that_make_no_sense_are_refused(ComposerSubject subject)
    {
        foreach (var (what, members) in subject.Has(PluginTraits.NoMembers) ? [("a member", ComposerSubject.Members(1))] : new (string, IReadOnlyList<ScorerMember>)[]
        {
            ("no member", []), ("a member of weight -1", [ComposerSubject.Members(1)[0] with { Weight = -1 }]), ("members of weight zero alone", [.. ComposerSubject.Members(2).Select(m => m with { Weight = 0 })]),
        })
        {
            try
            {
                ComposerSubject.Score(subject.Composed(members), ComposerSubject.Requests(12));
            }
            catch (RewardKitException)
            {
                continue;
            }
            catch (Exception e)
            {
                throw Verdict.Broken($"{what}: {e.GetType().Name} and no words for the user: {e.Message}");
            }
            throw Verdict.Broken($"{what}: it scores nevertheless");
        }
    }

    [Rule("C08", RuleKind.Optional, AtEveryOption = true,
        Protects = "When every member likes all responses better by the same amount, the composed scorer should not like them less.",
        Fix = "Let the aggregation rise with its members. A threshold or a penalty may break this with reason.")]
    public static void Rises_with_its_members(ComposerSubject subject)
    {
        subject.HasMembers();
        var (before, after) = (subject.Scores(ComposerSubject.Members(3)), subject.Scores(ComposerSubject.Members(3, shift: 0.5)));
        for (var i = 0; i < before.Count; i++)
            if (after[i] < before[i] - Close)
                throw Verdict.Broken($"request {i + 1} had {Numbers.Show(before[i])}; with every member's score 0.5 higher it has {Numbers.Show(after[i])}");
    }

    [Rule("C09", RuleKind.Untested,
        Protects = "A composition should judge better than its members.",
        Fix = "Evaluate it on held-out pairs beside each member, with intervals.")]
    public static void Judges_better_than_its_members(ComposerSubject subject) => throw Verdict.NotTested("The kit's scorers are invented.");

    [Rule("C10", RuleKind.Required, AtEveryOption = true,
        Protects = "The host has writers, policies and a text generator only for a composer that needs them, and a model trained as a policy has no reward. "
            + "One that reads them without a need ends the experiment after all its training.",
        Fix = "Say so in Needs: ComposerNeeds.Writers, Policies, Generator, Reference or Heads, where the options make it necessary. With Policies, "
            + "leave the members' rewards alone.")]
    public static void Reads_only_what_it_needs(ComposerSubject subject)
    {
        var needs = subject.Needs;
        if (subject.Has(PluginTraits.NoMembers) && needs.HasFlag(ComposerNeeds.Generator)) throw Verdict.NotTested("It is made of a text generator alone, and says that it needs one.");
        if (needs.HasFlag(ComposerNeeds.Policies)) Without("a member's Scorer.Score", m => m with { Scorer = new ComposerSubject.Rewardless() });
        else Without("a member's Policy and Reference", m => m with { Policy = null, Reference = null });
        if (!needs.HasFlag(ComposerNeeds.Writers)) Without("a member's Writer", m => m with { Writer = null });
        if (!needs.HasFlag(ComposerNeeds.Heads)) Without("a member's Heads", m => m with { Heads = null });
        if (!needs.HasFlag(ComposerNeeds.Reference)) Without("context.Reference", m => m, new([], 1, ScriptedGenerators.Words()));
        if (!needs.HasFlag(ComposerNeeds.Generator)) Without("context.Generator", m => m, new(ComposerSubject.References, 1));

        void Without(string what, Func<ScorerMember, ScorerMember> taken, CompositionContext? context = null)
        {
            var members = ComposerSubject.Members(3);
            try
            {
                Verdict.Same(
                    Numbers.Difference(subject.Scores(members), subject.Scores([.. members.Select(taken)], context: context), Close),
                    $"with {what}, which its Needs do not name, then without it");
            }
            catch (Exception e) when (e is not RuleBrokenException)
            {
                throw Verdict.Broken($"it reads {what}, which its Needs do not name: {e.Message}");
            }
        }
    }

    [Rule("C11", RuleKind.Optional,
        Protects = "A text generator is money or a GPU, and a policy is a language model that must be loaded.",
        Fix = "Let Needs follow the options.")]
    public static void Reads_all_that_it_needs(ComposerSubject subject)
    {
        var needs = subject.Needs;
        if (needs == ComposerNeeds.None) throw Verdict.NotTested("It needs nothing but scorers.");
        var (writer, generator) = (ScriptedGenerators.Counting(ScriptedGenerators.Words()), ScriptedGenerators.Counting(subject.Generator));
        var policy = new ScriptedPolicy("counting", _ => new(-1, 1));
        subject.Scores([ComposerSubject.Members(1)[0] with { Writer = writer, Policy = policy, Reference = policy }], context: new(ComposerSubject.References, 1, generator));
        if (needs.HasFlag(ComposerNeeds.Writers) && writer.Asked == 0) throw Verdict.Broken("it needs the members' writers, but never asks one");
        if (needs.HasFlag(ComposerNeeds.Policies) && policy.Asked == 0) throw Verdict.Broken("it needs the members' policies, but never asks one");
        if (needs.HasFlag(ComposerNeeds.Generator) && generator.Asked == 0) throw Verdict.Broken("it needs a text generator, but never asks it");
    }

    [Rule("C12", RuleKind.Required, AtEveryOption = true,
        Protects = "Which response is named first is chance. A scorer that compares and to which it matters prefers what a file has first.",
        Fix = "Compare gives log-odds that the first response is better, and the opposite number with the two exchanged: ask in both orders and average, or draw an order "
            + "that depends on the two texts alone.")]
    public static void Exchanged_responses_give_the_opposite_number(ComposerSubject subject)
    {
        if (subject.Composed(subject.Given(ComposerSubject.Members(3))) is not IPairScorer scorer)
            throw Verdict.NotTested("The composed scorer gives rewards to single responses (it is no IPairScorer).");
        PairRequest[] pairs = [.. ComposerSubject.Requests(12).Chunk(2).Select(two => new PairRequest(two[0].Prompt, two[0].Response, two[1].Response))];
        PairRequest[] exchanged = [.. pairs.Select(pair => new PairRequest(pair.Prompt, pair.Second, pair.First))];
        Verdict.Same(
            Numbers.Difference(scorer.Compare(pairs), [.. scorer.Compare(exchanged).Select(odds => -odds)], Close), "six pairs, then with their responses exchanged and the sign turned");
        if (scorer is IOrderedPairScorer ordered)
        {
            var (views, others) = (ordered.CompareOrders(pairs), ordered.CompareOrders(exchanged));
            Verdict.Same(
                Numbers.Difference(
                    [.. views.SelectMany(odds => (double[])[odds.FirstShownFirst, odds.SecondShownFirst])],
                    [.. others.SelectMany(odds => (double[])[-odds.SecondShownFirst, -odds.FirstShownFirst])], Close),
                "both orders of six pairs, then with their responses, the orders and the sign turned");
        }
        if (scorer.Compare([.. pairs.Select(pair => new PairRequest(pair.Prompt, pair.First, pair.First))]).Any(odds => odds != 0))
            throw Verdict.Broken("of two equal responses one is better");
    }

    [Rule("C13", RuleKind.Required, AtEveryOption = true,
        Protects = "Where members disagree a reward is unsure, and reports show it. Members that change places, or come and go, disagree about nothing.",
        Fix = "Let ScoreMembers give each request as many members, in the same order, on the scale on which they are combined; and the reward that Score gives.")]
    public static void An_ensemble_tells_its_members(ComposerSubject subject)
    {
        if (subject.Composed(subject.Given(ComposerSubject.Members(3))) is not IEnsembleScorer ensemble) throw Verdict.NotTested("Its scorer is no IEnsembleScorer.");
        var requests = ComposerSubject.Requests(12);
        var scores = ensemble.ScoreMembers(requests);
        if (scores.Count != requests.Count) throw Verdict.Broken($"for {requests.Count} requests there are {scores.Count} scores");
        if (scores.Select(score => score.Members.Count).Distinct().ToArray() is not [> 0]) throw Verdict.Broken("requests have different numbers of members, or none");
        if (scores.Any(score => score.Members.Any(member => !double.IsFinite(member)))) throw Verdict.Broken("members' rewards are not finite, though those that they are made of are");
        Verdict.Same(Numbers.Difference(ensemble.Score(requests), [.. scores.Select(score => score.Reward)], Close), "Score, then the rewards of ScoreMembers");
        Verdict.Same(
            Numbers.Difference([.. scores.SelectMany(score => score.Members)], [.. requests.SelectMany(request => ensemble.ScoreMembers([request])[0].Members)], Close),
            "the members' rewards for twelve requests at once, then one by one");
    }

    [Rule("C14", RuleKind.Required, AtEveryOption = true,
        Protects = "Places in a response are read as positions in its text: by what shows them, and by what learns from them.",
        Fix = "Let ScoreSteps give each request its places in rising order, each from 0 to the length of the response's last turn, with finite rewards.")]
    public static void Places_lie_in_the_response(ComposerSubject subject)
    {
        if (subject.Composed(subject.Given(ComposerSubject.Members(3))) is not IStepScorer scorer) throw Verdict.NotTested("Its scorer is no IStepScorer.");
        var requests = ComposerSubject.Requests(12);
        var places = scorer.ScoreSteps(requests);
        if (places.Count != requests.Count) throw Verdict.Broken($"for {requests.Count} requests there are {places.Count} lists of places");
        foreach (var (request, of) in requests.Zip(places))
        {
            if (of.Any(place => place.End < 0 || place.End > request.Response.LastContent.Length || !double.IsFinite(place.Reward)))
                throw Verdict.Broken($"a response of {request.Response.LastContent.Length} characters has a place outside of it, or a reward that is not finite");
            if (of.Zip(of.Skip(1)).Any(two => two.Second.End <= two.First.End)) throw Verdict.Broken("places do not rise");
        }
        if (!requests.Zip(places).All(each => scorer.ScoreSteps([each.First])[0].SequenceEqual(each.Second))) throw Verdict.Broken("twelve requests at once have other places or rewards than one by one");
    }
}
