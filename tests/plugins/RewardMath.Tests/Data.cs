namespace RewardKit.Plugins.RewardMath.Tests;

/// <summary>A file for the time of a test, and where the copied ones lie.</summary>
public sealed class Data : IDisposable
{
    public static readonly string Folder = System.IO.Path.Combine(TestContext.CurrentContext.TestDirectory, "data");

    public Data(string text) => File.WriteAllText(Path, text);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.json");

    public void Dispose() => File.Delete(Path);
}
