using NUnit.Framework.Interfaces;

namespace RewardKit.Tests.Runner;

/// <summary>How the tests ended; those that failed are printed as they are counted.</summary>
internal sealed class Counts
{
    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    /// <summary>Why tests were skipped, and how many for that reason.</summary>
    public SortedDictionary<string, int> Reasons { get; } = new(StringComparer.Ordinal);

    public void Add(ITestResult result)
    {
        if (result.HasChildren)
        {
            // What fails around the tests of a fixture (its teardown, say) is a failure of no test.
            if (result.ResultState.Status == TestStatus.Failed && result.ResultState.Site is FailureSite.TearDown) Fail(result);
            foreach (var child in result.Children) Add(child);
        }
        else if (result.Test.IsSuite)
        {
            if (result.ResultState.Status == TestStatus.Failed) Fail(result);
        }
        else
        {
            switch (result.ResultState.Status)
            {
                case TestStatus.Passed or TestStatus.Warning:
                    Passed++;
                    break;
                case TestStatus.Failed:
                    Fail(result);
                    break;
                default:
                    Skipped++;
                    var reason = result.Message.Replace("OneTimeSetUp: ", "").Trim();
                    Reasons[reason] = Reasons.GetValueOrDefault(reason) + 1;
                    break;
            }
        }
    }

    private void Fail(ITestResult result)
    {
        Failed++;
        Console.WriteLine($"FAILED {result.FullName}\n{result.Message}\n{result.StackTrace}");
    }
}
