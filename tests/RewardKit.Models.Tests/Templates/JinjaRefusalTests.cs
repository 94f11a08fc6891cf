using RewardKit.Models.Templates;

namespace RewardKit.Models.Tests.Templates;

public class JinjaRefusalTests
{
    private static string Render(string template, params (string Name, object? Value)[] values) =>
        JinjaTemplate.Parse(template, "t.jinja").Render(values.Select(v => KeyValuePair.Create(v.Name, v.Value)));

    private static void IsRefused(string template, int line, string named) => Assert.That(
        () => Render(template),
        Throws.TypeOf<RewardKitException>().With.Message.StartsWith($"t.jinja: chat template, line {line}: ").And.Message.Contains(named)
            .And.Property(nameof(RewardKitException.ExitCode)).EqualTo(2));

    [TestCase("a\n{% include 'x' %}", 2, "'{% include %}'")]
    [TestCase("{% import 'x' as y %}", 1, "'{% import %}'")]
    [TestCase("{% block b %}{% endblock %}", 1, "'{% block %}'")]
    [TestCase("{% do x.append(1) %}", 1, "'{% do %}'")]
    [TestCase("{% for a in b recursive %}{% endfor %}", 1, "recursive loops")]
    [TestCase("\n\n{{ x | groupby('a') }}", 3, "the filter 'groupby'")]
    [TestCase("{{ x | attr('a') }}", 1, "the filter 'attr'")]
    [TestCase("{{ [x]\n | map('nosuch') | list }}", 2, "the filter 'nosuch'")]
    [TestCase("{{ x is escaped }}", 1, "the test 'escaped'")]
    [TestCase("{{ f(*x) }}", 1, "arguments with '*'")]
    [TestCase("{{ '%s' % 1 }}", 1, "formatting with '%'")]
    [TestCase("{{ '{}'.format(1) }}", 1, "'format'")]
    [TestCase("{{ '\\N{DASH}' }}", 1, "\\N{...}")]
    [TestCase("{{ x[1, 2] }}", 1, "several parts")]
    [TestCase("{{ strftime_now('%Q') }}", 1, "'%Q'")]
    [TestCase("{{ cycler('a') }}", 1, "'cycler' is undefined")]
    [TestCase("{{ range }}", 1, "a function cannot be printed")]
    [TestCase("{{ [1] | map('string') }}", 1, "a generator cannot be printed")]
    public void What_is_outside_the_subset_is_named_with_its_line(string template, int line, string named) => IsRefused(template, line, named);

    [TestCase("a\n{% if x %}\nb", 2, "'{% if %}' is not closed by '{% endif %}'")]
    [TestCase("{% for a in b %}{% if a %}{% endfor %}", 1, "'{% endfor %}' closes nothing")]
    [TestCase("{% else %}", 1, "closes nothing")]
    [TestCase("{% break %}", 1, "outside a loop")]
    [TestCase("{% for a in b %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}", 1, "outside a loop")]
    [TestCase("{{ x", 1, "not closed by '}}'")]
    [TestCase("\n{% if", 2, "not closed by '%}'")]
    [TestCase("{#", 1, "not closed by '#}'")]
    [TestCase("{% raw %}", 1, "'{% endraw %}'")]
    [TestCase("{{ 'abc }}", 1, "the string is not closed")]
    [TestCase("{{ (1 }}", 1, "unexpected '}'")]
    [TestCase("{{ 1) }}", 1, "unexpected ')'")]
    [TestCase("{{ }}", 1, "expected an expression")]
    [TestCase("{{ a $ }}", 1, "unexpected character '$'")]
    [TestCase("{{ '\\u12' }}", 1, "4 hexadecimal digits")]
    [TestCase("{{ a b }}", 1, "unexpected 'b'")]
    [TestCase("{% set true = 1 %}", 1, "'true' cannot be assigned to")]
    [TestCase("{% macro f(a=1, b) %}{% endmacro %}", 1, "'b' without a default")]
    [TestCase("{% %}", 1, "expected the name of a statement")]
    [TestCase("{{ f(a=1, a=2) }}", 1, "'a' is given twice")]
    [TestCase("{{ 99999999999999999999 }}", 1, "64 bits")]
    public void What_is_malformed_is_named_with_its_line(string template, int line, string named) => IsRefused(template, line, named);

    [TestCase("{{ x.y }}", 1, "'x' is undefined")]
    [TestCase("\n{{ {}.a.b }}", 2, "the dict has no 'a'")]
    [TestCase("{{ missing + 1 }}", 1, "'missing' is undefined")]
    [TestCase("{{ missing() }}", 1, "cannot be called")]
    [TestCase("{{ 1 + 'a' }}", 1, "'+' does not go with a int and a str")]
    [TestCase("{{ 1 < 'a' }}", 1, "no order")]
    [TestCase("{{ [1, 'a'] | sort }}", 1, "no order")]
    [TestCase("{{ 1 / 0 }}", 1, "division by zero")]
    [TestCase("{% for a in 5 %}{% endfor %}", 1, "no items")]
    [TestCase("{% set a, b = [1] %}", 1, "1 values for 2 names")]
    [TestCase("{% set x = {} %}{% set x.a = 1 %}", 1, "not a namespace")]
    [TestCase("{{ [].append(1) }}", 1, "'append' would change the list")]
    [TestCase("{{ {}.update({}) }}", 1, "'update' would change the dict")]
    [TestCase("{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", 1, "'f' takes 1 arguments, not 2")]
    [TestCase("{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", 1, "'f' has no argument 'b'")]
    [TestCase("{{ 'a' | trim(1, 2) }}", 1, "'trim' takes at most 1")]
    [TestCase("{{ 'a'.split('') }}", 1, "empty separator")]
    [TestCase("{{ missing | tojson }}", 1, "no form in JSON")]
    [TestCase("a\nb{{ raise_exception('No system turns here') }}", 2, "the template refuses it: No system turns here")]
    public void What_fails_on_the_values_is_named_with_its_line(string template, int line, string named) => IsRefused(template, line, named);

