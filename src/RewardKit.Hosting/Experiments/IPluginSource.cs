using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Experiments;

/// <summary>Where an experiment's plugins come from.</summary>
public interface IPluginSource
{
    /// <summary>Makes a loss with its options bound and checked.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    ILoss CreateLoss(PluginUse use);

    /// <summary>Makes an augmenter with its options bound and checked.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    IAugmenter CreateAugmenter(PluginUse use);

    /// <summary>Makes an evaluator with its options bound and checked.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    IEvaluator CreateEvaluator(PluginUse use);

    /// <summary>Makes a scorer composer with its options bound and checked.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    IScorerComposer CreateComposer(PluginUse use);

    /// <summary>Makes a decoder with its options bound and checked.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    IDecoder CreateDecoder(PluginUse use);

    /// <summary>Makes a weight merger with its options bound and checked.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    IWeightMerger CreateMerger(PluginUse use);

    /// <summary>The use with all of the plugin's options: those it sets, and the defaults of the others.</summary>
    /// <exception cref="RewardKitException">Unknown id, or an option that is unknown or out of range.</exception>
    PluginUse Complete(PluginUse use);

    /// <summary>What the plugin's manifest says of it.</summary>
    /// <exception cref="RewardKitException">Unknown id.</exception>
    PluginDescription Describe(PluginUse use);

    /// <summary>A hash of what the plugin is made of: another build, another hash.</summary>
    string ContentHash(PluginUse use);
}
