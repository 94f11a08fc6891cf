using RewardKit.Hosting.Generators;

namespace RewardKit.Conformance;

/// <summary>What an <see cref="IAugmenter"/> keeps.</summary>
internal static class AugmenterRules
{
    private const int Long = 100_000;
    private const long Megabyte = 1 << 20;

    [Rule("A01", RuleKind.Required, AtEveryOption = true,
        Protects = "Augmenters chain, and arms are compared on the same originals. One that changes or drops them compares nothing.",
        Fix = "Yield every example that comes in, as it is and in its order; give what you make to new examples only. A method that means to "
            + "replace them says so, Traits = PluginTraits.ReplacesExamples, and gives new ids to all that it makes; one that filters says "
            + "PluginTraits.DropsExamples.")]
    public static void Originals_pass_unchanged(AugmenterSubject subject)
    {
        if (subject.Has(PluginTraits.ReplacesExamples))
        {
            var given = subject.Examples.Select(e => e.Id).ToHashSet();
            if (subject.Run(subject.New(), subject.Examples).Find(e => given.Contains(e.Id)) is { } passed)
                throw Verdict.Broken($"it says that it replaces examples (PluginTraits.ReplacesExamples), but the original {passed.Id} comes out");
            return;
        }
        var output = subject.Run(subject.New(), subject.Examples);
        var at = 0;
        foreach (var original in subject.Examples)
        {
            var place = output.FindIndex(at, e => e.Id == original.Id);
            if (place < 0 && subject.Has(PluginTraits.DropsExamples) && !output.Exists(e => e.Id == original.Id)) continue;
            if (place < 0)
                throw Verdict.Broken(output.Exists(e => e.Id == original.Id)
                    ? $"the original {original.Id} comes before one that stood in front of it" : $"the original {original.Id} is missing");
            if (AugmenterSubject.Show(output[place]) is var shown && shown != AugmenterSubject.Show(original))
                throw Verdict.Broken($"the original {AugmenterSubject.Show(original)} came out as {shown}");
            at = place + 1;
        }
    }

    [Rule("A02", RuleKind.Required, AtEveryOption = true,
        Protects = "Where a training example comes from must be traceable, for licences, for counting, and to keep held-out data apart.",
        Fix = "Give each new example parent.Provenance with { Augmentation = \"…\", Parent = parent.Id }, the parent being the example whose "
            + "responses it uses.")]
    public static void Made_examples_say_where_they_come_from(AugmenterSubject subject)
    {
        var (all, made) = subject.RunAndFindMade();
        var ids = all.Concat(subject.Examples).Select(e => e.Id).ToHashSet();
        var responses = subject.Examples.SelectMany(e => (Conversation[])[e.Chosen, e.Rejected]).ToHashSet();
        foreach (var example in made)
        {
            if (string.IsNullOrWhiteSpace(example.Provenance.Augmentation)) throw Verdict.Broken($"{example.Id} does not say how it was made: its Augmentation is empty");
            if (string.IsNullOrWhiteSpace(example.Provenance.Source)) throw Verdict.Broken($"{example.Id} has no Source");
            if (example.Provenance.Parent is { } parent && !ids.Contains(parent)) throw Verdict.Broken($"{example.Id} names the parent {parent}, which is no example");
            if (example.Provenance.Parent is null && (responses.Contains(example.Chosen) || responses.Contains(example.Rejected)))
                throw Verdict.Broken($"{example.Id} uses a response of an example without naming it as its Parent");
        }
    }

