using System.Text;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>
/// Writes a Python program with no more blanks, comments and letters than it needs: one blank an indentation, none around
/// operators, short names for local variables. It goes by tokens, not by grammar: a name that might mean something elsewhere
/// (in the prompt, as attribute, keyword, parameter, function or within an f-string) stays.
/// </summary>
public static partial class PythonMinifier
{
    private static readonly HashSet<string> Keywords =
    [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
        "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];

    // With these, a variable's name is part of what the program does.
    private static readonly HashSet<string> Reflection = ["locals", "globals", "vars", "eval", "exec", "dir"];

    private enum Kind { Name, Number, Text, Operator }

    private readonly record struct Token(Kind Kind, string Text)
    {
        public bool IsName => Kind == Kind.Name && !Keywords.Contains(Text);

        public bool Is(string text) => Kind is Kind.Operator or Kind.Name && Text == text;
    }

    private sealed record Line(int Level, List<Token> Tokens);

    /// <summary>Minifies a program.</summary>
    /// <param name="program">The program, or the body of a function whose head the prompt has.</param>
    /// <param name="prompt">The prompt: what it names keeps its name.</param>
    /// <returns>The program; null where the text is not Python, as far as its tokens tell.</returns>
    public static string? Minify(string program, string prompt)
    {
        if (Read(program) is not { } lines) return null;
        var names = ShortNames(lines, prompt);
        var result = new StringBuilder();
        foreach (var (level, tokens) in lines)
        {
            result.Append(' ', level);
            var last = ' ';
            foreach (var token in tokens)
            {
                var text = token.Kind == Kind.Name && names.TryGetValue(token.Text, out var other) ? other : token.Text;
                // Two words need a blank between them, and so do a number and the dot of an attribute.
                if (IsWord(last) && (IsWord(text[0]) || (char.IsDigit(last) && text[0] == '.'))) result.Append(' ');
                result.Append(text);
                last = text[^1];
            }
            result.Append('\n');
        }
        return result.ToString().TrimEnd('\n');
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    // Logical lines with their depth of indentation; null for an open string or bracket, or an indentation that fits none.
    private static List<Line>? Read(string program)
    {
        var text = program.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd() + "\n";
        var lines = new List<Line>();
        var widths = new Stack<int>([0]);
        List<Token> tokens = [];
        var (at, brackets, begins) = (0, 0, true);
        while (at < text.Length)
        {
            if (begins)
            {
                var width = 0;
                for (; text[at] is ' ' or '\t'; at++) width = text[at] == '\t' ? (width / 8 + 1) * 8 : width + 1;
                if (text[at] is '\n' or '#')
                {
                    at = text.IndexOf('\n', at) + 1;
                    continue;
                }
                if (width > widths.Peek()) widths.Push(width);
                while (width < widths.Peek()) widths.Pop();
                if (width != widths.Peek()) return null;
                begins = false;
            }
            var c = text[at];
            if (c == '\n' && brackets == 0)
            {
                lines.Add(new(widths.Count - 1, tokens));
                (tokens, begins) = ([], true);
                at++;
            }
            else if (c is ' ' or '\t' or '\n') at++;
            else if (c == '#') at = text.IndexOf('\n', at);
            else if (c == '\\' && text[at + 1] == '\n') at += 2;
            else
            {
                if (TokenAt(text, at) is not { } token) return null;
                tokens.Add(token);
                at += token.Text.Length;
                if (token.Kind == Kind.Operator) brackets += token.Text switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
                if (brackets < 0) return null;
            }
        }
        return brackets == 0 && lines.Count > 0 ? lines : null;
    }

    private static Token? TokenAt(string text, int at)
    {
        var open = StringStart().Match(text, at);
        if (open.Success)
        {
            var quote = open.Groups["quote"].Value;
            for (var i = at + open.Length; i + quote.Length <= text.Length; i++)
            {
                if (text[i] == '\\') i++;
                else if (text[i] == '\n' && quote.Length == 1) return null;
                else if (string.CompareOrdinal(text, i, quote, 0, quote.Length) == 0) return new(Kind.Text, text[at..(i + quote.Length)]);
            }
            return null;
        }
        foreach (var (pattern, kind) in new[] { (Number(), Kind.Number), (Name(), Kind.Name), (Operator(), Kind.Operator) })
            if (pattern.Match(text, at) is { Success: true } match) return new(kind, match.Value);
        return null;
    }

    private static Dictionary<string, string> ShortNames(List<Line> lines, string prompt)
    {
        Token[] all = [.. lines.SelectMany(l => l.Tokens)];
        if (all.Any(t => t.Kind == Kind.Name && Reflection.Contains(t.Text))) return [];
        HashSet<string> kept = [.. Word().Matches(prompt).Select(m => m.Value)];
        // In an f-string a name may stand anywhere.
        kept.UnionWith(all.Where(t => t.Kind == Kind.Text).SelectMany(t => t.Text[..t.Text.IndexOfAny(['"', '\''])].Contains('f', StringComparison.OrdinalIgnoreCase)
            ? Word().Matches(t.Text).Select(m => m.Value) : []));
        foreach (var line in lines) kept.UnionWith(Public(line));
        string[] local = [.. lines.Where(l => l.Level > 0).SelectMany(l => Bound(l.Tokens)).Distinct().Where(n => !kept.Contains(n) && !n.StartsWith("__", StringComparison.Ordinal))];
        HashSet<string> taken = [.. Keywords, .. kept, .. all.Where(t => t.Kind == Kind.Name).Select(t => t.Text)];
        var free = Free().Where(name => !taken.Contains(name)).GetEnumerator();
        var names = new Dictionary<string, string>();
        foreach (var name in local)
        {
            free.MoveNext();
            names[name] = free.Current;
        }
        return names;
    }

    private static IEnumerable<string> Free()
    {
        for (var i = 0; ; i++)
        {
            var name = "";
            for (var rest = i; rest >= 0; rest = rest / 26 - 1) name = (char)('a' + rest % 26) + name;
            yield return name;
        }
    }

    // Names by which others may know something: attributes, keywords, calls, parameters, classes, whatever is bound outside functions.
    private static IEnumerable<string> Public(Line line)
    {
        var (_, tokens) = line;
        var depth = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind == Kind.Operator) depth += tokens[i].Text switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
            if (!tokens[i].IsName) continue;
            var (before, after) = (i > 0 ? tokens[i - 1] : default, i + 1 < tokens.Count ? tokens[i + 1] : default);
            if (before.Is(".") || after.Is("(") || (depth > 0 && after.Is("="))) yield return tokens[i].Text;
        }
        if (tokens.Any(t => t.Is("def") || t.Is("class") || t.Is("global") || t.Is("nonlocal") || t.Is("import")))
            foreach (var token in tokens.Where(t => t.IsName)) yield return token.Text;
        if (line.Level == 0)
            foreach (var name in Bound(tokens)) yield return name;
    }

