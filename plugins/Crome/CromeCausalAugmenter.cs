using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RewardKit.Plugins.Crome;

/// <summary>
/// The causal rows of Crome (Srivastava et al., "Robust Reward Modeling via Causal Rubrics", arXiv:2506.16507). For each
/// original pair an oracle names what makes an answer to its question good, and what decides each of these attributes. It
/// then makes the chosen answer worse, and the rejected one better, in one attribute at a time; the better text wins. Rewrites
/// that the oracle itself does not pass, and rows that the baseline already judges right, are dropped.
/// </summary>
[Augmenter("crome-causal", Paper = "arXiv:2506.16507")]
public sealed class CromeCausalAugmenter : IAugmenter
{
    private const string Up = "causal_up", Down = "causal_down";

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly CromeCausalOptions _options;
    private readonly Prompts _prompts;

    /// <summary>Makes the augmenter.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The settings leave no kind of row, or a prompt cannot be used.</exception>
    public CromeCausalAugmenter(CromeCausalOptions options)
    {
        if (options is { Upgrade: false, Degrade: false })
            throw RewardKitException.Input("crome-causal: upgrade and degrade are both off, which leaves no rows to make; leave one on.");
        _options = options;
        _prompts = new(options.Prompts);
    }

    /// <inheritdoc/>
    public AugmenterNeeds Needs => AugmenterNeeds.Generator | ConfidenceFilter.Needs(_options.FilterThreshold);

