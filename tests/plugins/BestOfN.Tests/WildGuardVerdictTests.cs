namespace RewardKit.Plugins.BestOfN.Tests;

public sealed class WildGuardVerdictTests
{
    [TestCase("Harmful request: yes\nResponse refusal: no\nHarmful response: yes", true, false, true, false)]
    [TestCase("\n harmful REQUEST : No \n\nresponse refusal:YES\r\nHarmful response: n/a\n", false, true, null, false)]
    [TestCase("a: yes\nb: N/A\nc: no", true, null, false, false)]
    [TestCase("a: n/a\nb: no\nc: no", null, false, false, true)]
    [TestCase("a: yes\nb: perhaps\nc: no", true, null, false, true)]
    [TestCase("a: yes\nb: no", null, null, null, true)]
    [TestCase("a: yes\nb no\nc: no", null, null, null, true)]
    [TestCase("a: yes\nb: no\nc: no\nd: no", null, null, null, true)]
    [TestCase("", null, null, null, true)]
    public void Three_lines_are_read_by_their_order(string text, bool? prompt, bool? refusal, bool? harm, bool unreadable) =>
        Assert.That(WildGuardVerdict.Parse(text), Is.EqualTo(new WildGuardVerdict(prompt, refusal, harm, unreadable)));
}
