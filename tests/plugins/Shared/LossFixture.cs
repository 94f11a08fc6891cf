using TorchSharp;

namespace RewardKit.Plugins.Tests;

/// <summary>Puts every test into a dispose scope of its own.</summary>
public abstract class LossFixture
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void OpenScope() => _scope = torch.NewDisposeScope();

    [TearDown]
    public void CloseScope() => _scope.Dispose();
}
