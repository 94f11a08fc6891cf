namespace RewardKit.Models.Tokenization;

/// <summary>Two responses in one text, as tokens.</summary>
/// <param name="InOrder">The text with the first response in the first place.</param>
/// <param name="Exchanged">The text with the two exchanged.</param>
/// <param name="Context">The turns before them, after any cut.</param>
/// <param name="First">The first response, after any cut.</param>
/// <param name="Second">The second response.</param>
public sealed record EncodedPair(int[] InOrder, int[] Exchanged, EncodedText Context, EncodedText First, EncodedText Second);
