namespace RewardKit.Training.Data;

/// <summary>How a file of pairs is read.</summary>
public sealed record PairReading
{
    /// <summary>Where in a record things are.</summary>
    public PairColumns Columns { get; init; } = new();

    /// <summary>Which pairs are made of several responses to a prompt.</summary>
    public Pairing Pairing { get; init; } = Pairing.All;

    /// <summary>
    /// Reads the prompts alone, each once: examples whose responses are empty (<see cref="PromptRecords.HasResponses"/>), for
    /// augmenters that have them answered.
    /// </summary>
    public bool PromptsOnly { get; init; }

    /// <summary>What stands between the steps of a response; nothing where it is given in tokens.</summary>
    public string StepSeparator { get; init; } = "\n";

    /// <summary>Where the labels of steps come from, where solutions are graded as a whole.</summary>
    public StepSource Steps { get; init; } = StepSource.Reference;
}

/// <summary>Where the labels of a solution's steps come from, where it is graded as a whole.</summary>
public enum StepSource
{
    /// <summary>
    /// Of a right solution all steps are right. A wrong one is right up to the first step that comes to a number which neither the question
    /// nor the reference solution has, else up to its last step: a rule that is cheap and wrong at times, as where a solution goes another way.
    /// </summary>
    Reference,

    /// <summary>All steps have the grade of the whole: outcome supervision (Cobbe et al. 2021, arXiv:2110.14168).</summary>
    Outcome,
}

/// <summary>Which pairs are made of several responses to a prompt; two that are equally good are never one.</summary>
public enum Pairing
{
    /// <summary>Any two.</summary>
    All,

    /// <summary>Each with those of the next rank below its own.</summary>
    Adjacent,

    /// <summary>The best with the worst, one pair a prompt; the first of several that are equally good.</summary>
    BestWorst,
}

/// <summary>
/// The keys (of a CSV file: columns) of a record. A name given here must be there; null means the usual name, where the
/// records have it.
/// </summary>
public sealed record PairColumns
{
    /// <summary>
    /// The prompt: a text or a list of messages. Usual: <c>prompt</c>, <c>question</c>, <c>problem</c>, <c>instruction</c>
    /// or <c>conversations</c>.
    /// </summary>
    public string? Prompt { get; init; }

    /// <summary>The better response, or the whole conversation with it. Usual: <c>chosen</c>.</summary>
    public string? Chosen { get; init; }

    /// <summary>The worse response. Usual: <c>rejected</c>.</summary>
    public string? Rejected { get; init; }

    /// <summary>
    /// By how much the chosen response is better. Usual: <c>margin</c>, or the difference of <c>score_chosen</c> and
    /// <c>score_rejected</c>, where equal scores are a tie.
    /// </summary>
    public string? Margin { get; init; }

    /// <summary>
    /// Of a pair, the probability, in [0, 1], that the chosen response is better: 0.5 is a tie, and below it the two change
    /// places; usual: <c>soft_label</c>. Of a single response, whether it is good: true, false, 1 or 0; usual: <c>label</c>. Of a
    /// response in steps, the list of whether each is right, or how probably; null for one that has no label; usual: <c>labels</c>.
    /// </summary>
    public string? Label { get; init; }

    /// <summary>Whether neither is better: true, false, 1 or 0. Usual: <c>tie</c>.</summary>
    public string? Tie { get; init; }

    /// <summary>
    /// One of several responses to the prompt: of a record, or of a record's list of responses. Usual: <c>response</c>,
    /// <c>completion</c>, or, for the whole conversation, <c>messages</c>; in a list also <c>answer</c>, <c>text</c>,
    /// <c>content</c> or <c>output</c>.
    /// </summary>
    public string? Response { get; init; }

    /// <summary>
    /// The response's score, higher for better, or the list of the responses' scores. Usual: <c>score</c>; with a list also
    /// <c>scores</c>, <c>overall_score</c>, <c>rating</c>, <c>ratings</c> or <c>reward</c>.
    /// </summary>
    public string? Score { get; init; }

    /// <summary>
    /// The list of responses to the prompt, or, with a list of labels, of one response's steps. Usual: <c>responses</c>,
    /// <c>completions</c> or <c>answers</c>.
    /// </summary>
    public string? Responses { get; init; }

    /// <summary>
    /// The rank of a response in the list, 1 for the best, or the list of the ranks. Usual: <c>rank</c> or <c>ranks</c>.
    /// </summary>
    public string? Rank { get; init; }
}