    [Rule("A03", RuleKind.Required,
        Protects = "Datasets are larger than memory and slow to read. What is not asked for must not be read, nor a file be left open.",
        Fix = "Write AugmentAsync as an async iterator with one `await foreach (var example in examples.WithCancellation(cancellation))`.")]
    public static void Reads_when_it_is_asked(AugmenterSubject subject)
    {
        var stream = new ExampleStream(subject.Examples);
        var output = subject.New().AugmentAsync(stream, subject.Context(), default);
        if (stream.Read > 0) throw Verdict.Broken($"{stream.Read} examples were read before anybody asked for the first result");
        foreach (var _ in output.ToBlockingEnumerable()) break;
        if (!stream.IsClosed) throw Verdict.Broken("the stream it reads from stays open after its reader has stopped");
        stream = new(subject.Examples);
        foreach (var _ in subject.New().AugmentAsync(stream, subject.Context(), default).ToBlockingEnumerable())
        {
        }
        if (stream.Readers != 1) throw Verdict.Broken($"the stream was read {stream.Readers} times; a stream can be read once");
    }

    [Rule("A04", RuleKind.Required,
        Protects = "A method that works on a sample must not end with the machine's memory on a whole dataset.",
        Fix = "Yield as you read, and keep no example. A method that must know all of them first says so: Traits = PluginTraits.WholeStream; it "
            + "may then keep what it read and made, but no more.")]
    public static void Memory_stays_bounded(AugmenterSubject subject)
    {
        var whole = subject.Has(PluginTraits.WholeStream);
        var start = Live();
        var most = 0L;
        void Look(int number)
        {
            if (number % 50_000 == 49_999) most = Math.Max(most, Live() - start);
        }
        var stream = new ExampleStream(Enumerable.Range(0, Long).Select(i => SyntheticPairs.One(i, 1, "conformance"))) { Reading = Look };
        var made = 0;
        foreach (var _ in subject.New().AugmentAsync(stream, subject.Context(), default).ToBlockingEnumerable())
            Look(made++);
        // An example of the kit's takes 1.3 KB.
        var allowed = whole ? 4 * Math.Max(Long, made) * 1300L : 32 * Megabyte;
        if (most > allowed)
            throw Verdict.Broken($"over {Long} examples its memory grew by {most / Megabyte} MB; {allowed / Megabyte} MB are allowed"
                + (whole ? " to one that keeps all examples" : ""));
    }

    [Rule("A05", RuleKind.Required,
        Protects = "A held-out prompt that slips into training makes every number of the experiment worthless, and nobody sees it.",
        Fix = "Use only the examples of this call. Keep no pool of prompts in a field, a static or a file.")]
    public static void Test_prompts_stay_out(AugmenterSubject subject)
    {
        var heldOut = SyntheticPairs.Draw(40, seed: 2, "conformance/test");
        var texts = heldOut.SelectMany(e => (Conversation[])[e.Prompt, e.Chosen, e.Rejected]).ToHashSet();
        var augmenter = subject.New();
        subject.Run(augmenter, heldOut);
        foreach (var example in subject.Run(augmenter, subject.Examples).Concat(subject.Run(subject.New(), subject.Examples)))
            if (texts.Contains(example.Prompt) || texts.Contains(example.Chosen) || texts.Contains(example.Rejected))
                throw Verdict.Broken($"after it augmented held-out examples, {example.Id} of the training examples has a text of theirs: {example.Prompt}");
    }

    [Rule("A06", RuleKind.Required,
        Protects = "Runs are killed. Begun again they must give what they would have given, not less and nothing twice.",
        Fix = "Keep nothing of a run outside the call. What is dear to make belongs in a file that is written beside and renamed, and found "
            + "again by its content.")]
    public static void Interrupted_it_can_begin_again(AugmenterSubject subject)
    {
        var augmenter = subject.New();
        var expected = subject.Run(augmenter, subject.Examples);
        foreach (var stop in (int[])[1, expected.Count / 2])
        {
            var context = subject.Context();
            foreach (var _ in augmenter.AugmentAsync(new ExampleStream(subject.Examples), context, default).ToBlockingEnumerable().Take(stop))
            {
            }
            var again = subject.Run(augmenter, subject.Examples);
            if (again.Count != expected.Count) throw Verdict.Broken($"begun again after {stop} results, it gave {again.Count} instead of {expected.Count}");
            foreach (var (first, second) in expected.Zip(again))
                if (AugmenterSubject.Show(first) != AugmenterSubject.Show(second))
                    throw Verdict.Broken($"begun again after {stop} results, it gave {AugmenterSubject.Show(second)} instead of {AugmenterSubject.Show(first)}");
        }
    }