    // Python and .NET have doors to the rest of the process; here there is nothing behind them.
    [TestCase("{{ ''.__class__.__mro__ }}")]
    [TestCase("{{ [].__class__ }}{{ raise_exception.__globals__.os }}")]
    [TestCase("{{ range.__init__.__globals__ }}")]
    [TestCase("{{ x.GetType().Assembly }}")]
    [TestCase("{{ x['GetType']() }}")]
    [TestCase("{{ x | attr('GetType') }}")]
    [TestCase("{{ self.__init__ }}")]
    [TestCase("{{ lipsum() }}")]
    public void Nothing_but_the_given_values_can_be_reached(string template) =>
        Assert.That(() => Render(template, ("x", "text")), Throws.TypeOf<RewardKitException>());

    [TestCase("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "too much work")]
    [TestCase("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", "nested deeper")]
    [TestCase("{% set ns = namespace(x='ab') %}{% for a in range(1000) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "characters")]
    [TestCase("{% set ns = namespace(x='ab') %}{% for a in range(1000) %}{% set ns.x = ns.x | replace('a', 'aaaa') %}{% endfor %}", "characters")]
    [TestCase("{% set ns = namespace(x=[1]) %}{% for a in range(1000) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "too much work")]
    [TestCase("{% set ns = namespace(x=[1]) %}{% for a in range(1000) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", "nested deeper")]
    [TestCase("{% set ns = namespace(x=[1]) %}{% for a in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}", "characters")]
    [TestCase("{% set ns = namespace(x=1, y=1) %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}", "too much work")]
    [TestCase("{{ 'a' * 999999999 }}", "characters")]
    [TestCase("{{ [0] * 999999999 }}", "too much work")]
    [TestCase("{{ range(100001) }}", "at most 100,000")]
    [TestCase("{{ range(-9223372036854775807, 9223372036854775807) | length }}", "at most 100,000")]
    [TestCase("{{ 'a' | indent(999999999) }}", "characters")]
    [TestCase("{{ 'a' | batch(999999999, 'x') | list }}", "too much work")]
    [TestCase("{% for a in range(100000) %}{{ 'x' * 100 }}{% endfor %}", "characters")]
    [TestCase("{% set x = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' * 20000 %}{% for a in range(100000) %}{{ 'z' in x }}{% endfor %}", "too much work")]
    [TestCase("{{ 2 ** 64 }}", "64 bits")]
    public void Work_and_size_are_bounded(string template, string named) =>
        Assert.That(() => Render(template), Throws.TypeOf<RewardKitException>().With.Message.Contains(named));

    [Test]
    public void Depth_is_bounded()
    {
        string Times(string text) => string.Concat(Enumerable.Repeat(text, 50_000));

        Assert.Multiple(() =>
        {
            IsRefused("{{ " + Times("(") + "1" + Times(")") + " }}", 1, "nested deeper");
            IsRefused("{{ " + Times("[") + Times("]") + " }}", 1, "nested deeper");
            IsRefused("{{ " + Times("-") + "1 }}", 1, "nested deeper");
            IsRefused("{{ " + Times("not ") + "1 }}", 1, "nested deeper");
            IsRefused("{{ 1" + Times(" + 1") + " }}", 1, "nested deeper");
            IsRefused("{{ x" + Times("|trim") + " }}", 1, "nested deeper");
            IsRefused("{{ 1" + Times(" if 1 else 2") + " }}", 1, "nested deeper");
            IsRefused(Times("{% if 1 %}"), 1, "nested deeper");
            IsRefused("{% set " + Times("(") + "a" + Times(")") + " = 1 %}", 1, "nested deeper");
            Assert.That(() => Render(new string('x', JinjaTemplate.MaxSource + 1)), Throws.TypeOf<RewardKitException>().With.Message.Contains("at most"));
        });
    }

    [Test]
    public void A_long_conversation_is_well_within_the_bounds()
    {
        var messages = Enumerable.Range(0, 2000).Select(i => new Dictionary<string, object?> { ["role"] = i % 2 == 0 ? "user" : "assistant", ["content"] = new string('x', 1000) });

        var text = Render("{% for m in messages %}<|{{ m.role }}|>{{ '\\n' + m['content'] | trim + '\\n' }}{% endfor %}", ("messages", messages));

        Assert.That(text, Has.Length.EqualTo(2000 * 1002 + 1000 * (8 + 13)));
    }
}
