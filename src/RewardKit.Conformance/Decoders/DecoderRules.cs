namespace RewardKit.Conformance;

/// <summary>What an <see cref="IDecoder"/> keeps.</summary>
internal static class DecoderRules
{
    [Rule("D01", RuleKind.Required, AtEveryOption = true,
        Protects = "Answers are matched with their prompts by place. One too few or in another order, and every score belongs to something else.",
        Fix = "Return one GeneratedText for each request, in the order of the requests; context.Generate does.")]
    public static void One_answer_for_each_request(DecoderSubject subject)
    {
        var answers = subject.Decode(subject.Greedy);
        if (answers.Count != 5) throw Verdict.Broken($"for 5 requests there are {answers.Count} answers");
        if (subject.Make() is IDecoder none && none.Decode([], subject.Context(subject.Greedy), CancellationToken.None) is { Count: > 0 } more)
            throw Verdict.Broken($"for no request there are {more.Count} answers");
        foreach (var (i, answer) in answers.Index())
            if (answer.Ids.Count != answer.LogProbs.Count)
                throw Verdict.Broken($"answer {i + 1} has {answer.Ids.Count} tokens and {answer.LogProbs.Count} log-probabilities");
    }

    [Rule("D02", RuleKind.Required, AtEveryOption = true,
        Protects = "The sum of probabilities must be one. A score that is not a number, or infinite, makes of the distribution something else: the "
            + "run stops, or, worse, one token is always taken.",
        Fix = "Offer scores in the log domain, finite or −infinity, at least one of them finite. Where a weight meets a log-probability of "
            + "−infinity, 0 × −∞ is NaN: use torch.where, or leave what has weight 0 out.")]
    public static void Probabilities_sum_to_one(DecoderSubject subject)
    {
        foreach (var weight in (double[])[0, 1, 1000])
        {
            var recorded = new RecordedDecoding(subject.Context(subject.Sampled));
            try
            {
                subject.Decode(subject.Sampled, weight, recorded);
            }
            catch (Exception e) when (recorded.Offers.Any(offer => IsWrong(offer.Scores)) && e is not OperationCanceledException)
            {
                // The host refuses such scores itself; what the rule offered says more than where it was noticed.
            }
            if (recorded.Offers.FirstOrDefault(offer => IsWrong(offer.Scores)) is { } wrong)
                throw Verdict.Broken(
                    $"with weight {Numbers.Show(weight)}, after {wrong.Tokens.Length} tokens, the scores have {wrong.Scores.Count(double.IsNaN)} NaN, "
                    + $"{wrong.Scores.Count(double.IsPositiveInfinity)} infinite and {wrong.Scores.Count(double.IsFinite)} finite numbers");
        }

        static bool IsWrong(double[] scores) => scores.Any(s => double.IsNaN(s) || double.IsPositiveInfinity(s)) || !scores.Any(double.IsFinite);
    }

    [Rule("D03", RuleKind.Required, AtEveryOption = true,
        Protects = "A weight of zero is the first thing that anyone compares with. If it is not the base model, no curve over the weight begins where it should.",
        Fix = "Multiply all that steers by step.Weights (or by the request's weights), and add it to the base's own scores; choose the first of equals.")]
    public static void Weight_zero_is_the_base_model(DecoderSubject subject)
    {
        foreach (var options in (GenerationOptions[])[subject.Greedy, subject.Sampled])
        {
            var answers = subject.Decode(options, weight: 0);
            var requests = subject.Requests((IDecoder)subject.Make(), 0);
            var alone = subject.Base.Generate([.. requests.Select(r => r.Prompt)], options, [.. requests.Select(r => r.Seed)]);
            for (var i = 0; i < alone.Count; i++)
                if (!answers[i].Ids.SequenceEqual(alone[i].Ids))
                    throw Verdict.Broken($"at temperature {Numbers.Show(options.Temperature)}, answer {i + 1} with every weight zero is \"{answers[i].Text}\", and the base model alone says \"{alone[i].Text}\"");
        }
    }