    [Rule("A07", RuleKind.Required, AtEveryOption = true,
        Protects = "Scores, caches and reports find an example by its id. Two with the same id are taken for one.",
        Fix = "Make the id of the parent's, the method's name and a number that tells its children apart.")]
    public static void Ids_are_unique(AugmenterSubject subject)
    {
        var seen = new HashSet<string>();
        foreach (var example in subject.Run(subject.New(), subject.Examples))
            if (!seen.Add(example.Id)) throw Verdict.Broken($"two examples have the id {example.Id}");
    }

    [Rule("A08", RuleKind.Required, AtEveryOption = true,
        Protects = "The host has a baseline, a text generator and language models only for an augmenter that needs them. One that reads them without a need ends the experiment.",
        Fix = "Say so in Needs: AugmenterNeeds.Baseline, AugmenterNeeds.Generator, AugmenterNeeds.Writer, AugmenterNeeds.Policies, where the options make it "
            + "necessary; and name in Policies each language model beside the one that the run starts from.")]
    public static void Reads_only_what_it_needs(AugmenterSubject subject)
    {
        var augmenter = subject.New();
        var needs = augmenter.Needs;
        if (augmenter.Policies.Count > 0 && !needs.HasFlag(AugmenterNeeds.Policies))
            throw Verdict.Broken($"it names the policy \"{augmenter.Policies[0]}\", but its Needs do not name AugmenterNeeds.Policies");
        if (needs == (AugmenterNeeds.Baseline | AugmenterNeeds.Generator | AugmenterNeeds.Writer | AugmenterNeeds.Policies)) throw Verdict.NotTested("It needs all there is.");
        var context = new AugmentationContext(
            5, needs.HasFlag(AugmenterNeeds.Baseline) ? subject.Baseline : null, (_, _) => { }, needs.HasFlag(AugmenterNeeds.Generator) ? subject.Generator : null,
            needs.HasFlag(AugmenterNeeds.Writer) ? subject.Writer : null, needs.HasFlag(AugmenterNeeds.Policies) ? subject.Policies(subject.Policy) : null);
        try
        {
            foreach (var _ in augmenter.AugmentAsync(new ExampleStream(subject.Examples), context, default).ToBlockingEnumerable())
            {
            }
        }
        catch (Exception e) when (e.TargetSite is { DeclaringType: { } type } read && type == typeof(AugmentationContext))
        {
            throw Verdict.Broken($"it reads context.{read.Name.Replace("get_", "", StringComparison.Ordinal)}, which its Needs do not name");
        }
    }

    [Rule("A09", RuleKind.Required,
        Protects = "A filter upstream may leave nothing. That is no reason to end with an exception that explains nothing.",
        Fix = "Let the loop run zero times; or refuse it in words with RewardKitException.Input.")]
    public static void Nothing_comes_of_nothing(AugmenterSubject subject)
    {
        try
        {
            if (subject.Run(subject.New(), []) is { Count: > 0 } made) throw Verdict.Broken($"of no examples it made {made.Count}");
        }
        catch (RewardKitException)
        {
            // Refused in words.
        }
    }

