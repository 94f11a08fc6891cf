namespace RewardKit.Hosting.Reports;

/// <summary>An arm has one colour all over the page; ten are told apart, then they begin anew.</summary>
internal static class Colour
{
    /// <summary>The attribute that sets <c>--ink</c> to the colour of the arm at a place in the experiment.</summary>
    public static Html Of(int arm) => Html.Of($""" style="--ink: var(--c{arm % 10})" """);
}
