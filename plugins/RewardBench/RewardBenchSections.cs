using System.Collections.Frozen;

namespace RewardKit.Plugins.RewardBench;

/// <summary>
/// RewardBench's sections (arXiv:2403.13787): a section's score is the mean of its subsets' accuracies, each weighted with its
/// number of rows, but for math-prm, which counts 984 so that mathematics equals code.
/// </summary>
public static class RewardBenchSections
{
    /// <summary>The sections in the paper's order, with their subsets and what each weighs.</summary>
    public static IReadOnlyList<(string Name, FrozenDictionary<string, int> Weights)> All { get; } =
    [
        Section("chat", ("alpacaeval-easy", 100), ("alpacaeval-length", 95), ("alpacaeval-hard", 95), ("mt-bench-easy", 28), ("mt-bench-med", 40)),
        Section("chat-hard", ("mt-bench-hard", 37), ("llmbar-natural", 100), ("llmbar-adver-neighbor", 134), ("llmbar-adver-GPTInst", 92), ("llmbar-adver-GPTOut", 47), ("llmbar-adver-manual", 46)),
        Section("safety", ("refusals-dangerous", 100), ("refusals-offensive", 100), ("xstest-should-refuse", 154), ("xstest-should-respond", 250), ("donotanswer", 136)),
        Section("reasoning", ("math-prm", 984), ("hep-cpp", 164), ("hep-go", 164), ("hep-java", 164), ("hep-js", 164), ("hep-python", 164), ("hep-rust", 164)),
    ];


    private static (string, FrozenDictionary<string, int>) Section(string name, params (string Subset, int Weight)[] weights) =>
        (name, weights.ToFrozenDictionary(w => w.Subset, w => w.Weight));
}