    [Rule("A10", RuleKind.Optional,
        Protects = "A baseline is a whole training run, a text generator is money or a GPU, and a policy is a language model that must be loaded.",
        Fix = "Let Needs and Policies follow the options.")]
    public static void Reads_all_that_it_needs(AugmenterSubject subject)
    {
        var needs = subject.New().Needs;
        if (needs == AugmenterNeeds.None) throw Verdict.NotTested("It needs nothing but data.");
        var baseline = new ScriptedScorer("counting", request => subject.Baseline.Score([request])[0]);
        var (generator, writer) = (ScriptedGenerators.Counting(subject.Generator), ScriptedGenerators.Counting(subject.Writer));
        var policies = subject.Policies(name => new ScriptedPolicy(name, request => subject.Policy(name).LogProbs([request])[0]));
        var context = subject.Context(baseline: baseline, generator: generator, writer: writer, policy: name => policies[name]);
        foreach (var _ in subject.New().AugmentAsync(new ExampleStream(subject.Examples), context, default).ToBlockingEnumerable())
        {
        }
        if (needs.HasFlag(AugmenterNeeds.Baseline) && baseline.Asked == 0) throw Verdict.Broken("it needs a baseline, but never asks it");
        if (needs.HasFlag(AugmenterNeeds.Generator) && generator.Asked == 0) throw Verdict.Broken("it needs a text generator, but never asks it");
        if (needs.HasFlag(AugmenterNeeds.Writer) && writer.Asked == 0) throw Verdict.Broken("it needs what the starting model writes, but never asks for it");
        if (!needs.HasFlag(AugmenterNeeds.Policies)) return;
        // The starting model comes with the others: one that names others need not ask it.
        var named = subject.New().Policies is { Count: > 0 } names ? names : [AugmentationContext.Start];
        if (named.FirstOrDefault(name => ((ScriptedPolicy)policies[name]).Asked == 0) is { } silent) throw Verdict.Broken($"it needs the policy \"{silent}\", but never asks it");
    }

    [Rule("A11", RuleKind.Optional,
        Protects = "A report shows how much was made, kept and dropped, so that a filter that drops everything is noticed.",
        Fix = "Call context.Count(\"method.made\", n) and the like when the stream ends.")]
    public static void Says_how_much_it_made(AugmenterSubject subject)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        subject.RunAndFindMade();
        subject.Run(subject.New(), subject.Examples, counts: counts);
        if (counts.Count == 0) throw Verdict.Broken("it made examples, but counted none");
    }

    [Rule("A12", RuleKind.Untested,
        Protects = "Examples may be made by all the rules and still teach the wrong thing.",
        Fix = "Read fifty of them; compare their number and kind with the paper's tables.")]
    public static void Made_examples_are_what_the_paper_means(AugmenterSubject subject) =>
        throw Verdict.NotTested("A kit cannot read examples as a person does.");

    [Rule("A13", RuleKind.Required, AtEveryOption = true,
        Protects = "Labels of steps are places in a text. Beside another text they teach a process reward model nonsense.",
        Fix = "Where a response is changed, set its ChosenSteps or RejectedSteps to null, or to the labels of the new text; where responses change places, so do their labels.")]
    public static void Labels_of_steps_are_those_of_the_text(AugmenterSubject subject)
    {
        var given = subject.Examples.SelectMany(e => ((Conversation, StepLabels?)[])[(e.Chosen, e.ChosenSteps), (e.Rejected, e.RejectedSteps)])
            .Where(side => side.Item2 is { Count: > 0 }).Select(side => (Text: side.Item1.LastContent, Steps: side.Item2!)).ToLookup(side => side.Steps, side => side.Text);
        foreach (var example in subject.RunAndFindMade().Made)
            foreach (var (text, steps) in new[] { (example.Chosen.LastContent, example.ChosenSteps), (example.Rejected.LastContent, example.RejectedSteps) })
            {
                if (steps is not { Count: > 0 }) continue;
                var end = steps[^1].End;
                if (end > text.Length) throw Verdict.Broken($"{example.Id} has a label at {end} of a response of {text.Length} characters");
                if (given.Contains(steps) && !given[steps].Any(other => other.AsSpan(0, end).SequenceEqual(text.AsSpan(0, end))))
                    throw Verdict.Broken($"{example.Id} has the labels of \"{given[steps].First()}\" beside another text, \"{text}\"");
            }
    }

    private static long Live()
    {
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: false);
    }
}
