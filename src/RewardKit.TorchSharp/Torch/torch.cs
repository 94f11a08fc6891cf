namespace TorchSharp;

/// <summary>
/// The functions of PyTorch's module <c>torch</c> under their own names, usually brought in with
/// <c>using static TorchSharp.torch;</c>.
/// </summary>
public static partial class torch
{
}
