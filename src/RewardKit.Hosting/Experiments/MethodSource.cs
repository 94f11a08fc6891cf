using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Experiments;

/// <summary>Where an experiment's methods come from: plugins are made anew for each use, a script's own are there already.</summary>
internal sealed class MethodSource(IPluginSource plugins)
{
    public ILoss CreateLoss(MethodUse use) => use is InlineUse own ? (ILoss)own.Method : plugins.CreateLoss((PluginUse)use);

    public IAugmenter CreateAugmenter(MethodUse use) =>
        use is InlineUse own ? (IAugmenter)own.Method : plugins.CreateAugmenter((PluginUse)use);

    public IEvaluator CreateEvaluator(MethodUse use) =>
        use is InlineUse own ? (IEvaluator)own.Method : plugins.CreateEvaluator((PluginUse)use);

    public IScorerComposer CreateComposer(MethodUse use) =>
        use is InlineUse own ? (IScorerComposer)own.Method : plugins.CreateComposer((PluginUse)use);

    public IDecoder CreateDecoder(MethodUse use) => use is InlineUse own ? (IDecoder)own.Method : plugins.CreateDecoder((PluginUse)use);

    public IWeightMerger CreateMerger(MethodUse use) => use is InlineUse own ? (IWeightMerger)own.Method : plugins.CreateMerger((PluginUse)use);

    /// <summary>The use with every option spelled out.</summary>
    public MethodUse Complete(MethodUse use) => use is PluginUse plugin ? plugins.Complete(plugin) : use;

    /// <summary>What a plugin's manifest says of it; null for the script's own.</summary>
    public PluginDescription? Describe(MethodUse use) => use is PluginUse plugin ? plugins.Describe(plugin) : null;

    /// <summary>A hash of what the method is made of.</summary>
    public string ContentHash(MethodUse use) => use is InlineUse own ? own.ContentHash : plugins.ContentHash((PluginUse)use);
}
