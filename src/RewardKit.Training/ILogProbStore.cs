namespace RewardKit.Training;

/// <summary>Log-probabilities that one model gives, by the content of what was computed together.</summary>
public interface ILogProbStore
{
    /// <summary>What was computed for this content; null if nothing was.</summary>
    /// <param name="content">Identifies the tokens, and how they were computed.</param>
    float[]? Find(byte[] content);

    /// <summary>Keeps what was computed.</summary>
    /// <param name="content">Identifies the tokens, and how they were computed.</param>
    /// <param name="logProbs">The numbers.</param>
    void Keep(byte[] content, float[] logProbs);
}
