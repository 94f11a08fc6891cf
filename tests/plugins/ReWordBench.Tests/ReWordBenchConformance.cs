using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class ReWordBenchConformance : EvaluatorConformance, IDisposable
{
    private readonly Rows _rows = new(Enumerable.Range(0, 115).Select(i => Rows.Row(i, Rows.Published[i % 23].Subset)));

    protected override double? ConstantScorerGets => 0;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["data"] = _rows.Path };

    protected override IReadOnlyList<PreferenceExample> Pairs => [.. File.ReadLines(_rows.Path).Select((line, i) =>
    {
        var row = JsonDocument.Parse(line).RootElement;
        string Text(string name) => row.GetProperty(name).GetString()!;
        return new PreferenceExample($"{i}", Conversation.User(Text("prompt")), Conversation.Assistant(Text("chosen")), Conversation.Assistant(Text("rejected")), new(Text("subset"), i + 1));
    })];

    protected override IEvaluator Create() => new ReWordBenchEvaluator(new() { Data = _rows.Path });

    protected override IScorer Perfect(IReadOnlyList<PreferenceExample> pairs) => ScriptedScorers.Perfect(WithRewritten(pairs));

    protected override IScorer Reversed(IReadOnlyList<PreferenceExample> pairs) => ScriptedScorers.Reversed(WithRewritten(pairs));

    public void Dispose() => _rows.Dispose();

    // As the evaluator makes them: both lists of transformations, every similarity, the kit's seed.
    private static PreferenceExample[] WithRewritten(IReadOnlyList<PreferenceExample> pairs) => Rewritings.Of(pairs, p => RewardBenchRows.KindOf(p.Provenance.Source));
}

public sealed class ReWordPairsConformance : EvaluatorConformance
{
    protected override double? ConstantScorerGets => 0;

    protected override IReadOnlyList<PreferenceExample> Pairs => SyntheticPairs.Draw(200, seed: 1);

    protected override IEvaluator Create() => new ReWordPairsEvaluator(new());

    protected override IScorer Perfect(IReadOnlyList<PreferenceExample> pairs) => ScriptedScorers.Perfect(WithRewritten(pairs));

    protected override IScorer Reversed(IReadOnlyList<PreferenceExample> pairs) => ScriptedScorers.Reversed(WithRewritten(pairs));

    private static PreferenceExample[] WithRewritten(IReadOnlyList<PreferenceExample> pairs) =>
        [.. pairs, .. Enum.GetValues<RowKind>().SelectMany(kind => Rewritings.Of(pairs, _ => kind))];
}

internal static class Rewritings
{
    private const int KitSeed = 5;

    public static PreferenceExample[] Of(IReadOnlyList<PreferenceExample> pairs, Func<PreferenceExample, RowKind> kind)
    {
        SourceRow[] rows = [.. pairs.Where(p => p.Relation == Relation.Preferred).Select(p => new SourceRow(p, kind(p)))];
        return
        [
            .. rows.Select(r => r.Pair),
            .. from set in Enum.GetValues<TransformationSet>()
               from transformation in Transformations.Of(set)
               where transformation.Apply is not null
               from similarity in new[] { 0, 0.7, 1 }
               from made in new Rewriter(KitSeed, similarity).Apply(transformation, rows).Rows
               select made.Pair,
        ];
    }
}