    // Names that a line gives a value: a, (b, c) = …; d: int = …; for e in …; … as f; g := …
    private static IEnumerable<string> Bound(List<Token> tokens)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind == Kind.Operator) depth += tokens[i].Text switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
            if (tokens[i].Is("=") && depth == 0)
            {
                foreach (var name in Targets(tokens[start..i])) yield return name;
                start = i + 1;
            }
            else if (tokens[i].Is("for"))
            {
                var end = tokens.FindIndex(i, t => t.Is("in"));
                if (end > 0)
                    foreach (var name in Targets(tokens[(i + 1)..end])) yield return name;
            }
            else if (tokens[i].Is("as") && i + 1 < tokens.Count && tokens[i + 1].IsName) yield return tokens[i + 1].Text;
            else if (i > 0 && tokens[i].Is(":=")) yield return tokens[i - 1].Text;
        }
    }

    private static IEnumerable<string> Targets(List<Token> tokens)
    {
        if (tokens is [{ IsName: true }, var colon, ..] && colon.Is(":")) return [tokens[0].Text];
        var plain = tokens.All(t => t.IsName || t.Is(",") || t.Is("(") || t.Is(")") || t.Is("[") || t.Is("]") || t.Is("*"))
            && !tokens.Zip(tokens.Skip(1)).Any(pair => (pair.First.IsName || pair.First.Is(")") || pair.First.Is("]")) && (pair.Second.Is("[") || pair.Second.Is("(")));
        return plain ? tokens.Where(t => t.IsName).Select(t => t.Text) : [];
    }

    [GeneratedRegex("""\G[rRbBuUfF]{0,2}(?<quote>\"\"\"|'''|"|')""")]
    private static partial Regex StringStart();

    [GeneratedRegex(@"\G(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?[jJ]?)")]
    private static partial Regex Number();

    [GeneratedRegex(@"\G[\p{L}_]\w*")]
    private static partial Regex Name();

    [GeneratedRegex(@"\G(?:\*\*=|//=|>>=|<<=|\.\.\.|\*\*|//|>>|<<|<=|>=|==|!=|->|:=|\+=|-=|\*=|/=|%=|&=|\|=|\^=|@=|[-+*/%@&|^~<>()\[\]{},:.;=!])")]
    private static partial Regex Operator();

    [GeneratedRegex(@"[\p{L}_]\w*")]
    private static partial Regex Word();
}