    [Rule("D04", RuleKind.Required,
        Protects = "A large weight must steer. A decoder that never looks at its guides passes every comparison with the base model.",
        Fix = "Let step.Weights, times what steers, enter the scores.")]
    public static void A_large_weight_changes_the_answers(DecoderSubject subject)
    {
        if (((IDecoder)subject.Make()).Needs == DecoderNeeds.None) throw Verdict.NotTested("Nothing steers this decoder: it needs the base model alone.");
        if (subject.Decode(subject.Sampled, weight: 0).Zip(subject.Decode(subject.Sampled, weight: 50)).All(pair => pair.First.Ids.SequenceEqual(pair.Second.Ids)))
            throw Verdict.Broken("all answers are the same with weight 0 and with weight 50");
    }

    [Rule("D05", RuleKind.Required, AtEveryOption = true,
        Protects = "A prompt's answer must not depend on the prompts that happen to be answered beside it.",
        Fix = "Let each row's scores depend on that row alone, and draw from the request's own seed.")]
    public static void A_batch_gives_each_row_what_it_gets_alone(DecoderSubject subject)
    {
        foreach (var options in (GenerationOptions[])[subject.Greedy, subject.Sampled])
        {
            var together = subject.Decode(options);
            for (var i = 0; i < together.Count; i++)
                if (subject.Decode(options, requests: i..(i + 1)) is [var alone] && !alone.Ids.SequenceEqual(together[i].Ids))
                    throw Verdict.Broken($"at temperature {Numbers.Show(options.Temperature)}, answer {i + 1} is \"{together[i].Text}\" among five, and \"{alone.Text}\" alone");
        }
    }

    [Rule("D06", RuleKind.Required,
        Protects = "An end that is passed over gives the next turn of the dialogue as part of the answer.",
        Fix = "Give context.Options, or a copy with other lengths, to context.Generate, and return its texts as they are.")]
    public static void Stops(DecoderSubject subject)
    {
        var free = subject.Decode(subject.Greedy);
        // A token that the free answers have in their middle.
        var stop = free.SelectMany(answer => answer.Ids.Skip(2).Take(4)).GroupBy(id => id).OrderByDescending(group => group.Count()).First().Key;
        foreach (var (i, answer) in subject.Decode(subject.Greedy with { StopTokens = [stop] }).Index())
        {
            if (answer.Ids.SkipLast(1).Contains(stop)) throw Verdict.Broken($"answer {i + 1} goes on after its stop token {stop}");
            // The base's own end ends it as well.
            if (subject.Base.EndTokens.Append(stop).Contains(answer.Ids.LastOrDefault()) != (answer.Finish == FinishReason.StopToken))
                throw Verdict.Broken($"answer {i + 1} ends with token {answer.Ids.LastOrDefault()} (the stop token is {stop}), and says that it ended by {answer.Finish}");
        }
        var words = free.Select(answer => answer.Text).FirstOrDefault(text => text.Length > 3)?.Substring(1, 2);
        if (words is null) return;
        foreach (var (i, answer) in subject.Decode(subject.Greedy with { StopStrings = [words] }).Index())
            if (answer.Text.Contains(words, StringComparison.Ordinal)) throw Verdict.Broken($"answer {i + 1} is \"{answer.Text}\", which holds the stop string \"{words}\"");
    }

    [Rule("D07", RuleKind.Required, AtEveryOption = true,
        Protects = "Whoever asks for 128 tokens compares methods at 128 tokens, and has planned memory and time for them.",
        Fix = "Hand context.Options.MaxTokens on; where a method generates in parts, let the parts sum to it.")]
    public static void Respects_the_most_tokens(DecoderSubject subject)
    {
        foreach (var most in (int[])[1, 7])
            foreach (var (i, answer) in subject.Decode(subject.Greedy with { MaxTokens = most, IgnoreEndTokens = true }).Index())
                if (answer.Ids.Count != most)
                    throw Verdict.Broken($"with MaxTokens {most} and no end, answer {i + 1} has {answer.Ids.Count} tokens");
    }

