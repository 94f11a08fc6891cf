namespace RewardKit.Plugins.ReWordBench;

/// <summary>A row's three texts.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Chosen">The better response.</param>
/// <param name="Rejected">The worse response.</param>
public readonly record struct Texts(string Prompt, string Chosen, string Rejected)
{
    /// <summary>Each of them changed by the same rule.</summary>
    /// <param name="change">The rule.</param>
    public Texts Each(Func<string, string> change) => new(change(Prompt), change(Chosen), change(Rejected));

    /// <summary>The two responses changed by the same rule.</summary>
    /// <param name="change">The rule.</param>
    public Texts Responses(Func<string, string> change) => this with { Chosen = change(Chosen), Rejected = change(Rejected) };
}

/// <summary>What a row is about, as far as it decides which transformations keep its right ranking.</summary>
public enum RowKind
{
    /// <summary>Text.</summary>
    Prose,

    /// <summary>Text; the prompt asks for what should be refused, and the chosen response refuses.</summary>
    UnsafeRequest,

    /// <summary>Solutions of mathematical problems: <c>\boxed</c> in the chosen one, an answer below a heading in the rejected one.</summary>
    Math,

    /// <summary>Programs in Python.</summary>
    Python,

    /// <summary>Programs in another language.</summary>
    OtherCode,
}

/// <summary>The rows that a transformation applies to.</summary>
public enum Scope
{
    /// <summary>All.</summary>
    All,

    /// <summary>All but code.</summary>
    NotCode,

    /// <summary>All but code and mathematics.</summary>
    Prose,

    /// <summary>Requests that should be refused.</summary>
    UnsafeRequests,

    /// <summary>Mathematics.</summary>
    Math,

    /// <summary>Python.</summary>
    Python,
}

/// <summary>A change of a row that leaves the right ranking as it is.</summary>
/// <param name="Name">Its name in the reports.</param>
/// <param name="Scope">The rows that it applies to.</param>
/// <param name="Apply">The change; null where the row has not the form that it needs. Null itself where text must be generated.</param>
/// <param name="MustStaySimilar">Whether a row counts only if each text stays similar to the original.</param>
public sealed record Transformation(string Name, Scope Scope, Func<Texts, Random, Texts?>? Apply, bool MustStaySimilar = false)
{
    /// <summary>Whether it applies to rows of a kind.</summary>
    /// <param name="kind">The kind.</param>
    public bool AppliesTo(RowKind kind) => Scope switch
    {
        Scope.All => true,
        Scope.NotCode => kind is not (RowKind.Python or RowKind.OtherCode),
        Scope.Prose => kind is RowKind.Prose or RowKind.UnsafeRequest,
        Scope.UnsafeRequests => kind is RowKind.UnsafeRequest,
        Scope.Math => kind is RowKind.Math,
        _ => kind is RowKind.Python,
    };
}
