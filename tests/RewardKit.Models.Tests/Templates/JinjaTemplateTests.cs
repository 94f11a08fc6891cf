using System.Text.Json;
using RewardKit.Models.Templates;

namespace RewardKit.Models.Tests.Templates;

// The expected texts are those of Jinja2 3.1.6, set up as transformers does it.
public class JinjaTemplateTests
{
    private const string Values = """
        {"s": "Hello, World", "sp": " a b \n", "n": null, "t": true, "i": 7, "x": 2.5, "l": [3, 1, 2], "el": [], "d": {"a": 1, "b": "two"}, "u": "é😀x", "m": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo", "calls": [{"f": "g"}]}], "kd": {"items": "mine"}}
        """;

    private static string Render(string template) => JinjaTemplate.Parse(template, "test")
        .Render(JsonDocument.Parse(Values).RootElement.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, (object?)p.Value)));

    [TestCase("{{ n }} {{ t }} {{ i }} {{ x }}", "None True 7 2.5")]
    [TestCase("{{ [n, 'a', \"it's\", 'say \"it\\'s\"', 1.0, (1,), ()] }}", "[None, 'a', \"it's\", 'say \"it\\'s\"', 1.0, (1,), ()]")]
    [TestCase("{{ d }}{{ {} }}", "{'a': 1, 'b': 'two'}{}")]
    [TestCase("{{ ['\\n\\t\\\\', '\\x01', 'é😀', '\\u200b'] }}", "['\\n\\t\\\\', '\\x01', 'é😀', '\\u200b']")]
    [TestCase("{{ 1e16 }} {{ 1e15 }} {{ 1.5e-5 }} {{ 0.0001 }} {{ 0.1 + 0.2 }} {{ 100.0 }}", "1e+16 1000000000000000.0 1.5e-05 0.0001 0.30000000000000004 100.0")]
    [TestCase("{{ missing }}[{{ m[0].missing }}]", "[]")]
    [TestCase("{{ 1, 2 }}", "(1, 2)")]
    public void Values_print_as_Python_prints_them(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ -7.5 % 2 }}", "3 -4 -4 2 -2 0.5")]
    [TestCase("{{ 10 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}", "5.0 1024 0.5 64 4")]
    [TestCase("{{ 2 * 3 ~ 4 }} {{ 'a' ~ 1 ~ none ~ missing }} {{ 'ab' * 2 }} {{ [1] * 2 + [3] }}", "64 a1None abab [1, 1, 3]")]
    [TestCase("{{ 1_000 + 0 }} {{ - 5 | abs }} {{ true + 1 }}", "1000 5 2")]
    public void Arithmetic_is_Pythons(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ [1] == (1,) }} {{ none == missing }}", "True True False False False")]
    [TestCase("{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }}", "True False True True")]
    [TestCase("{{ 'ell' in s }} {{ 1 in l }} {{ 'a' in d }} {{ 9 not in l }} {{ 'x' in missing }}", "True True True True False")]
    [TestCase("{{ 0 or 'b' }} {{ 'a' and '' }} {{ not el }} {{ none or missing or 3 }}", "b  True 3")]
    [TestCase("{{ 'a' if t else 'b' }} {{ 'a' if el }} {{ 1 if el else 2 if n else 3 }}", "a  3")]
    public void Comparisons_and_logic_are_Pythons(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ d.a }}{{ d['b'] }}{{ m[0].role }}{{ m[-1]['content'] }}{{ m.0.role }}{{ l.1 }}", "1twouserYouser1")]
    [TestCase("{{ kd.items() | list }} {{ kd['items'] }}", "[('items', 'mine')] mine")]
    [TestCase("{{ u[1] }} {{ u[-1] }} {{ u[::-1] }} {{ u | length }}", "😀 x x😀é 3")]
    [TestCase("{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ s[7:] }} {{ s[10:2:-3] }} {{ (1, 2, 3)[1:] }}", "[1, 2] [3, 1] [2, 1, 3] World lWo (2, 3)")]
    [TestCase("{{ d.get('a') }} {{ d.get('z') }} {{ d.get('z', 0) }} {{ d.keys() | list }} {{ d.values() | list }}", "1 None 0 ['a', 'b'] [1, 'two']")]
    [TestCase("[{{ l[9] }}{{ s.nothing }}{{ d.__class__ }}]", "[]")]
    public void Attributes_items_and_slices(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ s.upper() }} {{ s.lower() }} {{ 'a bC'.title() }} {{ 'aBC'.capitalize() }}", "HELLO, WORLD hello, world A Bc Abc")]
    [TestCase("{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ sp.split() }} {{ sp.split(none, 1) }}", "['a', 'b', 'c'] ['a', 'b,c'] ['a,b', 'c'] ['a', 'b'] ['a', 'b \\n']")]
    [TestCase("[{{ sp.strip() }}] [{{ sp.lstrip() }}] [{{ sp.rstrip() }}] {{ 'xxaxx'.strip('x') }}", "[a b] [a b \n] [ a b] a")]
    [TestCase("{{ s.startswith('He') }} {{ s.endswith(('x', 'ld')) }} {{ s.find('W') }} {{ s.count('l') }} {{ u.find('x') }}", "True True 7 3 2")]
    [TestCase("{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 1) }} {{ 'ab'.replace('', '-') }} {{ '-'.join(['a', 'b']) }}", "HeLLo, WorLd HeLlo, World -a-b- a-b")]
    [TestCase("{{ s.partition(', ') }} {{ s.removeprefix('Hello') }} {{ '12'.isdigit() }} {{ 'a\\nb'.splitlines() }}", "('Hello', ', ', 'World') , World True ['a', 'b']")]
    public void String_methods(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("[{{ sp | trim }}] {{ s | upper }} {{ s | lower }} {{ 'hELLO' | capitalize }} {{ \"bill's-friend (x)\" | title }}", "[a b] HELLO, WORLD hello, world Hello Bill's-Friend (X)")]
    [TestCase("{{ s | replace('l', '') }} {{ s | replace('l', 'L', 1) }} {{ 5 | string }} {{ s | first }}{{ s | last }}{{ 'abc' | reverse }}", "Heo, Word HeLlo, World 5 Hdcba")]
    [TestCase("{{ 'a\\nb\\n\\nc' | indent }} {{ 'a\\nb' | indent(2, true) }} {{ 'a\\nb' | indent('> ') }}", "a\n    b\n\n    c   a\n  b a\n> b")]
    [TestCase("{{ '3.7' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ 'ff' | int(base=16) }} {{ '1.5' | float }} {{ 'x' | float(2.0) }}", "3 0 5 255 1.5 2.0")]
    [TestCase("{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 0.125 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 42 | round }}", "2.0 4.0 2.67 0.12 3.0 42")]
    [TestCase("{{ missing | default('d') }} {{ '' | default('d') }} {{ '' | default('d', true) }} {{ none | d('d') }}", "d  d None")]
    public void Filters_of_text_and_numbers(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ l | sort }} {{ l | sort(reverse=true) }} {{ ['b', 'A'] | sort }} {{ l | first }} {{ l | last }} {{ l | sum }} {{ l | min }} {{ l | max }}", "[1, 2, 3] [3, 2, 1] ['A', 'b'] 3 2 6 1 3")]
    [TestCase("{{ l | join(', ') }} {{ m | map(attribute='role') | join('|') }} {{ m | map(attribute='calls.0.f', default='-') | list }} {{ ['a'] | map('upper') | list }}", "3, 1, 2 user|assistant ['-', 'g'] ['A']")]
    [TestCase("{{ m | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }} {{ m | rejectattr('calls') | list | length }} {{ m | selectattr('calls', 'defined') | list | length }}", "['Hi'] 1 1")]
    [TestCase("{{ [0, 1, 2, 3] | select('odd') | list }} {{ [0, 1] | reject | list }} {{ ['a', 'A', 'b'] | unique | list }} {{ [1, 2, 3] | batch(2, 0) | list }}", "[1, 3] [0] ['a', 'b'] [[1, 2], [3, 0]]")]
    [TestCase("{{ {'b': 1, 'a': 2} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ d | items | list }} {{ l | reverse | list }} {{ 'ab' | list }}", "[('a', 2), ('b', 1)] [('b', 1), ('a', 2)] [('a', 1), ('b', 'two')] [2, 1, 3] ['a', 'b']")]
    public void Filters_of_sequences(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ d | tojson }} {{ m | tojson }}", "{\"a\": 1, \"b\": \"two\"} [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Yo\", \"calls\": [{\"f\": \"g\"}]}]")]
    [TestCase("{{ {'a': [1, {}, []], 'b': none} | tojson(indent=2) }}", "{\n  \"a\": [\n    1,\n    {},\n    []\n  ],\n  \"b\": null\n}")]
    [TestCase("{{ 'é<>&\"/\\n\\x7f' | tojson }} {{ 'é😀' | tojson(ensure_ascii=true) }} {{ {'b': 1, 'a': 1.0} | tojson(sort_keys=true, separators=(',', ':')) }}", "\"é<>&\\\"/\\n\" \"\\u00e9\\ud83d\\ude00\" {\"a\":1.0,\"b\":1}")]
    public void Json_is_transformers(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{{ i is defined }} {{ zz is defined }} {{ zz is undefined }} {{ n is none }} {{ n is not none }}", "True False True True False")]
    [TestCase("{{ s is string }} {{ d is mapping }} {{ l is iterable }} {{ s is iterable }} {{ i is number }} {{ t is number }} {{ t is integer }} {{ x is float }} {{ t is boolean }} {{ l is sequence }}", "True True True True True True False True True True")]
    [TestCase("{{ i is odd }} {{ i is even }} {{ 6 is divisibleby 3 }} {{ t is true }} {{ 1 is true }} {{ i is eq 7 }} {{ i is gt 5 }} {{ i is in [7] }} {{ n is sameas none }} {{ 'a' is lower }} {{ range is callable }}", "True False True True False True True True True True True")]
    public void Tests_of_values(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{% for a in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}", "103TrueFalse31;212FalseFalse332;321FalseTrue31;")]
    [TestCase("{% for a in el %}x{% else %}none{% endfor %}", "none")]
    [TestCase("{% for a in l if a > 1 %}{{ a }}{{ loop.length }}{{ loop.last }}{% else %}q{% endfor %}", "32False22True")]
    [TestCase("{% for k, v in d.items() %}{{ k }}={{ v }},{% endfor %}", "a=1,b=two,")]
    [TestCase("{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123")]
    [TestCase("{% for a in l %}{% if a == 1 %}{% continue %}{% endif %}{{ a }}{% endfor %}", "32")]
    [TestCase("{% for a in l %}{% if a == 1 %}{% break %}{% endif %}{{ a }}{% else %}E{% endfor %}", "3")]
    [TestCase("{% for a in l %}{{ loop.cycle('x', 'y') }}{% endfor %}", "xyx")]
    [TestCase("{% for c in u %}[{{ c }}]{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for z in missing %}z{% endfor %}", "[é][😀][x]ab")]
    [TestCase("{% for r in range(1, 7, 2) %}{{ r }}{% endfor %}", "135")]
    public void Loops(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{% set v = 1 %}{% for a in l %}{% set v = v + 1 %}{{ v }}{% endfor %}{{ v }}", "2221")]
    [TestCase("{% set ns = namespace(v=1) %}{% for a in l %}{% set ns.v = ns.v + a %}{% endfor %}{{ ns.v }}", "7")]
    [TestCase("{% if t %}{% set q = 5 %}{% endif %}{{ q }}", "5")]
    [TestCase("{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}", "12(1, 2)")]
    [TestCase("{% set text %}hi {{ i }}{% endset %}[{{ text }}]{% set up | upper %}hi{% endset %}{{ up }}", "[hi 7]HI")]
    [TestCase("{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{% filter upper %}abc{% endfilter %}", "12ABC")]
    [TestCase("{{ dict(a=1, b=2) }} {{ namespace({'a': 3}).a }}", "{'a': 1, 'b': 2} 3")]
    [TestCase("{% set ns = namespace(found=false) %}{% for a in [1, 2, 3] if not ns.found %}{{ a }}{% set ns.found = a == 2 %}{% endfor %}", "12")]
    public void Names_and_scopes(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{% macro f(a, b=2, c=a) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(b=5, a=4) }} {{ f() }}", "1-2-1 1-3-1 4-5-4 -2-")]
    [TestCase("{% macro f() %}{{ q }}{% endmacro %}{% set q = 3 %}{{ f() }}", "3")]
    [TestCase("{% macro down(n) %}{% if n %}{{ n }}{{ down(n - 1) }}{% endif %}{% endmacro %}{{ down(3) }}", "321")]
    [TestCase("{% macro f() %}<{{ caller(5) }}>{% endmacro %}{% call(x) f() %}in{{ x }}{% endcall %}", "<in5>")]
    [TestCase("{% generation %}a{% set y = 1 %}{{ y }}{% endgeneration %}[{{ y }}]", "a1[]")]
    public void Macros(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [TestCase("{% if t %}\n  a\n{% endif %}\nb\n", "  a\nb")]
    [TestCase("  {% if t %}\n  a\n  {% endif %}\n  b\n\n", "  a\n  b\n")]
    [TestCase("x {% if t %} y {% endif %} z", "x  y  z")]
    [TestCase("  {%+ if t %}\n  a\n  {%- endif +%}\n  b", "    a\n  b")]
    [TestCase("{{ i }}\n{{ i }}\n", "7\n7")]
    [TestCase("a \n {{- i -}}  \n x", "a7x")]
    [TestCase("a \n {%- if t -%}  \n x {% endif %}", "ax ")]
    [TestCase("\r\n{% if t %}\r\na\r{% endif %}\r\n", "\na\n")]
    [TestCase("a\n  {# c #}\nb", "a\nb")]
    [TestCase("a {#- c -#} b", "ab")]
    [TestCase("a {%- raw -%} {{ x }} {% if %} {%- endraw -%} b", "a{{ x }} {% if %}b")]
    [TestCase("{% raw %}\n x\n {% endraw %}\n y", "\n x\n y")]
    [TestCase("{{ \"}}\" }}{{ {\"a\": {\"b\": 2}}[\"a\"][\"b\"] }}", "}}2")]
    [TestCase("{% for x in l -%}\n  {{ x }}\n{%- endfor %}", "312")]
    [TestCase("{% if n %}a{% elif t %}b{% else %}c{% endif %}", "b")]
    [TestCase("\n\n  {% if t %}x{% endif %}  \n\n", "\n\nx  \n")]
    [TestCase("{%if t%}a{%endif%}{{i}}", "a7")]
    public void White_space_goes_where_it_is_told(string template, string text) => Assert.That(Render(template), Is.EqualTo(text));

    [Test]
    public void Values_of_the_callers_come_through()
    {
        var text = JinjaTemplate.Parse("{{ a }} {{ b.c }} {{ d | join }} {{ e }}", "test").Render(new Dictionary<string, object?>
        {
            ["a"] = 1,
            ["b"] = new Dictionary<string, object?> { ["c"] = "x" },
            ["d"] = new[] { "y", "z" },
            ["e"] = 0.5,
        });

        Assert.That(text, Is.EqualTo("1 x yz 0.5"));
        Assert.That(() => JinjaTemplate.Parse("", "test").Render([new("a", new object())]), Throws.ArgumentException);
    }

    [Test]
    public void A_template_tells_the_same_day_every_day()
    {
        Assert.That(Render("{{ strftime_now('%d %b %Y, %A %B %%') }}"), Is.EqualTo("26 Jul 2024, Friday July %"));
    }
}
