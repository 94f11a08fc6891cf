namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class PythonMinifierTests
{
    [Test]
    public void Blanks_comments_and_local_names_go() => Assert.That(
        PythonMinifier.Minify(
            """
                # Sum of squares, and a "string # that is none".
                total = 0
                for index, value in enumerate(numbers):
                    if value > 0 and index % 2 == 0:
                        total += value ** 2   # squared

                names = {"a b": total,
                         'it\'s': -total}
                return names if total not in [1.5, 1e-5] else None
            """, "def f(numbers):"),
        Is.EqualTo(
            """
             a=0
             for b,c in enumerate(numbers):
              if c>0 and b%2==0:
               a+=c**2
             d={"a b":a,'it\'s':-a}
             return d if a not in[1.5,1e-5]else None
            """));

    [Test]
    public void What_others_may_know_a_name_by_keeps_it() => Assert.That(
        PythonMinifier.Minify(
            """
            import math as m
            LIMIT = 10
            def outer(items, key=None):
                count = len(items)
                size: int = 2
                label = f"{count} of {LIMIT}"
                first, *(second, third) = items
                box = lambda item: item + size
                box.width = third
                table = dict(second=third)
                table[first] = box(second)
                with open("x") as file, open("y") as handle: data = file.read()
                return sorted(items, key=key), label, m.pi, data, [entry for entry in table], handle
            """, ""),
        Is.EqualTo(
            """
            import math as m
            LIMIT=10
            def outer(items,key=None):
             count=len(items)
             a:int=2
             b=f"{count} of {LIMIT}"
             c,*(second,d)=items
             box=lambda item:item+a
             box.width=d
             e=dict(second=d)
             e[c]=box(second)
             with open("x")as g,open("y")as h:data=g.read()
             return sorted(items,key=key),b,m.pi,data,[i for i in e],h
            """));

    [Test]
    public void Names_of_the_prompt_stay_and_short_ones_are_not_taken_twice() => Assert.That(
        PythonMinifier.Minify("    a = s.strip()\n    s = a + b\n    result = s\n    return result", "def f(s):"),
        Is.EqualTo(" c=s.strip()\n s=c+b\n d=s\n return d"));

    [TestCase("    x = 'open\n    return x")]
    [TestCase("    x = (1\n    return x")]
    [TestCase("    x = 1)\n    return x")]
    [TestCase("        x = 1\n    y = 2\n      return x")]
    [TestCase("    x = '''\n    return x")]
    [TestCase("    cost = 3 $ 4")]
    [TestCase("")]
    public void What_is_not_Python_is_told(string program) => Assert.That(PythonMinifier.Minify(program, ""), Is.Null);

    [TestCase("x = 1 .real", "x=1 .real")]
    [TestCase("x = 'a' \\\n    'b'", "x='a''b'")]
    [TestCase("if x:\n\treturn 0x1f\n", "if x:\n return 0x1f")]
    [TestCase("x = \"\"\"a\n   b # c\n\"\"\"", "x=\"\"\"a\n   b # c\n\"\"\"")]
    [TestCase("def f():\n    value = 1\n    return locals()", "def f():\n value=1\n return locals()")]
    [TestCase("x = rb'\\'' if y else not f'{y}'", "x=rb'\\''if y else not f'{y}'")]
    public void Tokens_stay_apart_where_they_must(string program, string expected) => Assert.That(PythonMinifier.Minify(program, ""), Is.EqualTo(expected));
}