    /// <inheritdoc/>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var seed = _options.Seed ?? context.Seed;
        var tally = new Tally("causal");
        var oracle = new Oracle(context.Generator, _options, seed, tally);
        var pairs = new List<PreferenceExample>();
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            yield return example;
            if (!IsTaken(example, seed, tally)) continue;
            pairs.Add(example);
            if (pairs.Count < Oracle.PairsAtOnce) continue;
            foreach (var row in await MakeRowsAsync(pairs, oracle, tally, context, cancellation)) yield return row;
            pairs.Clear();
        }
        foreach (var row in await MakeRowsAsync(pairs, oracle, tally, context, cancellation)) yield return row;
        tally.Report(context);
    }

    private bool IsTaken(PreferenceExample example, int seed, Tally tally)
    {
        if (example.Relation != Relation.Preferred || example.Provenance.Augmentation is not null) return false;
        var reason = Seeds.Chance(seed, example.Id, "share") >= _options.Share ? "pairs.not-sampled"
            : example is { Chosen.Messages.Length: 1, Rejected.Messages.Length: 1 } ? "pairs" : "pairs.of-several-turns";
        tally.Add(reason);
        return reason == "pairs";
    }

    private async Task<IReadOnlyList<PreferenceExample>> MakeRowsAsync(
        List<PreferenceExample> pairs, Oracle oracle, Tally tally, AugmentationContext context, CancellationToken cancellation)
    {
        if (pairs.Count == 0) return [];
        var attributes = await NameAttributesAsync(pairs, oracle, cancellation);
        var causes = await NameElementsAsync(attributes, oracle, cancellation);
        var rewrites = await RewriteAsync(causes, oracle, cancellation);
        if (_options.Verify) rewrites = await VerifyAsync(rewrites, oracle, tally, cancellation);
        PreferenceExample[] made = [.. rewrites.Select(Row)];
        var kept = ConfidenceFilter.Filter(made, _options.FilterThreshold, context, cancellation);
        foreach (var kind in (string[])[Up, Down])
        {
            int Count(IEnumerable<PreferenceExample> rows) => rows.Count(row => row.Provenance.Augmentation == kind);
            tally.Add($"{kind[7..]}.made", Count(made));
            tally.Add($"{kind[7..]}.kept", Count(kept));
            tally.Add($"{kind[7..]}.dropped", Count(made) - Count(kept));
        }
        return kept;
    }

    private async Task<List<Cause>> NameAttributesAsync(List<PreferenceExample> pairs, Oracle oracle, CancellationToken cancellation)
    {
        var named = await oracle.AskAsync<IReadOnlyList<WeightedAttribute>>("attributes", [.. pairs.Select(pair => new Question<IReadOnlyList<WeightedAttribute>>(
            pair.Id,
            _prompts.Fill("attributes", ("question", Prompts.Show(pair.Prompt)), ("response_1", pair.Chosen.LastContent),
                ("response_2", pair.Rejected.LastContent), ("count", Number(_options.Attributes))),
            text => Answers.Attributes(text, _options.Attributes)))], cancellation);
        var lists = pairs.Zip(named).Where(p => p.Second is not null).Select(p => (Pair: p.First, Attributes: p.Second!)).ToArray();
        if (_options.Review)
        {
            var reviewed = await oracle.AskAsync<IReadOnlyList<WeightedAttribute>>("review", [.. lists.Select(list => new Question<IReadOnlyList<WeightedAttribute>>(
                list.Pair.Id,
                _prompts.Fill("review", ("question", Prompts.Show(list.Pair.Prompt)), ("attributes", Json(list.Attributes)), ("count", Number(_options.Attributes))),
                text => Answers.Attributes(text, _options.Attributes)))], cancellation);
            // Where the review comes to nothing, what was reviewed still stands.
            lists = [.. lists.Zip(reviewed, (list, better) => (list.Pair, better ?? list.Attributes))];
        }
        return [.. lists.SelectMany(list => list.Attributes.Select((attribute, i) => new Cause(list.Pair, i + 1, attribute.Name, "")))];
    }

    private async Task<List<Cause>> NameElementsAsync(List<Cause> causes, Oracle oracle, CancellationToken cancellation)
    {
        var named = await oracle.AskAsync<IReadOnlyList<CausalElement>>("elements", [.. causes.Select(cause => new Question<IReadOnlyList<CausalElement>>(
            cause.Key,
            _prompts.Fill("elements", ("question", cause.Question), ("accepted", cause.Pair.Chosen.LastContent),
                ("rejected", cause.Pair.Rejected.LastContent), ("attribute", cause.Attribute), ("count", Number(_options.Elements))),
            text => Answers.Elements(text, cause.Attribute, _options.Elements)))], cancellation);
        return [.. causes.Zip(named).Where(p => p.Second is not null).Select(p =>
            p.First with { Elements = string.Join('\n', p.Second!.Select(e => $"- {e.Name}: {e.Impact}")) })];
    }

    private async Task<List<Rewrite>> RewriteAsync(List<Cause> causes, Oracle oracle, CancellationToken cancellation)
    {
        (Cause Cause, string Kind)[] tasks = [.. causes.SelectMany(cause => Kinds.Select(kind => (cause, kind)))];
        var written = await oracle.AskAsync<string>("rewrites", [.. tasks.Select(task => new Question<string>(
            $"{task.Cause.Key}\n{task.Kind}",
            _prompts.Fill(task.Kind == Up ? "upgrade" : "degrade", ("question", task.Cause.Question), ("answer", Original(task.Cause, task.Kind)),
                ("attribute", task.Cause.Attribute), ("elements", task.Cause.Elements)),
            text => Answers.Rewrite(text, Original(task.Cause, task.Kind))))], cancellation);
        return [.. tasks.Zip(written).Where(p => p.Second is not null).Select(p => new Rewrite(p.First.Cause, p.First.Kind, p.Second!))];
    }

    private async Task<List<Rewrite>> VerifyAsync(List<Rewrite> rewrites, Oracle oracle, Tally tally, CancellationToken cancellation)
    {
        var verdicts = await oracle.AskAsync<string>("verdicts", [.. rewrites.Select(rewrite => new Question<string>(
            $"{rewrite.Cause.Key}\n{rewrite.Kind}",
            _prompts.Fill("verify", ("question", rewrite.Cause.Question), ("original", Original(rewrite.Cause, rewrite.Kind)), ("rewrite", rewrite.Text),
                ("attribute", rewrite.Cause.Attribute), ("elements", rewrite.Cause.Elements), ("direction", rewrite.Kind == Up ? "better" : "worse")),
            Answers.Verdict))], cancellation);
        tally.Add("verdicts.fail", verdicts.Count(v => v == "Fail"));
        return [.. rewrites.Where((_, i) => verdicts[i] == "Pass")];
    }

    private string[] Kinds => [.. _options.Upgrade ? [Up] : (string[])[], .. _options.Degrade ? [Down] : (string[])[]];

    // The attribute's number tells rows of a pair apart whatever its name is.
    private static PreferenceExample Row(Rewrite rewrite)
    {
        var (pair, text) = (rewrite.Cause.Pair, Conversation.Assistant(rewrite.Text));
        var (better, worse) = rewrite.Kind == Up ? (text, pair.Rejected) : (pair.Chosen, text);
        return new(
            $"{pair.Id}+{rewrite.Kind}{rewrite.Cause.Number}", pair.Prompt, better, worse,
            pair.Provenance with { Augmentation = rewrite.Kind, Attribute = rewrite.Cause.Attribute, Parent = pair.Id });
    }

    private static string Original(Cause cause, string kind) => (kind == Up ? cause.Pair.Rejected : cause.Pair.Chosen).LastContent;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Json(IEnumerable<WeightedAttribute> attributes) =>
        new JsonObject(attributes.Select(a => KeyValuePair.Create(a.Name, (JsonNode?)JsonValue.Create(a.Weight)))).ToJsonString(Readable);

    /// <summary>An attribute of a pair's question, and what decides it.</summary>
    private sealed record Cause(PreferenceExample Pair, int Number, string Attribute, string Elements)
    {
        public string Key => $"{Pair.Id}\n{Number}";

        public string Question => Prompts.Show(Pair.Prompt);
    }

    private sealed record Rewrite(Cause Cause, string Kind, string Text);
}
