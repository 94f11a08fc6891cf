using RewardKit.Models.Templates;

namespace RewardKit.Models.Tests.Templates;

public class JinjaFuzzTests
{
    private static readonly string[] Pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "|", ".", ",", ":", "=", "~", "*", "**", "//", "%",
        " if ", " else ", " for x in messages ", " in ", " not ", " is ", " and ", "{% endif %}", "{% endfor %}", "{% set x = x ~ x %}", "{% raw %}",
        "{% macro f(x) %}", "{% endmacro %}", "{{ f(f) }}", "range(99999)", "loop.last", "messages", "x", "none", "1", "-1", "9223372036854775807", "1e308",
        "* 99999999", "| tojson", "| sort", "| join", "| list", "| reverse", "[::-1]", "[-1]", "[:0:-1]", ".items()", ".split()", "\n", "\r\n", "\0", "\ud800", "é", "😀",
    ];

    // Whatever strangers write ends in a text or in the refusal, and soon.
    [Test]
    public void Three_thousand_broken_templates_give_a_text_or_the_refusal()
    {
        var random = new Random(7);
        var names = ChatTemplateCases.Templates.Keys.ToArray();
        var conversations = ChatTemplateCases.Conversations.Values.ToArray();
        var (texts, refusals) = (0, 0);
        for (var i = 0; i < 3000; i++)
        {
            var name = names[random.Next(names.Length)];
            var source = Mutated(ChatTemplateCases.Templates[name].Source, random);
            try
            {
                var text = JinjaTemplate.Parse(source, name).Render(ChatTemplateCases.Values(name, conversations[random.Next(conversations.Length)], random.Next(2) == 0));
                Assert.That(text, Has.Length.LessThanOrEqualTo(1 << 23));
                texts++;
            }
            catch (RewardKitException e)
            {
                Assert.That(e.Message, Does.Match($"^{name}: chat template, line [0-9]+: "));
                refusals++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Template {i}, {e}:\n{source}");
            }
        }
        Assert.That(texts, Is.GreaterThan(300));
        Assert.That(refusals, Is.GreaterThan(300));
    }

    private static string Mutated(string source, Random random)
    {
        for (var count = random.Next(1, 5); count > 0; count--)
        {
            var at = random.Next(source.Length + 1);
            var length = Math.Min(random.Next(1, 12), source.Length - at);
            source = random.Next(5) switch
            {
                0 => source.Remove(at, length),
                1 => source.Insert(at, source.Substring(at, length)),
                2 => source.Insert(random.Next(source.Length + 1), source.Substring(at, length)),
                3 => source[..at],
                _ => source.Insert(at, Pieces[random.Next(Pieces.Length)]),
            };
        }
        return source;
    }
}