    [Rule("D08", RuleKind.Required,
        Protects = "Divergence from the base model, and every estimate by importance, is computed from the log-probabilities that a decoder reports.",
        Fix = "Return the texts of context.Generate as they are: their log-probabilities are those of the offered scores.")]
    public static void Log_probabilities_are_true(DecoderSubject subject)
    {
        var recorded = new RecordedDecoding(subject.Context(subject.Sampled));
        var answers = subject.Decode(subject.Sampled, context: recorded);
        var requests = subject.Requests((IDecoder)subject.Make(), 1);
        foreach (var (i, answer) in answers.Index())
        {
            for (var at = 0; at < answer.Ids.Count;)
            {
                var offers = Offered(recorded, requests[i].Prompt, answer.Ids, at).ToArray();
                if (offers.Length == 0)
                    throw Verdict.Broken($"answer {i + 1} has token {answer.Ids[at]} in place {at + 1}, which no rule offered there");
                var place = at;
                var taken = Array.FindIndex(offers, offer => Numbers.AreClose(answer.LogProbs[place], offer.LogProb, 1e-4));
                if (taken < 0)
                    throw Verdict.Broken($"token {at + 1} of answer {i + 1} is reported with log-probability {Numbers.Show(answer.LogProbs[at])}; by the scores offered it has {Numbers.Show(offers[0].LogProb)}");
                at += offers[taken].Length;
            }
        }
    }

    [Rule("D09", RuleKind.Required,
        Protects = "The host brings the models that Needs names. A decoder that uses more stops in the middle of its work.",
        Fix = "Name it in Needs.")]
    public static void Uses_only_what_it_needs(DecoderSubject subject)
    {
        var decoder = (IDecoder)subject.Make();
        try
        {
            decoder.Decode(subject.Requests(decoder, 1), subject.Context(subject.Greedy, decoder.Needs), CancellationToken.None);
        }
        catch (Exception e) when (e is RewardKitException or ArgumentException or IndexOutOfRangeException)
        {
            throw Verdict.Broken($"with just {decoder.Needs}: {e.Message}");
        }
    }

    [Rule("D10", RuleKind.Optional,
        Protects = "A guide of weight zero should cost nothing: weights are switched off to save time.",
        Fix = "Leave out what has weight zero in every row: ask step.Logits of a guide only where a weight is positive.")]
    public static void Weight_zero_asks_no_other_model(DecoderSubject subject)
    {
        var recorded = new RecordedDecoding(subject.Context(subject.Greedy));
        subject.Decode(subject.Greedy, weight: 0, context: recorded);
        if (recorded.Asked > 0) throw Verdict.Broken($"with every weight zero, other models were asked {recorded.Asked} times");
    }

    [Rule("D11", RuleKind.Untested,
        Protects = "A steered answer should be better by what steers it.",
        Fix = "Measure reward against divergence from the base model on real models, over the weight.")]
    public static void Steers_towards_better_answers(DecoderSubject subject) => throw Verdict.NotTested("The kit's models have random weights.");

    // What was offered at this place, with the log-probability that the scores give to what was taken. Several rows of one
    // prompt may stand there with the same tokens, each with what it drew for itself.
    private static IEnumerable<(double LogProb, int Length)> Offered(RecordedDecoding recorded, Conversation prompt, IReadOnlyList<int> ids, int at)
    {
        foreach (var offer in recorded.Offers.Where(offer => offer.Tokens.Length == at && offer.Prompt.Equals(prompt) && offer.Tokens.SequenceEqual(ids.Take(at))))
        {
            var most = offer.Scores.Max();
            var total = most + Math.Log(offer.Scores.Sum(score => Math.Exp(score - most)));
            if (offer.Among is not { } among)
            {
                yield return (offer.Scores[ids[at]] - total, 1);
                continue;
            }
            for (var choice = 0; choice < among.Count; choice++)
                if (among[choice].Take(ids.Count - at).SequenceEqual(ids.Skip(at).Take(among[choice].Length))) yield return (offer.Scores[choice] - total, among[choice].Length);
        }
    }
}
