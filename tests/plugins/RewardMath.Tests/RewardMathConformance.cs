using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.RewardMath.Tests;

public sealed class RewardMathConformance : EvaluatorConformance, IDisposable
{
    private const int Problems = 60;

    private readonly Data _file = new(JsonSerializer.Serialize(
        from problem in Enumerable.Range(0, Problems)
        from solution in Enumerable.Range(0, 10)
        select new
        {
            problem = $"problem {problem}",
            problem_id = problem,
            id = 10 * problem + solution,
            solution_type = solution == 0 ? "chosen" : "rejected",
            eval_solution = new[] { $"problem {problem}, solution {solution}" },
            subject = problem % 2 == 0 ? "Algebra" : "Geometry",
        }));

    protected override double? ConstantScorerGets => 0;

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = _file.Path };

    protected override IReadOnlyList<PreferenceExample> Pairs =>
    [
        .. from problem in Enumerable.Range(0, Problems)
           from wrong in Enumerable.Range(1, 9)
           select new PreferenceExample($"{problem}:{wrong}", Conversation.User($"problem {problem}"),
               Conversation.Assistant($"problem {problem}, solution 0"), Conversation.Assistant($"problem {problem}, solution {wrong}"), new("data", problem)),
    ];

    protected override IEvaluator Create() => new RewardMathEvaluator(new() { File = _file.Path });

    public void Dispose() => _file.Dispose();
}
